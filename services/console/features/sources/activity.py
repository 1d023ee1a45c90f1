"""The activity of sources: the last reading of each, and the readings of the last two minutes.

The readings are those that scoring has judged (features/sensors/history_writer.py). The id of a
record begins with the name of its source (docs/senders.md). Rows are merged by their maximum, so a
minute that is counted again after a restart, or by two processes, counts once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MINUTE = timedelta(minutes=1)
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """The activity of a source: `readings` of `minute`, and of the minute before."""

    source: str
    last_at: datetime
    received_at: datetime
    minute: datetime
    readings: int
    readings_before: int

    def used_at(self, now: datetime) -> int:
        """Return the number of readings in the last full minute."""
        this = now.replace(second=0, microsecond=0)
        if self.minute >= this:
            return self.readings_before
        return self.readings if self.minute == this - MINUTE else 0


@dataclass(slots=True)
class _Tally:
    last_at: datetime
    received_ms: int
    minute: int
    readings: int = 0
    readings_before: int = 0

    def count(self, occurred_at: datetime, record_ms: int) -> None:
        self.last_at = max(self.last_at, occurred_at)
        self.received_ms = max(self.received_ms, record_ms)
        minute = record_ms // _MINUTE_MS
        if minute > self.minute:
            self.readings_before = self.readings if minute == self.minute + 1 else 0
            self.minute, self.readings = minute, 0
        if minute == self.minute:
            self.readings += 1
        elif minute == self.minute - 1:
            self.readings_before += 1

    def row(self, source: str) -> ActivityRow:
        return ActivityRow(
            source,
            self.last_at,
            _moment(self.received_ms),
            _moment(self.minute * _MINUTE_MS),
            self.readings,
            self.readings_before,
        )


class SourceActivity:
    """Counts the readings of catalogued sources."""

    def __init__(self, is_source: Callable[[str], bool]) -> None:
        self._is_source = is_source
        self._tallies: dict[str, _Tally] = {}
        self._changed: set[str] = set()

    def note(self, record_id: str, occurred_at: datetime, record_ms: int) -> None:
        """Count a reading; `record_ms` is the time of Kafka's record in milliseconds."""
        source, colon, _ = record_id.partition(":")
        if not colon or not self._is_source(source):
            return
        tally = self._tallies.get(source)
        if tally is None:
            tally = _Tally(occurred_at, record_ms, record_ms // _MINUTE_MS)
            self._tallies[source] = tally
        tally.count(occurred_at, record_ms)
        self._changed.add(source)

    def changed_rows(self) -> list[ActivityRow]:
        """Return the rows that have changed since `settle`, by source."""
        return [self._tallies[source].row(source) for source in sorted(self._changed)]

    def settle(self, rows: list[ActivityRow]) -> None:
        """Note that rows are stored."""
        for row in rows:
            if self._tallies[row.source].row(row.source) == row:
                self._changed.discard(row.source)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
