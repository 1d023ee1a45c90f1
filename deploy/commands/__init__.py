"""Operators' commands: rules, plans, the console's API on the command line."""
