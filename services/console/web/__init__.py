"""What all HTTP routes of the console share: guard, problems, sessions, paging, idempotency."""
