"""Pure rules of commands: who gets one, which step is legal, what is due when, what is counted."""
