"""Rules, compiled and collected per kind of sensor."""
