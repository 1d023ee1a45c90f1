"""Duty plans: who is on when, what is left open, and the files people exchange. Pure."""
