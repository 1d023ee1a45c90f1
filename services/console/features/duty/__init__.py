"""Duty plans and their gaps."""
