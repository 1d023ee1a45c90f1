"""The validity of an issued alert, and the times of an emergency authorisation.

Periods are our own example data (docs/sources.md S40): the approval form asks for days and hours
(docs/sources.md S2).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.contracts.fields import Level

VALID_FOR: dict[Level, timedelta] = {
    Level.NOTICE: timedelta(hours=24),
    Level.BLUE: timedelta(hours=24),
    Level.YELLOW: timedelta(hours=24),
    Level.ORANGE: timedelta(hours=24),
    Level.RED: timedelta(hours=12),
}
LONGEST = timedelta(days=30)
"""The longest validity that an officer may ask for."""
DUE_AFTER: dict[Level, timedelta] = {
    Level.NOTICE: timedelta(hours=4),
    Level.BLUE: timedelta(hours=4),
    Level.YELLOW: timedelta(hours=2),
    Level.ORANGE: timedelta(hours=1),
    Level.RED: timedelta(minutes=30),
}
"""The time within which the gate has to ratify: our own example data."""
REMIND_EVERY = timedelta(minutes=15)


def valid_until(level: Level, requested: datetime | None, now: datetime) -> datetime:
    """Return when an alert issued now at this level expires.

    The requested moment holds if it lies within what is allowed; otherwise the default period does.
    """
    if requested is not None and now < requested <= now + LONGEST:
        return requested
    return now + VALID_FOR[level]


def authorised_until(
    level: Level, requested: datetime | None, acted_at: datetime, now: datetime
) -> datetime:
    """Return when an alert expires that an officer below the gate issued at `acted_at`.

    It is valid until after the gate's first reminder; the gate's time to ratify begins now.
    """
    return max(valid_until(level, requested, acted_at), now + DUE_AFTER[level] + REMIND_EVERY)
