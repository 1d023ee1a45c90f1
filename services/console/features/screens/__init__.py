"""The two HTML pages."""
