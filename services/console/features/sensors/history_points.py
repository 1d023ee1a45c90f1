"""The history of a sensor: of each ten minutes the least and the greatest reading.

A point of the history is a reading, with its own time. A repeat of readings changes nothing, in
whatever order they come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from services.console.core.record import OutgoingRecord
from services.console.features.sensors.charts import Point

SLOT_S = 600
"""Of each slot of so many seconds at most two readings stay."""
ROW_S = 36 * SLOT_S
"""A row of the history holds six hours: at most 72 points, which fit into a page of Postgres."""

HistoryColumns = tuple[str, str, str, datetime]
"""The key of a row: sensor, status, series, beginning."""


@dataclass(frozen=True, order=True, slots=True)
class HistoryKey:
    """The key of a row: a sensor under a status, its facts, and six hours."""

    sensor_id: str
    status: str
    series: str
    begin_s: int

    @property
    def columns(self) -> HistoryColumns:
        """Return the key as the columns of the table."""
        begin_at = datetime.fromtimestamp(self.begin_s, UTC)
        return self.sensor_id, self.status, self.series, begin_at


class HourOfPlace(NamedTuple):
    """A place, a status, and an hour counted since 1970."""

    place: str
    status: str
    hour: int


def series_of(metric: str, unit: str, datum: str | None) -> str:
    """Return the facts under which values can be compared."""
    return f"{metric} {unit} {datum or ''}".strip()


def row_begin(at: float) -> int:
    """Return the beginning of the row of a moment, in seconds since 1970."""
    return int(at // ROW_S) * ROW_S


def higher_peaks(
    alarms: Iterable[OutgoingRecord],
    points: Mapping[HistoryKey, Sequence[Point]],
    find_sign: Callable[[str], int | None],
) -> Iterator[tuple[str, float, datetime]]:
    """Yield id, value and time of the alarms with a point beyond their peak so far."""
    by_sensor: defaultdict[tuple[str, str], list[Point]] = defaultdict(list)
    for key, row in points.items():
        by_sensor[key.sensor_id, key.status] += row
    for alarm in alarms:
        sign = find_sign(alarm["rule_id"])
        if sign is None:
            continue
        during = [
            (sign * value, -at)
            for at, value in by_sensor[alarm["sensor_id"], alarm["status"]]
            if alarm["started_at"].timestamp() <= at <= alarm["ended_at"].timestamp()
        ]
        if during and (alarm["peak"] is None or max(during)[0] > sign * alarm["peak"]):
            height, at = max(during)
            yield alarm["alarm_id"], sign * height, datetime.fromtimestamp(-at, UTC)


class UnstoredPoints:
    """The points that are not stored yet: of each slot at most two, however many are added."""

    def __init__(self) -> None:
        self._rows: dict[HistoryKey, list[Point]] = {}
        self.count = 0

    def __iter__(self) -> Iterator[HistoryKey]:
        """Return the keys with points."""
        return iter(self._rows)

    def add(self, key: HistoryKey, points: Iterable[Point]) -> None:
        """Add points to a row."""
        row = self._rows.get(key, [])
        merged = self._rows[key] = extremes([*row, *points])
        self.count += len(merged) - len(row)

    def get(self, key: HistoryKey) -> list[Point]:
        """Return the points of a row, by time; empty if it has none."""
        return self._rows.get(key, [])

    def delete(self, key: HistoryKey) -> None:
        """Delete a row, which has been stored."""
        self.count -= len(self._rows.pop(key))


def extremes(points: Iterable[Point]) -> list[Point]:
    """Return the least and the greatest point of each slot, by time; of equals the earliest."""
    least: dict[int, Point] = {}
    greatest: dict[int, Point] = {}
    for point in points:
        at, value = point
        slot = int(at // SLOT_S)
        low, high = least.get(slot), greatest.get(slot)
        if low is None or (value, at) < (low[1], low[0]):
            least[slot] = point
        if high is None or (value, -at) > (high[1], -high[0]):
            greatest[slot] = point
    return sorted({*least.values(), *greatest.values()})
