"""Dead letters on the screen of operators: what was refused, why, and what was done about it."""
