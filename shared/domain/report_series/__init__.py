"""What reports of one incident say together: what has changed, and whether their numbers fit."""
