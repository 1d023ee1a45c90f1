"""Alarms: their state, their changes, their events and their score."""
