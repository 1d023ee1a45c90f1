"""Decisions of the command service: pure functions of values, with the time as an argument."""
