"""How well an officer is reached: the score of a channel, learnt from pages and communication tests."""
