"""The evaluation of a reading and of time that passes."""
