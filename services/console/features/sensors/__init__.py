"""Sensors, their readings, and those that are silent."""
