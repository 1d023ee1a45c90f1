"""SQL of the catalog service."""
