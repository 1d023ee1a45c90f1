"""The log's clock: what a tick may say, and when there is none yet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from shared.contracts.fields import Status
from shared.contracts.ids import content_id
from shared.contracts.readings import Reading, Tick


class EventClock:
    """Wall time, or for a replay the newest event time this process has accepted.

    Drills do not move it: they may play another hour, and silence is decided for all by one clock.
    """

    def __init__(self, *, follow_readings: bool) -> None:
        self._follow = follow_readings
        self._newest: datetime | None = None

    def accepted(self, readings: Iterable[Reading]) -> None:
        """Note readings that Kafka has."""
        if not self._follow:
            return
        times = [one.occurred_at for one in readings if one.status is Status.ACTUAL]
        if times and (self._newest is None or max(times) > self._newest):
            self._newest = max(times)

    def now(self, wall: datetime) -> datetime | None:
        """What to write; None while nothing is known."""
        return self._newest if self._follow else wall


def tick(partition: int, at: datetime) -> Tick:
    """The tick of one partition at one moment."""
    return Tick(id=content_id("tick", partition, at.isoformat()), occurred_at=at)
