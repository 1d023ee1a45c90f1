"""SQL of the duty service."""
