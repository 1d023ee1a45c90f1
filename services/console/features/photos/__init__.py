"""Photos of a feedback."""
