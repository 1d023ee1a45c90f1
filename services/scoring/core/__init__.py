"""Pure scoring: rules as data, per-sensor state, alarms as a function of the log alone."""
