"""One module per inbound topic of alerting."""
