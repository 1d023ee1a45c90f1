"""New incidents."""
