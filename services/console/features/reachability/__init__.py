"""Reachability of officers by channel."""
