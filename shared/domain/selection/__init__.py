"""Selections of units against the catalogue; command resolves them, the console previews them."""
