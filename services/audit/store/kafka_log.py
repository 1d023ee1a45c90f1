"""The auditor's own reader of Kafka's log: without a consumer group, from any offset.

Each read assigns only the partitions with new records, so that no records are fetched ahead for a
partition that is not read now. A second client answers questions about offsets. It is assigned all
partitions and fetches from none, because a client knows the topics that are assigned to it, and
learns of any additional topic only after a retry.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from services.audit.core.conservation.audited_record import Partition
from shared.contracts.topics import TOPICS
from shared.runtime.bounded_waits import stop_client
from shared.runtime.errors import Transient
from shared.runtime.fetching import fetch_states
from shared.runtime.fetching.consumer import make_reader

log = structlog.get_logger("fenghuo.audit.topics")

_FETCH_BYTES = 4 * 1_048_576
"""Bytes that a broker returns at once, a larger record alone: a backlog fills no more memory."""
_READ_TIMEOUT_S = 2.0
"""The longest time that one read may wait for Kafka, in seconds."""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A record: offset, Kafka's timestamp in ms since 1970, bytes (None for a deletion)."""

    offset: int
    accepted_ms: int
    value: bytes | None


@dataclass(slots=True)
class LogBatch:
    """Records by partition, and the offset up to which each partition has been read.

    `empty` counts the offsets in between that hold no record and never will: end marks of
    transactions and records of aborted transactions. `unreadable` gives the reason why a partition
    cannot be read beyond its next offset.
    """

    records: dict[Partition, list[LogRecord]] = field(default_factory=dict)
    next_offsets: dict[Partition, int] = field(default_factory=dict)
    empty: dict[Partition, int] = field(default_factory=dict)
    unreadable: dict[Partition, str] = field(default_factory=dict)


def partitions() -> list[Partition]:
    """Return all partitions of all topics with a public contract, and of their dead letters."""
    specs = [spec for spec in TOPICS.values() if spec.contract is not None]
    names = [(spec.name, spec.partitions) for spec in specs]
    names += [(spec.dlq, spec.partitions) for spec in specs if spec.dead_letters]
    return [(name, part) for name, parts in names for part in range(parts)]


class KafkaLog:
    """The records and offsets of all topics. Each method raises Transient while Kafka is away."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._consumer: AIOKafkaConsumer | None = None
        self._offset_client: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None

    async def stop(self) -> None:
        """Close the connections; the next call of a method opens new connections."""
        clients = (self._consumer, self._offset_client, self._admin)
        self._consumer = self._offset_client = self._admin = None
        for client in clients:
            if client is not None:
                await stop_client(client)

    async def end_offsets(self) -> dict[Partition, int]:
        """Return the next offset of every partition."""
        try:
            client = await self._offsets()
            result = await client.end_offsets(_as_kafka(partitions()))
        except (KafkaError, TimeoutError) as error:
            raise await self._failed(error) from error
        return {(tp.topic, tp.partition): offset for tp, offset in result.items()}

    async def begin_offsets(self, requested: Iterable[Partition]) -> dict[Partition, int]:
        """Return the first offset that these partitions hold."""
        try:
            client = await self._offsets()
            result = await client.beginning_offsets(_as_kafka(requested))
        except (KafkaError, TimeoutError) as error:
            raise await self._failed(error) from error
        return {(tp.topic, tp.partition): offset for tp, offset in result.items()}

    async def offsets_at(
        self, requested: Iterable[Partition], at: datetime
    ) -> dict[Partition, int]:
        """Return the first offset with Kafka's time `at` or later, of a partition without one the
        end.
        """
        moments = dict.fromkeys(_as_kafka(requested), int(at.timestamp() * 1000))
        if not moments:
            return {}
        try:
            client = await self._offsets()
            offsets = await client.offsets_for_times(moments)
            past = [partition for partition, offset in offsets.items() if offset is None]
            ends = await client.end_offsets(past) if past else {}
        except (KafkaError, TimeoutError) as error:
            raise await self._failed(error) from error
        return {
            (tp.topic, tp.partition): ends[tp] if offset is None else offset.offset
            for tp, offset in offsets.items()
        }

    async def committed_offsets(self, group: str) -> dict[Partition, int]:
        """Return the offsets that a consumer group has committed; empty before its first commit."""
        try:
            if self._admin is None:
                admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
                await admin.start()
                self._admin = admin
            result = await self._admin.list_consumer_group_offsets(group)
        except (KafkaError, TimeoutError) as error:
            raise await self._failed(error) from error
        return {
            (tp.topic, tp.partition): meta.offset for tp, meta in result.items() if meta.offset >= 0
        }

    async def read(
        self, cursors: Mapping[Partition, int], ends: Mapping[Partition, int], limit: int
    ) -> LogBatch:
        """Return up to `limit` records from the cursors on, in no partition beyond its end."""
        batch = LogBatch()
        unread = {
            partition: ends[partition]
            for partition, offset in cursors.items()
            if offset < ends[partition]
        }
        if not unread:
            return batch
        try:
            await self._fetch(batch, cursors, unread, limit)
        except (KafkaError, TimeoutError) as error:
            raise await self._failed(error) from error
        return batch

    async def _fetch(
        self,
        batch: LogBatch,
        cursors: Mapping[Partition, int],
        ends: Mapping[Partition, int],
        limit: int,
    ) -> None:
        consumer = await self._reader()
        unread = {TopicPartition(*partition): end for partition, end in ends.items()}
        consumer.assign(list(unread))
        for tp in unread:
            consumer.seek(tp, cursors[tp.topic, tp.partition])
        deadline = time.monotonic() + _READ_TIMEOUT_S
        budget = limit
        while unread and budget > 0 and time.monotonic() < deadline:
            fetched = await consumer.getmany(*unread, timeout_ms=100, max_records=budget)
            for tp, records in fetched.items():
                new = [record for record in records if record.offset < unread[tp]]
                budget -= len(new)
                batch.records.setdefault((tp.topic, tp.partition), []).extend(
                    LogRecord(record.offset, record.timestamp, record.value) for record in new
                )
            for tp in list(unread):
                partition, walk = (tp.topic, tp.partition), fetch_states.fetch_state(consumer, tp)
                position = min(await consumer.position(tp), unread[tp])
                batch.next_offsets[partition] = position
                batch.empty[partition] = walk.count_empty(cursors[partition], position)
                if walk.failure is not None:
                    batch.unreadable[partition] = walk.failure
                if position >= unread[tp] or walk.failure is not None:
                    del unread[tp]

    async def _reader(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            self._consumer = await self._connect()
        return self._consumer

    async def _offsets(self) -> AIOKafkaConsumer:
        if self._offset_client is None:
            client = await self._connect()
            assigned = _as_kafka(partitions())
            client.assign(assigned)
            client.pause(*assigned)
            self._offset_client = client
        return self._offset_client

    async def _connect(self) -> AIOKafkaConsumer:
        consumer = make_reader(  # records that retention deleted appear as a gap
            self._bootstrap,
            client_id="fenghuo-audit-log",
            fetch_max_bytes=_FETCH_BYTES,
            max_partition_fetch_bytes=_FETCH_BYTES,
            fetch_max_wait_ms=50,
            request_timeout_ms=5_000,
        )
        try:
            await consumer.start()
        except BaseException:
            await stop_client(consumer)
            raise
        return consumer

    async def _failed(self, error: Exception) -> Transient:
        await self.stop()
        return Transient(f"Kafka cannot be asked: {type(error).__name__}")


def _as_kafka(requested: Iterable[Partition]) -> list[TopicPartition]:
    return [TopicPartition(*partition) for partition in requested]
