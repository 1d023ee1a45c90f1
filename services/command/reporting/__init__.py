"""Upward reports at the edge: the desk that applies records, its timers and its tables."""
