"""CAP 1.2 in: another agency's document is read, checked as a whole, and becomes one warning."""
