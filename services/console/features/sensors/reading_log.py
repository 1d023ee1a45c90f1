"""A sensor's last readings, read back from the log when somebody looks: no table grows with every reading.

A partition holds many sensors, so a look reads past the others: at most MOST_RECORDS of the newest, one look
at a time, without a consumer group. What lies further back is left out, and said. What scoring refused
is left out too: each such record has a dead letter, which names its offset.
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
from shared.contracts.fields import Status
from shared.contracts.readings import Reading
from shared.contracts.topics import DEAD_LETTER, READINGS, TopicSpec
from shared.runtime.clock import record_time
from shared.runtime.decoding import decode
from shared.runtime.errors import Reject, Transient
from shared.runtime.fetching.consumer import make_reader, read_to
from shared.runtime.outbound_records import partition_of

MOST_RECORDS = 200_000
_BATCH = 2_000
_PATIENCE_S = 8.0
_BROKERS_DIFFER_MS = 60_000
"""A letter may be dated by another broker than its reading, and this much before it at most."""
_JUDGE = "scoring"
"""The service whose letters say that a reading was not judged."""


@dataclass(frozen=True, slots=True)
class ReadingWindow:
    """Readings in order of event time; `since`: what was written before was not looked at."""

    points: Sequence[Point]
    since: datetime


class ReadingSource(Protocol):
    """Where a sensor's readings are had from."""

    async def look(
        self, sensor_id: str, metric: str, status: Status, since: datetime
    ) -> ReadingWindow:
        """Readings of one metric since a moment. Raises Transient."""
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
        """Readings of one metric since a moment, as far as they are still in the topic."""
        key = sensor_id.encode()
        place = TopicPartition(self._spec.name, partition_of(key, self._spec.partitions))
        try:
            async with asyncio.timeout(_PATIENCE_S), self._turn:
                consumer = make_reader(self._bootstrap)
                await consumer.start()
                try:
                    consumer.assign([place])
                    records, begun = await self._records(consumer, place, key, since)
                    if records:
                        records, begun = await self._judged(consumer, records, begun)
                finally:
                    await consumer.stop()
        except (KafkaError, OSError, TimeoutError) as error:
            raise Transient(f"the readings cannot be had: {error}") from error
        points = {
            (reading.occurred_at.timestamp(), reading.value)
            for reading in _readings(records)
            if (reading.sensor_id, reading.metric, reading.status) == (sensor_id, metric, status)
            and reading.occurred_at >= since
        }
        return ReadingWindow(sorted(points), max(since, begun))

    async def _records(
        self, consumer: AIOKafkaConsumer, place: TopicPartition, key: bytes, since: datetime
    ) -> tuple[list[ConsumerRecord], datetime]:
        """The key's records, and when the first record that was looked at was written."""
        end = (await consumer.end_offsets([place]))[place]
        oldest = (await consumer.beginning_offsets([place]))[place]
        asked = (await consumer.offsets_for_times({place: int(since.timestamp() * 1_000)}))[place]
        wanted = end if asked is None else asked.offset
        begin = max(wanted, end - self._most, oldest)
        if begin >= end:
            return [], since
        first, result = await _read(consumer, place, begin, end, key)
        return result, record_time(first) if first is not None and begin > wanted else since

    async def _judged(
        self, consumer: AIOKafkaConsumer, records: list[ConsumerRecord], begun: datetime
    ) -> tuple[list[ConsumerRecord], datetime]:
        """What of these records of one key scoring did not refuse, and from when that is known."""
        place = TopicPartition(self._spec.dlq, records[0].partition)
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        oldest = (await consumer.beginning_offsets([place]))[place]
        earliest = min(record.timestamp for record in records) - _BROKERS_DIFFER_MS
        asked = (await consumer.offsets_for_times({place: max(earliest, 0)}))[place]
        wanted = end if asked is None else asked.offset
        begin = max(wanted, end - self._most, oldest)
        first, letters = await _read(consumer, place, begin, end, records[0].key)
        refused = {offset for letter in letters if (offset := self._refused(letter)) is not None}
        if first is not None and begin > wanted:
            # Letters of what was written earlier may lie further back than was looked.
            begun = max(begun, record_time(first))
            records = [record for record in records if record.timestamp >= first]
        return [record for record in records if record.offset not in refused], begun

    def _refused(self, record: ConsumerRecord) -> int | None:
        """The offset of the reading that this letter is of; None when it is no letter of scoring's."""
        try:
            letter = DEAD_LETTER.validate_json(record.value or b"")
        except ValueError:
            return None
        ours = (letter.service, letter.topic) == (_JUDGE, self._spec.name)
        return letter.offset if ours and letter.partition == record.partition else None


async def _read(
    consumer: AIOKafkaConsumer, place: TopicPartition, begin: int, end: int, key: bytes | None
) -> tuple[int | None, list[ConsumerRecord]]:
    """The time of the first record from `begin` to before `end`, and the records of one key."""
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
            reading = decode(READINGS.model, record)
        except Reject:
            continue  # scoring has put it among the dead letters
        if isinstance(reading, Reading):
            results.append(reading)
    return results
