"""Alarms as the parts of alerting read them: their newest state, inhibition, flapping, scopes."""
