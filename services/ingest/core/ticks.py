"""The log's clock: what a tick may say, and when there is none yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from shared.contracts.fields import Status
from shared.contracts.ids import content_id
from shared.contracts.readings import Reading, Tick

TOLERANCE_S = 2.0
"""How far this machine's clock may be from Kafka's; scoring refuses a tick that is further ahead."""


class KafkaClock:
    """The present as Kafka dates it: this machine's clock while both agree, else Kafka's.

    Each acknowledged tick compares the two. In between time goes on by a steady clock, so that
    setting the machine's clock moves nothing. Before the first comparison the machine's clock counts.
    """

    def __init__(self) -> None:
        self._base: datetime | None = None
        self._since = 0.0
        self.off_s = 0.0

    def compare(
        self, sent: datetime, sent_at: float, heard_at: float, taken_ms: Sequence[int]
    ) -> None:
        """Note Kafka's times of records sent at `sent` by this machine's clock.

        `sent_at` and `heard_at` are the sending and the acknowledgement by the steady clock. The
        record times lie between the two, so a slow acknowledgement proves nothing. Several brokers
        may differ: the one in the middle counts. `off_s` is then how far this machine's clock is
        proven to be ahead of Kafka's, negative = behind.
        """
        moment = datetime.fromtimestamp(sorted(taken_ms)[(len(taken_ms) - 1) // 2] / 1000, UTC)
        ahead = (sent - moment).total_seconds()
        self.off_s = max(ahead, 0.0) or min(ahead + heard_at - sent_at, 0.0)
        if abs(self.off_s) > TOLERANCE_S:
            self._base, self._since = moment, heard_at
        else:
            self._base, self._since = sent, sent_at

    @property
    def is_kafkas(self) -> bool:
        """Whether the machine's clock is too far off to be used."""
        return abs(self.off_s) > TOLERANCE_S

    def now(self, wall: datetime, at: float) -> datetime:
        """The present; `wall` and `at` are what the machine's and the steady clock say."""
        return wall if self._base is None else self._base + timedelta(seconds=at - self._since)


class EventClock:
    """The present, or for a replay the newest event time this process has accepted.

    With a `player` the readings of that source alone move the clock: who looks on cannot take the
    replay to another year. Drills never move it: they may play another hour, and silence is decided
    for all by one clock.
    """

    def __init__(self, *, follow_readings: bool, player: str = "") -> None:
        self._follow = follow_readings
        self._player = player
        self._newest: datetime | None = None

    def accepted(self, readings: Iterable[Reading], source: str) -> None:
        """Note readings of a source that Kafka has."""
        if not self._follow or self._player not in ("", source):
            return
        times = [reading.occurred_at for reading in readings if reading.status is Status.ACTUAL]
        if times and (self._newest is None or max(times) > self._newest):
            self._newest = max(times)

    def now(self, present: datetime) -> datetime | None:
        """What to write; None while nothing is known."""
        return self._newest if self._follow else present

    def present(self, wall: datetime, source: str) -> datetime | None:
        """The present by which a time of a source lies in the future; None before a replay begins.

        For a bystander of a replay that is the replay's time, for the player and without a player
        it is the wall's.
        """
        if self._follow and self._player not in ("", source):
            return self._newest
        return wall


def tick(partition: int, at: datetime) -> Tick:
    """The tick of one partition at one moment."""
    return Tick(id=content_id("tick", partition, at.isoformat()), occurred_at=at)
