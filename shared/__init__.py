"""Shared by all services: contracts, domain, definitions, runtime, and the opt-in fast path."""
