"""Writes the history of all sensors, beside scoring: no reading is scored later for it.

Readings are read a second time, up to the offset that scoring had committed a pass before: by then
Kafka has the letters of the refused readings. A reading with a letter, or with other facts than the
catalogue's, is no point of the history. Sensors with an active alarm are stored in each pass, all
others every ten minutes, together with the offset. A second console process that writes as well
changes nothing.

The same readings are counted by place and hour (`console.load_count`), in the transaction of the
offset. Whoever finds the offset moved by another process drops its counts and goes on from there.

A fifth of the process's time at most is spent here, so that the screens come first. That is enough
for about 20,000 readings a second; with more the history falls behind.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from services.console.features.sensors import queries
from services.console.features.sensors.charts import Point
from services.console.features.sensors.history_points import (
    HistoryKey,
    HourOfPlace,
    UnstoredPoints,
    extremes,
    higher_peaks,
    row_begin,
    series_of,
)
from services.console.features.sensors.reading_log import earliest_letter_ms, refused_offset
from shared.contracts.catalog import SensorEntry
from shared.contracts.topics import READINGS, TopicSpec
from shared.runtime.database import Database
from shared.runtime.errors import Transient
from shared.runtime.fetching.consumer import make_reader, read_to

log = structlog.get_logger("fenghuo.console.history")

SCORING_GROUP = "fenghuo-scoring"
_STORE_ALL_S = 600.0
_MOST_POINTS = 200_000
"""More points than this are stored at once."""
_STEP = 20_000
"""Most readings of a partition that are read before the next partition has its turn."""
_BATCH = 500
"""Readings that are decoded at once: about a millisecond."""
_SHARE = 1 / 5
_ROWS = 500
"""Rows that are merged at once."""
_HOUR_MS = 3_600_000
FindSensor = Callable[[str], SensorEntry | None]
"""Returns the catalogue entry of a sensor."""
FindSign = Callable[[str], int | None]
"""Returns 1 for a rule with upper limits, -1 for lower ones, None for a rule without limits."""
NoteReading = Callable[[str, datetime, int], None]
"""Notes a judged reading: its id, its time, and the time of its record in milliseconds."""


class HistoryReading(msgspec.Struct, gc=False):
    """The fields of a reading that the history needs; the contract is scoring's business."""

    type: Literal["reading"]
    sensor_id: str
    metric: str
    value: float
    unit: str
    occurred_at: datetime
    datum: str | None = None
    status: str = "Actual"
    id: str = ""


_decode = msgspec.json.Decoder(HistoryReading).decode


