"""The live stream of the feed to open screens."""
