"""One module per inbound topic: the row, the feed event and the case fact that a record becomes."""
