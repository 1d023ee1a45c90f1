"""Upward reports."""
