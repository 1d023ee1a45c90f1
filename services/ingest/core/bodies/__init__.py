"""JSON bodies: their strict form, their fields, and the problems of both."""
