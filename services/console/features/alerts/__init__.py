"""Alerts, alarms, and decisions on them."""
