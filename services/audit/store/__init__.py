"""The only SQL of audit: what it writes for itself, and its read-only looks at everybody's tables."""
