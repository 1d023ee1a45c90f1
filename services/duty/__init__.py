"""Duty plans: officers' changes come in; who holds each post now, and what stands empty, go out."""
