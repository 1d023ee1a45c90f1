"""The watch over the components: it needs neither Kafka nor Postgres nor another process."""
