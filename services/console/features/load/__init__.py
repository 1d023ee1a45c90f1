"""The load of a place: readings, alarms, alerts and pages by day and by hour of the day."""
