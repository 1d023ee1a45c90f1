"""On which channels officers can be reached."""
