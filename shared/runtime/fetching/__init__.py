"""Consumers that read every kind of record batch, each partition by itself."""
