"""Response modes of units."""
