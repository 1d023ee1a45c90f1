"""The adaptive baseline of sensors without a published threshold."""
