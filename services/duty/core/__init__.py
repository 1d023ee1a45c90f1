"""Decisions about duty plans: pure, `now` is an argument."""
