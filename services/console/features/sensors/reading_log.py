"""A sensor's last readings, read from the log on demand, each of them.

A partition holds many sensors, and a search also reads the records of these sensors: at most
MOST_RECORDS of the newest, one search at a time, without a consumer group. Older records are left
out, and the answer says so. Readings refused by scoring are left out too: each has a dead letter
with its offset.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from services.console.features.sensors.charts import Point
from services.console.features.sensors.history_points import SLOT_S
from shared.contracts.fields import Status
from shared.contracts.readings import Reading
from shared.contracts.topics import DEAD_LETTER, READINGS, TopicSpec
from shared.runtime.bounded_waits import stop_client
from shared.runtime.clock import record_time
from shared.runtime.decoding import decode
from shared.runtime.errors import Reject, Transient
from shared.runtime.fetching.consumer import make_reader, read_to
from shared.runtime.outbound_records import partition_of

MOST_RECORDS = 200_000
_BATCH = 2_000
_TIMEOUT_S = 8.0
_BROKERS_DIFFER_MS = 60_000
"""The largest difference between the clocks of two brokers, in milliseconds.

A dead letter may be dated by a different broker and be this much earlier than its reading.
"""
_SCORING = "scoring"
"""The service whose dead letters mark refused readings."""


@dataclass(frozen=True, slots=True)
class ReadingWindow:
    """Readings in order of event time; records written before `since` were not read."""

    points: Sequence[Point]
    since: datetime


def with_history(
    window: ReadingWindow,
    history: Sequence[Point],
    begin: datetime,
    end: datetime,
    interval_s: float,
) -> ReadingWindow:
    """Return the readings of a period with the points of the history, each reading once.

    The history is as complete as it can be from its first point on.
    """
    points = sorted(point for point in {*history, *window.points} if point[0] <= end.timestamp())
    since = window.since
    if history:
        late_s = history[0][0] - begin.timestamp() - max(SLOT_S, 2 * interval_s)
        first = begin if late_s <= 0 else datetime.fromtimestamp(history[0][0], begin.tzinfo)
        since = min(since, first)
    return ReadingWindow(points, since)


class ReadingSource(Protocol):
    """A source of a sensor's readings."""

    async def look(
        self, sensor_id: str, metric: str, status: Status, since: datetime
    ) -> ReadingWindow:
        """Return readings of a metric since a moment. Raises Transient."""
        ...


class KafkaReadingSource:
    """Reads the topic of readings."""

    def __init__(
        self, bootstrap: str, most_records: int = MOST_RECORDS, spec: TopicSpec = READINGS
    ) -> None:
        self._bootstrap = bootstrap
        self._spec = spec
        self._most = most_records
        self._turn = asyncio.Lock()

    async def look(
        self, sensor_id: str, metric: str, status: Status, since: datetime
    ) -> ReadingWindow:
        """Return readings of a metric since a moment, if still in the topic."""
        key = sensor_id.encode()
        place = TopicPartition(self._spec.name, partition_of(key, self._spec.partitions))
        try:
            async with asyncio.timeout(_TIMEOUT_S), self._turn:
                consumer = make_reader(self._bootstrap)
                try:
                    await consumer.start()
                    consumer.assign([place])
                    records, complete_since = await self._records(consumer, place, key, since)
                    if records:
                        records, complete_since = await self._without_refused(
                            consumer, records, complete_since
                        )
                finally:
                    await stop_client(consumer)
        except (KafkaError, OSError, TimeoutError) as error:
            raise Transient(f"the readings cannot be had: {error}") from error
        points = {
            (reading.occurred_at.timestamp(), reading.value)
            for reading in _readings(records)
            if (reading.sensor_id, reading.metric, reading.status) == (sensor_id, metric, status)
            and reading.occurred_at >= since
        }
        return ReadingWindow(sorted(points), max(since, complete_since))

    async def _records(
        self, consumer: AIOKafkaConsumer, place: TopicPartition, key: bytes, since: datetime
    ) -> tuple[list[ConsumerRecord], datetime]:
        """Return the records of the key, and the time of the first record that was read."""
        end = (await consumer.end_offsets([place]))[place]
        oldest = (await consumer.beginning_offsets([place]))[place]
        first_match = (await consumer.offsets_for_times({place: int(since.timestamp() * 1_000)}))[
            place
        ]
        first_offset = end if first_match is None else first_match.offset
        begin = max(first_offset, end - self._most, oldest)
        if begin >= end:
            return [], since
        first, result = await _read(consumer, place, begin, end, key)
        return result, record_time(first) if first is not None and begin > first_offset else since

    async def _without_refused(
        self, consumer: AIOKafkaConsumer, records: list[ConsumerRecord], complete_since: datetime
    ) -> tuple[list[ConsumerRecord], datetime]:
        """Return the records not refused by scoring, and the moment from which the result is
        complete."""
        place = TopicPartition(self._spec.dlq, records[0].partition)
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        oldest = (await consumer.beginning_offsets([place]))[place]
        earliest = earliest_letter_ms(min(record.timestamp for record in records))
        first_match = (await consumer.offsets_for_times({place: earliest}))[place]
        first_offset = end if first_match is None else first_match.offset
        begin = max(first_offset, end - self._most, oldest)
        first, letters = await _read(consumer, place, begin, end, records[0].key)
        offsets = (refused_offset(letter, self._spec.name) for letter in letters)
        refused = {offset for offset in offsets if offset is not None}
        if first is not None and begin > first_offset:
            # Letters of earlier readings may be older than the searched range.
            complete_since = max(complete_since, record_time(first))
            records = [record for record in records if record.timestamp >= first]
        return [record for record in records if record.offset not in refused], complete_since


def earliest_letter_ms(reading_ms: int) -> int:
    """Return the earliest record time of the letter of a reading with this record time."""
    return max(reading_ms - _BROKERS_DIFFER_MS, 0)


def refused_offset(record: ConsumerRecord, topic: str) -> int | None:
    """Return the offset of the letter's reading; None unless the letter is from scoring."""
    try:
        letter = DEAD_LETTER.validate_json(record.value or b"", extra="ignore")
    except ValueError:
        return None
    is_of_scoring = (letter.service, letter.topic) == (_SCORING, topic)
    return letter.offset if is_of_scoring and letter.partition == record.partition else None


async def _read(
    consumer: AIOKafkaConsumer, place: TopicPartition, begin: int, end: int, key: bytes | None
) -> tuple[int | None, list[ConsumerRecord]]:
    """Return the time of the first record in [begin, end) and the records of a key."""
    consumer_records: list[ConsumerRecord] = []
    first: int | None = None
    if begin < end:
        consumer.seek(place, begin)
        pieces = read_to(consumer, {place: end}, max_records=_BATCH, timeout_ms=500)
        async for batch in (piece.get(place, []) async for piece in pieces):
            if batch and first is None:
                first = batch[0].timestamp
            consumer_records += [record for record in batch if record.key == key]
            await asyncio.sleep(0)  # the live screens come first
    return first, consumer_records


def _readings(records: Sequence[ConsumerRecord]) -> list[Reading]:
    results = []
    for record in records:
        try:
            reading = decode(READINGS, record)
        except Reject:
            continue  # scoring has put this record among the dead letters
        if isinstance(reading, Reading):
            results.append(reading)
    return results
