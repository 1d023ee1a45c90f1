"""The independent auditor: every topic and every table come in, findings and the audit trail go out."""
