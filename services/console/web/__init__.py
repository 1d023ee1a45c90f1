"""Shared by all HTTP routes of the console: guard, problems, sessions, paging, idempotency."""
