"""Background loops of catalog."""
