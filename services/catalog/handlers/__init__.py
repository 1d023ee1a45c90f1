"""One module per inbound topic of catalog."""
