"""A sensor's last readings, read back from the log when somebody looks: no table grows with every reading.

A partition holds many sensors, so a look reads past the others: at most MOST_RECORDS of the newest, one look
at a time, without a consumer group. What lies further back is left out, and said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from services.console.core.charts import Point
from shared.contracts.fields import Status
from shared.contracts.readings import Reading
from shared.contracts.topics import READINGS, TopicSpec
from shared.runtime.decoding import decode
from shared.runtime.errors import Reject, Transient
from shared.runtime.publisher import partition_of

MOST_RECORDS = 200_000
_BATCH = 2_000
_PATIENCE_S = 8.0


@dataclass(frozen=True, slots=True)
class Looked:
    """Readings in order of event time; `since`: what was written before was not looked at."""

    points: Sequence[Point]
    since: datetime


class Source(Protocol):
    """Where a sensor's readings are had from."""

    async def look(self, sensor_id: str, metric: str, status: Status, since: datetime) -> Looked:
        """Readings of one metric since a moment. Raises Transient."""
        ...


class KafkaSource:
    """Reads the topic of readings."""

    def __init__(
        self, bootstrap: str, most_records: int = MOST_RECORDS, spec: TopicSpec = READINGS
    ) -> None:
        self._bootstrap = bootstrap
        self._spec = spec
        self._most = most_records
        self._turn = asyncio.Lock()

    async def look(self, sensor_id: str, metric: str, status: Status, since: datetime) -> Looked:
        """Readings of one metric since a moment, as far as they are still in the topic."""
        key = sensor_id.encode()
        place = TopicPartition(self._spec.name, partition_of(key, self._spec.partitions))
        try:
            async with asyncio.timeout(_PATIENCE_S), self._turn:
                consumer = AIOKafkaConsumer(
                    bootstrap_servers=self._bootstrap,
                    enable_auto_commit=False,
                    auto_offset_reset="earliest",
                )
                await consumer.start()
                try:
                    consumer.assign([place])
                    records, begun = await self._records(consumer, place, key, since)
                finally:
                    await consumer.stop()
        except (KafkaError, OSError, TimeoutError) as error:
            raise Transient(f"the readings cannot be had: {error}") from error
        points = {
            one.id: (one.occurred_at.timestamp(), one.value)
            for one in _readings(records)
            if (one.sensor_id, one.metric, one.status) == (sensor_id, metric, status)
            and one.occurred_at >= since
        }
        return Looked(sorted(points.values()), max(since, begun))

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
        consumer.seek(place, begin)
        found: list[ConsumerRecord] = []
        begun: datetime | None = None
        while await consumer.position(place) < end:
            batch = (await consumer.getmany(place, timeout_ms=500, max_records=_BATCH)).get(
                place, []
            )
            if batch and begun is None and begin > wanted:
                begun = datetime.fromtimestamp(batch[0].timestamp / 1_000, UTC)
            found += [record for record in batch if record.key == key]
            await asyncio.sleep(0)  # the live screens come first
        return found, begun or since


def _readings(records: Sequence[ConsumerRecord]) -> list[Reading]:
    found = []
    for record in records:
        try:
            one = decode(READINGS.model, record)
        except Reject:
            continue  # scoring has put it among the dead letters
        if isinstance(one, Reading):
            found.append(one)
    return found
