"""The independent auditor: all topics and tables come in, findings and the audit trail go out."""
