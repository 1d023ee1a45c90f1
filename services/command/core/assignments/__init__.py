"""One unit's assignment 交办: states, steps of officers, parts of a split, and records."""
