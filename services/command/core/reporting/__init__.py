"""Upward reports 上报: obligations to report, their deadlines and how far they are met."""
