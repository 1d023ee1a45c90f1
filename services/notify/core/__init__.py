"""Pure decisions: who is called about what, for how long, and what an answer changes."""
