"""Supervision: deadlines that are missed or near."""
