"""Alarms, reports and decisions of officers come in; changes of alerts and public notices go out."""
