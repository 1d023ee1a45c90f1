"""One module per inbound topic: its row, its event of the feed and its case fact."""
