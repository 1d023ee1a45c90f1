"""The alarms of one rule in one scope, counted by level.

With the counts a condition tree is evaluated without reading each alarm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from services.alerting.core.alarms.snapshot import AlarmSnapshot
from shared.contracts.fields import LEVEL_ORDER
from shared.contracts.geofences import Geofence
from shared.domain.geofences import lies_within

NO_RANK = -1
"""The rank of no alarm; the ranks of levels begin at 0."""


class ActiveAlarms:
    """Alarms that are on, and cleared alarms that may count for a lingering time."""

    def __init__(self) -> None:
        self._active: dict[str, AlarmSnapshot] = {}
        self._cleared: dict[str, AlarmSnapshot] = {}
        self._ranks: Counter[tuple[int, bool]] = Counter()

    def __len__(self) -> int:
        return len(self._active) + len(self._cleared)

    def update(self, alarm: AlarmSnapshot) -> None:
        """Add an alarm, or replace its state by the newest."""
        self.remove(alarm.alarm_id)
        if alarm.is_on:
            self._active[alarm.alarm_id] = alarm
            self._ranks[_rank_of(alarm)] += 1
        else:
            self._cleared[alarm.alarm_id] = alarm

    def remove(self, alarm_id: str) -> None:
        """Remove an alarm."""
        self._cleared.pop(alarm_id, None)
        alarm = self._active.pop(alarm_id, None)
        if alarm is not None:
            self._ranks[_rank_of(alarm)] -= 1

    def within(self, geofences: Sequence[Geofence]) -> ActiveAlarms:
        """Return the alarms whose position lies in one of the geofences."""
        inside = ActiveAlarms()
        for alarm in (*self._active.values(), *self._cleared.values()):
            if lies_within(geofences, alarm.position):
                inside.update(alarm)
        return inside

    def linger_ends(self, linger: timedelta) -> Iterator[tuple[datetime, AlarmSnapshot]]:
        """Yield each cleared alarm with the moment at which it stops to count."""
        for alarm in self._cleared.values() if linger else ():
            assert alarm.cleared_at is not None
            yield alarm.cleared_at + linger, alarm

    def counted_at(self, clock: datetime, linger: timedelta) -> list[AlarmSnapshot]:
        """Return the alarms that count at `clock`."""
        counted_cleared = (alarm for end, alarm in self.linger_ends(linger) if end > clock)
        return [*self._active.values(), *counted_cleared]

    def highest_rank(self, clock: datetime, linger: timedelta, *, with_doubtful: bool) -> int:
        """Return the highest rank that counts at `clock`.

        `with_doubtful`: include alarms that were detected in a backlog.
        """
        ranks = [
            rank
            for (rank, is_doubtful), number in self._ranks.items()
            if number and (with_doubtful or not is_doubtful)
        ]
        ranks += [
            LEVEL_ORDER[alarm.level]
            for end, alarm in self.linger_ends(linger)
            if end > clock and (with_doubtful or not alarm.retrospective)
        ]
        return max(ranks, default=NO_RANK)


def _rank_of(alarm: AlarmSnapshot) -> tuple[int, bool]:
    return LEVEL_ORDER[alarm.level], alarm.retrospective
