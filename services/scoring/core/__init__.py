"""Pure scoring: every result follows from the log, the catalogue and the rules alone."""
