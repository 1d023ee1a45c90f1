"""Calls to officers: alerts, assignments and supervision come in, pages go out."""
