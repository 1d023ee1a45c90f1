"""CAP 1.2: an agency's document is parsed, checked as a whole, and accepted as a warning."""
