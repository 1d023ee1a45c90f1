"""Recorded readings from files, CSV or JSON lines, plain or gzipped, as a stream in order of
arrival.

A row has `sensor_id`, `occurred_at` (ISO with a zone, or seconds since 1970) and `value`; `metric`,
`unit`, `datum`, `id` and `status` are taken from it when it has them, else from the catalogue.
Within a file the order of rows is the order of arrival: an older row after a newer one is late.
Several files are merged by time. Rows that are no readings are counted, the first ones shown;
memory does not grow.
"""

from __future__ import annotations

import csv
import gzip
import heapq
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from shared.contracts.catalog import SensorEntry
from shared.contracts.fields import END_OF_INSTANTS, FIRST_INSTANT, Status
from shared.contracts.readings import Reading, Tick
from shared.contracts.topics import READINGS
from shared.contracts.units import tier_of
from shared.runtime.errors import SetupError

TICK_S = 60.0
"""Recordings have no clock of their own: it is made to tick this often."""
LONGEST_ROW = 65_536
_LISTED = 10
_OPTIONAL = ("metric", "unit", "datum")


@dataclass(frozen=True, slots=True)
class Record:
    """A reading or a tick, and the time of arrival in seconds since 1970."""

    message: Reading | Tick
    arrives: float


@dataclass
class RowCounts:
    """Counts of good rows, of rows that are no readings, and of sensors outside the catalogue."""

    readings: int = 0
    bad: int = 0
    unknown: int = 0
    other_status: int = 0
    examples: list[str] = field(default_factory=list)
    unknown_sensors: set[str] = field(default_factory=set)

    def add(self, counts: RowCounts) -> None:
        """Add the counts of another source."""
        self.readings += counts.readings
        self.bad += counts.bad
        self.unknown += counts.unknown
        self.other_status += counts.other_status
        self.examples += counts.examples[: _LISTED - len(self.examples)]
        self.unknown_sensors |= counts.unknown_sensors

    def add_bad_row(self, place: str, why: str) -> None:
        """A row that is no reading."""
        self.bad += 1
        if len(self.examples) < _LISTED:
            self.examples.append(f"{place}: {why[:200]}")

    def add_unknown_sensor(self, sensor_id: str) -> None:
        """A reading of a sensor that is not catalogued."""
        self.unknown += 1
        if len(self.unknown_sensors) < _LISTED:
            self.unknown_sensors.add(sensor_id)


class Recording:
    """Files of readings; iterate once."""

    def __init__(
        self,
        files: Sequence[Path],
        sensors: Mapping[str, SensorEntry],
        status: Status = Status.ACTUAL,
        only: str | None = None,
    ) -> None:
        """`only` = readings of that sensor. Raises SetupError for files that are not there."""
        self.files = files
        self.counts = RowCounts()
        self._sensors = sensors
        self._status = status
        self._only = only
        self._raw: list[IO[bytes]] = []
        for file in files:
            if not file.is_file():
                raise SetupError(f"{file} is no file of readings.")
        self.size = sum(file.stat().st_size for file in files)

    def progress(self) -> float:
        """Bytes read so far, of `size`."""
        return float(sum(raw.tell() for raw in self._raw if not raw.closed))

    def __iter__(self) -> Iterator[Record]:
        """Readings in order of arrival, with ticks between them. Raises SetupError."""
        streams = [self._rows(number, file) for number, file in enumerate(self.files)]
        clock = float("-inf")
        for record in heapq.merge(*streams, key=lambda stream: stream.arrives):
            if record.arrives >= clock + TICK_S:
                clock = record.arrives
                yield Record(_tick(clock), clock)
            yield record

    def _rows(self, number: int, file: Path) -> Iterator[Record]:
        with file.open("rb") as raw:
            self._raw.append(raw)
            opened: IO[bytes] = raw
            if file.name.endswith(".gz"):
                opened = gzip.GzipFile(fileobj=raw)  # type: ignore[assignment]
            rows = _csv_rows if ".csv" in file.suffixes else _json_rows
            newest = float("-inf")
            try:
                for line, row in rows(opened):
                    place = f"{file.name}:{line}"
                    reading = self._reading(row, place, f"{number}-{line}")
                    if reading is not None:
                        newest = max(newest, reading.occurred_at.timestamp())
                        self.counts.readings += 1
                        yield Record(reading, newest)
            except (OSError, EOFError, csv.Error, UnicodeDecodeError) as error:
                raise SetupError(f"{file} cannot be read to its end: {error}.") from None

    def _reading(self, row: dict[str, Any] | str, place: str, number: str) -> Reading | None:
        if isinstance(row, str):
            self.counts.add_bad_row(place, row)
            return None
        if row.get("type") == "tick":
            return None
        sensor_id = str(row.get("sensor_id", ""))
        if self._only is not None and sensor_id != self._only:
            return None
        sensor = self._sensors.get(sensor_id)
        if sensor is None:
            self.counts.add_unknown_sensor(sensor_id[:64])
            return None
        if (row.get("status") or self._status.value) != self._status.value:
            self.counts.other_status += 1
            return None
        try:
            return _as_reading(row, sensor, number, self._status)
        except ValidationError as error:
            item = error.errors(include_url=False, include_input=False)[0]
            self.counts.add_bad_row(place, f"{'.'.join(map(str, item['loc']))}: {item['msg']}")
        except (ValueError, TypeError, OverflowError) as error:
            self.counts.add_bad_row(place, str(error))
        return None


