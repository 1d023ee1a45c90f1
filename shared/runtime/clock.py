"""The only module that reads the wall clock; `core/` gets `now` as an argument."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """A source of the present time."""

    def now(self) -> datetime:
        """Return the current moment, zone UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current moment, zone UTC."""
        return datetime.now(UTC)


def record_time(ms: int) -> datetime:
    """Return Kafka's time of a record, given in ms since 1970, as a moment.

    A producer's clock may have written any number: a time before 1970 or after 2199 is moved to the
    nearest of the two.
    """
    seconds = min(max(ms / 1000, _FIRST.timestamp()), _LAST.timestamp())
    return datetime.fromtimestamp(seconds, UTC)
