"""The SQL of audit, and its own reader of Kafka's log."""
