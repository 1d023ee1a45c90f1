"""The time that ticks publish, and when there is none yet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from shared.contracts.fields import Status
from shared.contracts.readings import Reading


class EventClock:
    """The present, or in a replay the newest event time that this process has accepted.

    With a `player`, only the readings of that source move the clock: another source cannot take the
    replay to another year. Drills never move the clock: a drill may play another hour, and one
    clock decides for all sensors which of them are silent.
    """

    def __init__(self, *, follow_readings: bool, player: str = "") -> None:
        self._follow_readings = follow_readings
        self._player = player
        self._newest: datetime | None = None

    def accept(self, readings: Iterable[Reading], source: str) -> None:
        """Move the clock by readings of a source that Kafka has."""
        if not self._follow_readings or self._player not in ("", source):
            return
        times = [reading.occurred_at for reading in readings if reading.status is Status.ACTUAL]
        if times and (self._newest is None or max(times) > self._newest):
            self._newest = max(times)

    def now(self, present: datetime) -> datetime | None:
        """Return the time to publish, None before a replay begins."""
        return self._newest if self._follow_readings else present

    def present(self, wall: datetime, source: str) -> datetime | None:
        """Return the time after which a time of a source is in the future.

        For the player, and without a player, this is the wall's time. For any other source it is
        the time of the replay, None before the replay begins.
        """
        if self._follow_readings and self._player not in ("", source):
            return self._newest
        return wall
