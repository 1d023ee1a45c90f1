"""The meaning of single records for the auditor: labels, subjects and versions."""
