"""Definitions kept as YAML, of whatever kind: text with places, findings with lines, models at nodes."""
