"""Readers of Kafka batches that are faster than aiokafka's own, and their compiled form; see
README.md."""
