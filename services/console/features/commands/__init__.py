"""Commands and assignments."""
