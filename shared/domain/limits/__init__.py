"""Which document of limits holds for a unit at a moment."""
