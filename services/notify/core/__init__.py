"""Decisions of notify: pure, `now` is an argument."""
