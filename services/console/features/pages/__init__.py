"""Pages of an officer, and their answers."""
