"""A module per inbound topic: the arriving messages and the resulting work."""
