"""The refusals of sources in the last day, read from their topic and followed, in every process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from shared.contracts.refusals import SourceRefusal
from shared.contracts.topics import SOURCE_REFUSALS
from shared.domain.recent_refusals import AGE, RecentRefusals
from shared.runtime.bounded_waits import stop_client
from shared.runtime.fetching.consumer import CheckedConsumer, make_reader

log = structlog.get_logger("fenghuo.refusals")

_AGAIN_S = 2


class SourceRefusalReader:
    """Reads refusals for ever; what cannot be read now is read later and holds up nothing."""

    def __init__(self, bootstrap: str, recent: RecentRefusals, now: Callable[[], datetime]) -> None:
        self._bootstrap = bootstrap
        self._recent = recent
        self._now = now

    async def run(self) -> None:
        """Read for ever, also after outages of Kafka: repeats are recognised by their ids."""
        while True:
            consumer = make_reader(self._bootstrap)
            try:
                await consumer.start()
                await self._seek(consumer)
                while True:
                    await self._read(consumer)
            except KafkaError as error:
                log.warning("refusals_unread", error=repr(error))
            finally:
                await stop_client(consumer)
            await asyncio.sleep(_AGAIN_S)

    async def _seek(self, consumer: CheckedConsumer) -> None:
        """Begin with the first record of the last day."""
        partitions = [
            TopicPartition(SOURCE_REFUSALS.name, number)
            for number in range(SOURCE_REFUSALS.partitions)
        ]
        consumer.assign(partitions)
        since_ms = round((self._now() - AGE).timestamp() * 1000)
        offsets = await consumer.offsets_for_times(dict.fromkeys(partitions, since_ms))
        ends = await consumer.end_offsets(partitions)
        for partition in partitions:
            first = offsets.get(partition)
            consumer.seek(partition, ends[partition] if first is None else first.offset)

    async def _read(self, consumer: CheckedConsumer) -> None:
        fetched = await consumer.getmany(timeout_ms=1_000, max_records=1_000)
        for records in fetched.values():
            for record in records:
                try:
                    refusal = SourceRefusal.from_wire(record.value or b"")
                except ValidationError:
                    continue  # the auditor makes it a dead letter
                self._recent.add(record.offset, refusal)
