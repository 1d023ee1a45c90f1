"""Readings that a sensor keeps, one by one and in buckets."""
