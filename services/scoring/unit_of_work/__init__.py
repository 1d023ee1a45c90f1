"""A partition of readings: load the states, publish the alarms, store the checkpoints."""
