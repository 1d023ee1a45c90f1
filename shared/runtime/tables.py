"""A compacted topic as a table in memory: read to its end at start, followed from then on.

There is no consumer group: every process needs all of the table. This is one of the two modules
where a small aiokafka loop is used instead of a FastStream subscriber (docs/adr/0002).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from shared.contracts.dead_letter import Reason
from shared.contracts.topics import TopicSpec
from shared.runtime.bounded_waits import stop_client
from shared.runtime.decoding import decode
from shared.runtime.errors import ENVIRONMENT_ERRORS, Reject, Transient, exit_process
from shared.runtime.fetching import fetch_states
from shared.runtime.fetching.consumer import make_reader, read_to
from shared.runtime.stored_offsets import StoredOffset, fingerprint

log = structlog.get_logger("fenghuo.tables")

FETCH_BYTES = 4 * 1_048_576
"""The most that one answer brings, of all partitions together: an answer lies in memory several
times while it is decoded, and a process keeps the memory that its start has once taken."""

OnMessage = Callable[[Any], None]
"""Applies one decoded message; raises Reject when it cannot be used."""
OnDelete = Callable[[str], object]
"""Deletes by the key of a tombstone: a record with a key and without a value."""
OnRejects = Callable[[list[tuple[ConsumerRecord, Reject]]], Awaitable[None]]
AtBoundary = Callable[[], AbstractAsyncContextManager[None]]
"""Entered around every later change; a Transient on entering is retried."""
Positions = dict[str, int]
"""The positions of a table in its topic: `topic:partition` and the next offset to apply."""


class TableProgress(NamedTuple):
    """The progress of a table in one partition: the next offset to fetch, the next to apply.

    `changes` counts the attempts to apply; `is_applying` is true within one. A partition that is
    not readable is named by `CompactedTable.ready`.
    """

    position: int
    applied: int
    changes: int
    is_applying: bool
    is_unreadable: bool


class CompactedTable:
    """Feeds every record of a compacted topic to `on_message`, from the beginning."""

    def __init__(
        self,
        bootstrap: str,
        spec: TopicSpec,
        on_message: OnMessage,
        on_delete: OnDelete,
        on_rejects: OnRejects | None = None,
        at_boundary: AtBoundary = nullcontext,
    ) -> None:
        self._bootstrap = bootstrap
        self.spec = spec
        self._on_message = on_message
        self._on_rejects = on_rejects
        self._on_delete = on_delete
        self._at_boundary = at_boundary
        self._loaded = False
        self._changes = 0
        self._is_applying = False
        self.partitions = [TopicPartition(spec.name, n) for n in range(spec.partitions)]
        self.positions: Positions = {}
        self.last_records: dict[TopicPartition, StoredOffset] = {}
        """The last record of each partition, by which its log is recognised."""
        self._consumer: AIOKafkaConsumer | None = None

    @property
    def name(self) -> str:
        """The topic of the table."""
        return self.spec.name

    def ready(self) -> str | None:
        """Return None when the table is loaded and followed, else the reason for /readyz."""
        if not self._loaded or self._consumer is None:
            return f"{self.spec.name} is not loaded yet"
        return "; ".join(fetch_states.failures(self._consumer, self.partitions)) or None

    def progress(self, partition: TopicPartition) -> TableProgress:
        """Return how far a partition is fetched and applied."""
        assert self._consumer is not None, "load() comes first"
        return TableProgress(
            fetch_states.position(self._consumer, partition) or 0,
            self.positions.get(_place(partition), 0),
            self._changes,
            self._is_applying,
            fetch_states.fetch_state(self._consumer, partition).failure is not None,
        )

    async def load(self, until: Mapping[str, int] | None = None) -> None:
        """Read up to the present end of the topic, or to these positions; `follow` goes on from
        there.

        Raises KafkaError, also where a part of the topic cannot be read, and Transient.
        """
        consumer = make_reader(
            self._bootstrap,
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_bytes=FETCH_BYTES,
            fetch_max_wait_ms=100,
        )
        self._consumer = consumer  # `stop` closes it, also when it does not start
        await consumer.start()
        partitions = self.partitions
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        if until is not None:
            ends = {
                partition: min(end, until.get(_place(partition), 0))
                for partition, end in ends.items()
            }
        await consumer.seek_to_beginning(*partitions)
        async for fetched in read_to(consumer, ends, max_records=5_000):
            await self._apply_fetched(fetched)
        self.positions |= {_place(partition): end for partition, end in ends.items()}
        self._loaded = True

    async def follow(self) -> None:
        """Apply records that are written from now on; for ever."""
        assert self._consumer is not None, "load() comes first"
        while True:
            try:
                fetched = await self._consumer.getmany(timeout_ms=1_000)
            except KafkaError as error:
                log.warning("table_retry", topic=self.spec.name, error=repr(error))
                await asyncio.sleep(1)
                continue
            self._is_applying = bool(fetched)
            while fetched:
                self._changes += 1
                try:
                    async with self._at_boundary():
                        await self._apply_or_exit(fetched)
                except Transient as error:
                    log.warning("table_waits", topic=self.spec.name, error=str(error))
                    await asyncio.sleep(1)
                else:
                    break
            self._is_applying = False

    async def stop(self) -> None:
        """Close the consumer."""
        if self._consumer is not None:
            await stop_client(self._consumer)

    def apply(self, message: Any) -> None:
        """Apply one decoded message; raises Reject when it cannot be used."""
        self._on_message(message)

    def _delete(self, tombstone: ConsumerRecord) -> None:
        if tombstone.key:
            self._on_delete(tombstone.key.decode("utf-8", "replace"))

    async def _apply_or_exit(self, fetched: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        try:
            await self._apply_fetched(fetched)
        except (KafkaError, Transient) as error:
            exit_process(f"dead letters of {self.spec.name} cannot be written: {error}")

    async def _apply_fetched(self, fetched: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        refused: list[tuple[ConsumerRecord, Reject]] = []
        for partition, records in fetched.items():
            last = records[-1]
            self.last_records[partition] = StoredOffset(last.offset + 1, fingerprint(last.value))
            for record in records:
                self.positions[_place(partition)] = record.offset + 1
                try:
                    if record.value is None:
                        self._delete(record)
                        continue
                    self.apply(decode(self.spec, record))
                except Reject as reject:
                    refused.append((record, reject))
                except ENVIRONMENT_ERRORS:
                    raise
                except Exception as bug:
                    # A record with which a handler has a bug costs the table this record only.
                    log.exception("table_record_failed", topic=self.spec.name)
                    refused.append((record, Reject(Reason.HANDLER_ERROR, repr(bug))))
        if not refused:
            return
        log.warning("table_rejects", topic=self.spec.name, count=len(refused))
        if self._on_rejects is not None:
            await self._on_rejects(refused)


def _place(partition: TopicPartition) -> str:
    return f"{partition.topic}:{partition.partition}"
