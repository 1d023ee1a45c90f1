"""One partition of readings: load its states, publish its alarms, store its checkpoints."""
