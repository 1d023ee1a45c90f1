"""Decisions about the ledger: pure, `now` is an argument."""
