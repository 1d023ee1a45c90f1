"""The reachability of officers: the score of a channel, from pages and communication tests."""
