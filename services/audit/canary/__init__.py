"""The canary: readings go through ingest, and a robot officer answers what follows from them."""
