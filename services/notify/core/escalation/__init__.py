"""Escalations 叫应: the calls about a cause, their order and times, and the effects of answers."""
