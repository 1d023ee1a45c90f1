"""The clocks of ingest: the present by Kafka's time, and the time that ticks publish."""
