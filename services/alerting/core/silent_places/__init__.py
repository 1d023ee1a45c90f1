"""Places whose sensors are silent: one fault per place, owned by the duty officers there."""
