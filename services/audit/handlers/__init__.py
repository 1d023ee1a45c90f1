"""The topics that the auditor counts, one module per kind of subject."""
