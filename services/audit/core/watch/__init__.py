"""The health of the components that the auditor watches from the outside."""
