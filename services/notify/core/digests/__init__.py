"""Digests: calls over an officer's budget, put together into one call."""
