"""One module per inbound topic: the messages that arrive and the work that follows."""
