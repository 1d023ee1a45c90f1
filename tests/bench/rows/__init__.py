"""Rows of benchmarks that need no more than a database; each is one function."""
