"""The lifecycle of pages."""
