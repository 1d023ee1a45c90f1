"""The changelog with states and checkpoints, and the tables on compacted topics."""
