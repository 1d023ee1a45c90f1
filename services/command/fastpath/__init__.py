"""Faster ways to read and write the records of command; README.md says what each must equal."""
