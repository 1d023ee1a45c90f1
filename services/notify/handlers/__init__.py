"""One module per inbound topic of notify."""
