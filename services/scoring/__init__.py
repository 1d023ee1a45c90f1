"""Scoring reads readings and rules and publishes alarms and sensor health, by event time alone."""