def from_bytes(value: bytes) -> Reading | Tick | None:
    """Return a record's message of the readings topic; None for other bytes."""
    try:
        message: Reading | Tick = READINGS.model.validate_json(value, extra="ignore")
    except ValidationError:
        return None
    return message


def _as_reading(row: dict[str, Any], sensor: SensorEntry, number: str, status: Status) -> Reading:
    at = _moment(row["occurred_at"] if "occurred_at" in row else row.get("at"))
    if not FIRST_INSTANT <= at < END_OF_INSTANTS:
        raise ValueError(f"{at.isoformat()} is not of the years 2000 to 2199")
    fields = {name: row[name] for name in _OPTIONAL if row.get(name)}
    if not fields and not row.get("id"):
        value = _number(row.get("value"))
        # Everything else in it comes from the catalogue: a million rows need no second look.
        return Reading.model_construct(
            id=f"row-{number}",
            status=status,
            occurred_at=at,
            sent_at=at,
            origin_unit=sensor.place,
            tier=tier_of(sensor.place),
            sensor_id=sensor.sensor_id,
            metric=sensor.metric,
            value=value,
            unit=sensor.unit,
            datum=sensor.datum,
        )
    return Reading(
        id=str(row.get("id") or f"row-{number}"),
        status=status,
        occurred_at=at,
        sent_at=at,
        origin_unit=sensor.place,
        tier=tier_of(sensor.place),
        sensor_id=sensor.sensor_id,
        value=_number(row.get("value")),
        **{"metric": sensor.metric, "unit": sensor.unit, "datum": sensor.datum, **fields},
    )


def _number(text: Any) -> float:
    value = float("nan") if text is None else float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no value")
    return value


def _moment(text: Any) -> datetime:
    if isinstance(text, int | float) and not isinstance(text, bool):
        return datetime.fromtimestamp(text, UTC)
    try:
        result = datetime.fromisoformat(str(text))
    except ValueError:
        pass
    else:
        if result.tzinfo is None:
            raise ValueError(f"{str(text)[:40]!r} has no zone")
        return result
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, TypeError):
        raise ValueError(f"{str(text)[:40]!r} is no time") from None


def _csv_rows(opened: IO[bytes]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    header: list[str] | None = None
    for number, line in _lines(opened):
        if line is None:
            yield number, f"a row longer than {LONGEST_ROW} bytes"
            continue
        cells = next(csv.reader([line.decode("utf-8-sig" if header is None else "utf-8")]), [])
        if header is None:
            header = [cell.strip() for cell in cells]
            missing = {"sensor_id", "occurred_at", "value"} - set(header)
            if missing:
                raise csv.Error(f"its first line lacks the columns {', '.join(sorted(missing))}")
        elif cells:
            yield number, dict(zip(header, cells, strict=False))


def _json_rows(opened: IO[bytes]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    for number, line in _lines(opened):
        if line is None:
            yield number, f"a row longer than {LONGEST_ROW} bytes"
        elif line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                yield number, "no JSON"
                continue
            yield number, row if isinstance(row, dict) else "no JSON object"


def _lines(opened: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Yield lines with their numbers; None for a line that is too long and skipped."""
    number = 0
    while line := opened.readline(LONGEST_ROW):
        number += 1
        if len(line) < LONGEST_ROW or line.endswith(b"\n"):
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = opened.readline(LONGEST_ROW)
        yield number, None


def _tick(at: float) -> Tick:
    return Tick(id=f"tick-{at:.0f}", occurred_at=datetime.fromtimestamp(at, UTC))
