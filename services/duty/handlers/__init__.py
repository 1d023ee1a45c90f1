"""One module per inbound topic of duty."""
