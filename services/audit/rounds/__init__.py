"""The rounds of the auditor: read the topics and the tables, detect faults, store findings."""
