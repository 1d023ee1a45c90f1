"""How long a response mode may be asked for: command decides by it, the console asks it first."""

from __future__ import annotations

from datetime import datetime, timedelta

LONGEST = timedelta(days=30)
"""No mode lasts longer without being decided anew. Our own rule."""


def is_end(until: datetime, now: datetime) -> bool:
    """Whether a mode that is proposed now may hold until then."""
    return now < until <= now + LONGEST
