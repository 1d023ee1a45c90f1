"""One module per inbound topic of command."""
