"""`fenghuo sources`: who may send records to ingest, and within which limits."""
