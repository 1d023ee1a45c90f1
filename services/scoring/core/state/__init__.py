"""The state of one sensor, and its stored form."""
