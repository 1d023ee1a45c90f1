"""Readings and rules come in; alarms and the health of sensors go out, decided by event time alone."""