class HistoryWriter:
    """Reads the readings of all partitions, and stores their points."""

    def __init__(
        self,
        bootstrap: str,
        database: Database,
        find_sensor: FindSensor,
        find_sign: FindSign,
        every_s: float,
        *,
        note: NoteReading | None = None,
        store_all_s: float = _STORE_ALL_S,
        spec: TopicSpec = READINGS,
        group: str = SCORING_GROUP,
    ) -> None:
        self._bootstrap = bootstrap
        self._database = database
        self._find_sensor = find_sensor
        self._find_sign = find_sign
        self._every_s = every_s
        self._note = note
        self._store_all_s = store_all_s
        self._spec = spec
        self._group = group
        self._judged: dict[int, int] = {}
        """The committed offsets of the last pass, by partition."""
        self._next: dict[int, int] = {}
        """The next offset to read, by partition."""
        self._stored_offset: dict[int, int] = {}
        """The offset in the database when the counting of a partition began."""
        self._tallies: defaultdict[int, Counter[HourOfPlace]] = defaultdict(Counter)
        """The judged readings since that offset, by partition."""
        self._unstored = UnstoredPoints()
        self._stored_at = time.monotonic()

    async def run(self) -> None:
        """Write for ever, also after outages of Kafka and of the database."""
        while True:
            try:
                await self.advance()
            except Transient as error:
                log.warning("history_retry", error=str(error))
            await asyncio.sleep(self._every_s)

    async def advance(self) -> None:
        """Read what scoring had judged a pass before, and store what is due. Raises Transient."""
        try:
            judged, self._judged = self._judged, await self._committed()
            if judged:  # aiokafka cancels who stops a consumer that has done nothing
                await self._read_all(judged)
        except (KafkaError, OSError, TimeoutError) as error:
            raise Transient(f"the readings cannot be had: {error!r}") from error
        await self._store_due()

    async def _read_all(self, ends: Mapping[int, int]) -> None:
        consumer = make_reader(self._bootstrap)
        try:
            await consumer.start()
            for number, end in sorted(ends.items()):
                await self._read(consumer, number, end)
        finally:
            await consumer.stop()

    async def _committed(self) -> dict[int, int]:
        """Return the offsets that scoring has committed, by partition."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        try:
            await admin.start()
            committed = await admin.list_consumer_group_offsets(self._group)
        finally:
            await admin.close()
        return {
            place.partition: meta.offset
            for place, meta in committed.items()
            if place.topic == self._spec.name and meta.offset > 0
        }

    async def _read(self, consumer: AIOKafkaConsumer, number: int, end: int) -> None:
        """Read a partition up to an offset."""
        place = TopicPartition(self._spec.name, number)
        consumer.assign([place])
        oldest = (await consumer.beginning_offsets([place]))[place]
        if number not in self._next:
            async with self._database.transaction() as transaction:
                stored_offset = await queries.history_offset(transaction.connection, number)
            self._next[number] = self._stored_offset[number] = stored_offset
        begin = max(self._next[number], oldest)
        while begin < end:
            step_end = min(begin + _STEP, end)
            points = await self._points(consumer, place, begin, step_end)
            await self._keep(points)
            begin = self._next[number] = step_end
            if self._unstored.count > _MOST_POINTS:
                await self._store_all()
                begin = self._next[number]

    async def _keep(self, points: Mapping[HistoryKey, Sequence[Point]]) -> None:
        """Add points to those that are not stored yet."""
        rows = list(points.items())
        for first in range(0, len(rows), _ROWS):
            began = time.perf_counter()
            for key, row in rows[first : first + _ROWS]:
                self._unstored.add(key, row)
            await _yield_share(began)

    async def _store_due(self) -> None:
        """Store the sensors with an alarm and the peaks of their alarms, at times all others."""
        async with self._database.transaction() as transaction:
            alarms = await queries.watched_alarms(transaction.connection)
        sensors = {alarm["sensor_id"] for alarm in alarms}
        keys = sorted(key for key in self._unstored if key.sensor_id in sensors)
        points = await self._store(keys)
        async with self._database.transaction() as transaction:
            await queries.write_peaks(
                transaction.connection, list(higher_peaks(alarms, points, self._find_sign))
            )
        if time.monotonic() - self._stored_at >= self._store_all_s:
            await self._store_all()

    async def _store_all(self) -> None:
        """Store all points, then the offsets up to which they are stored, with the counts."""
        await self._store(sorted(self._unstored))
        offsets = dict(self._next)
        tally: Counter[HourOfPlace] = Counter()
        async with self._database.transaction() as transaction:
            connection = transaction.connection
            for number, next_offset in sorted(self._next.items()):
                begin = self._stored_offset[number]
                if await queries.move_history_offset(connection, number, begin, next_offset):
                    tally += self._tallies[number]
                else:
                    offsets[number] = await queries.history_offset(connection, number)
            await queries.count_readings(connection, tally)
        self._next = offsets
        self._stored_offset = dict(offsets)
        self._tallies.clear()
        self._stored_at = time.monotonic()

    async def _points(
        self, consumer: AIOKafkaConsumer, place: TopicPartition, begin: int, end: int
    ) -> dict[HistoryKey, list[Point]]:
        """Return the points of the judged readings in [begin, end)."""
        readings: list[tuple[int, int, HistoryReading]] = []
        first_ms: int | None = None
        consumer.assign([place])
        consumer.seek(place, begin)
        async for batch in read_to(consumer, {place: end}, max_records=_BATCH, timeout_ms=500):
            began = time.perf_counter()
            records = batch.get(place, [])
            if records and first_ms is None:
                first_ms = records[0].timestamp
            readings += decoded_readings(records)
            await _yield_share(began)
        if first_ms is None:
            return {}
        refused = await self._refused(consumer, place.partition, first_ms)
        points: defaultdict[HistoryKey, list[Point]] = defaultdict(list)
        for offset, record_ms, reading in readings:
            sensor = self._find_sensor(reading.sensor_id)
            if sensor is not None and offset not in refused and _is_as_catalogued(reading, sensor):
                hour = HourOfPlace(sensor.place, reading.status, record_ms // _HOUR_MS)
                self._tallies[place.partition][hour] += 1
                at = reading.occurred_at.timestamp()
                series = series_of(reading.metric, reading.unit, reading.datum)
                key = HistoryKey(reading.sensor_id, reading.status, series, row_begin(at))
                points[key].append((at, reading.value))
                if self._note is not None:
                    self._note(reading.id, reading.occurred_at, record_ms)
        return points

    async def _refused(
        self, consumer: AIOKafkaConsumer, number: int, first_ms: int
    ) -> frozenset[int]:
        """Return the offsets of a partition that scoring has refused, from a record time on."""
        place = TopicPartition(self._spec.dlq, number)
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        match = (await consumer.offsets_for_times({place: earliest_letter_ms(first_ms)}))[place]
        if match is None or match.offset >= end:
            return frozenset()
        consumer.seek(place, match.offset)
        offsets: set[int] = set()
        async for batch in read_to(consumer, {place: end}, max_records=_BATCH, timeout_ms=500):
            began = time.perf_counter()
            letters = (refused_offset(record, self._spec.name) for record in batch.get(place, []))
            offsets |= {offset for offset in letters if offset is not None}
            await _yield_share(began)
        return frozenset(offsets)

    async def _store(self, keys: Sequence[HistoryKey]) -> dict[HistoryKey, list[Point]]:
        """Merge the points of these keys, which are sorted, into their rows; return the rows."""
        result: dict[HistoryKey, list[Point]] = {}
        for first in range(0, len(keys), _ROWS):
            began = time.perf_counter()
            part = {key.columns: key for key in keys[first : first + _ROWS]}
            async with self._database.transaction() as transaction:
                rows = await queries.lock_history(transaction.connection, list(part))
                for columns, stored in rows:
                    key = part[columns]
                    result[key] = extremes([*_pairs(stored), *self._unstored.get(key)])
                await queries.write_history(
                    transaction.connection,
                    [(columns, _flat(result[key])) for columns, key in part.items()],
                )
            for key in part.values():
                self._unstored.delete(key)
            await _yield_share(began)
        return result


def _is_as_catalogued(reading: HistoryReading, sensor: SensorEntry) -> bool:
    return (reading.metric, reading.unit, reading.datum) == (
        sensor.metric,
        sensor.unit,
        sensor.datum,
    )


def decoded_readings(records: Iterable[ConsumerRecord]) -> list[tuple[int, int, HistoryReading]]:
    """Return the readings among records, with offset and time (ms); hostile bytes are none."""
    readings = []
    for record in records:
        try:
            readings.append((record.offset, record.timestamp, _decode(record.value or b"")))
        except (ValueError, RecursionError):
            continue  # a tick, or a record with a letter
    return readings


def _pairs(numbers: list[float]) -> Iterable[Point]:
    return zip(numbers[::2], numbers[1::2], strict=True)


def _flat(points: Iterable[Point]) -> list[float]:
    return [number for point in points for number in point]


async def _yield_share(began: float) -> None:
    """Leave the process to the screens, for a multiple of the time since `began`."""
    await asyncio.sleep((time.perf_counter() - began) * (1 / _SHARE - 1))
