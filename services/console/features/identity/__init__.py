"""Signing in, passwords, and the account page."""
