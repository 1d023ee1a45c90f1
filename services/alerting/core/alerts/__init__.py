"""Alerts: grouping, lifecycle, authority, decisions, merging and the records that leave."""
