"""A compacted topic as a table in memory: read to its end at start, followed from then on.

No consumer group: every process needs the whole table. This is one of the two places where a thin
aiokafka loop serves instead of a FastStream subscriber (docs/adr/0002).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from shared.contracts.topics import TopicSpec
from shared.runtime.decoding import decode
from shared.runtime.errors import Reject, Transient, die

log = structlog.get_logger("fenghuo.tables")

OnMessage = Callable[[Any], None]
"""Takes one decoded message; raises Reject when it cannot be used."""
OnDelete = Callable[[str], None]
"""Takes the key of a record that was deleted (a tombstone: a key without a value)."""
OnRejects = Callable[[list[tuple[ConsumerRecord, Reject]]], Awaitable[None]]


class CompactedTable:
    """Feeds every record of a compacted topic to `on_message`, from the beginning."""

    def __init__(
        self,
        bootstrap: str,
        spec: TopicSpec,
        on_message: OnMessage,
        on_rejects: OnRejects | None = None,
        on_delete: OnDelete | None = None,
    ) -> None:
        self._bootstrap = bootstrap
        self._spec = spec
        self._on_message = on_message
        self._on_rejects = on_rejects
        self._on_delete = on_delete
        self._loaded = False
        self._consumer: AIOKafkaConsumer | None = None

    def ready(self) -> str | None:
        """For /readyz."""
        return None if self._loaded else f"{self._spec.name} is not loaded yet"

    async def load(self) -> None:
        """Read up to the present end of the topic; raises KafkaError, Transient."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=4 * 1_048_576,
            fetch_max_wait_ms=100,
        )
        await consumer.start()
        self._consumer = consumer
        partitions = [TopicPartition(self._spec.name, n) for n in range(self._spec.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        while True:
            behind = [tp for tp in partitions if await consumer.position(tp) < ends[tp]]
            if not behind:
                break
            await self._take(await consumer.getmany(*behind, timeout_ms=200, max_records=5_000))
        self._loaded = True

    async def follow(self) -> None:
        """Background loop: apply what is written from now on."""
        assert self._consumer is not None, "load() comes first"
        while True:
            try:
                await self._take(await self._consumer.getmany(timeout_ms=1_000))
            except KafkaError as error:
                log.warning("table_retry", topic=self._spec.name, error=repr(error))
                await asyncio.sleep(1)
            except Transient as error:
                die(f"dead letters of {self._spec.name} cannot be written: {error}")

    async def stop(self) -> None:
        """Close the consumer."""
        if self._consumer is not None:
            await self._consumer.stop()

    async def _take(self, fetched: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        refused: list[tuple[ConsumerRecord, Reject]] = []
        for records in fetched.values():
            for record in records:
                if not record.value:
                    if self._on_delete is not None and record.key:
                        self._on_delete(record.key.decode("utf-8", "replace"))
                    continue
                try:
                    self._on_message(decode(self._spec.model, record))
                except Reject as why:
                    refused.append((record, why))
        if not refused:
            return
        log.warning("table_rejects", topic=self._spec.name, count=len(refused))
        if self._on_rejects is not None:
            await self._on_rejects(refused)
