"""The longest period of a response mode: command decides by it, the console checks it first."""

from __future__ import annotations

from datetime import datetime, timedelta

LONGEST = timedelta(days=30)
"""A mode needs a new decision after this time. This is our own rule."""


def is_end(until: datetime, now: datetime) -> bool:
    """Return whether a mode proposed `now` may hold until `until`."""
    return now < until <= now + LONGEST
