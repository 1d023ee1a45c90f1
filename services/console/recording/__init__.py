"""Acts of officers, and refused ones, on their way to Kafka."""
