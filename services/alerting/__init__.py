"""Alarms, reports and officers' decisions come in; changes of alerts and notices go out."""
