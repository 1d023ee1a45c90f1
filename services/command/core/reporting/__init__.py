"""Upward reports 上报: who owes what to whom, until when, and how far it is met (docs/reports.md)."""
