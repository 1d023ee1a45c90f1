"""Alarms, reports and officers' decisions come in; the lifecycle of alerts and public notices go out."""
