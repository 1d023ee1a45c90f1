"""The HTTP routes of the auditor: its findings and balances, and the door of Alertmanager."""
