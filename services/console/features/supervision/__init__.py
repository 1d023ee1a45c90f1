"""Deadlines that are missed or near."""
