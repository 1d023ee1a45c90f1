"""The topics as the auditor reads them: by itself, without a consumer group, from where it says.

Every read assigns just the partitions that have something new, so that nothing is fetched ahead and
held for a partition that is being kept waiting. Offsets are asked for by a second client, which has all
partitions and fetches from none: a client learns of the topics that it is assigned, and of every other
one by a retry each.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from services.audit.core.conservation import Place
from shared.contracts.topics import TOPICS
from shared.runtime.errors import Transient
from shared.runtime.fetching import fetch_states
from shared.runtime.fetching.consumer import make_reader

log = structlog.get_logger("fenghuo.audit.topics")

_PATIENCE_S = 2.0
"""Longest that one read may wait for Kafka."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A record's offset, Kafka's time of it in ms since 1970, and its bytes."""

    offset: int
    accepted_ms: int
    value: bytes | None


@dataclass(slots=True)
class Batch:
    """Records by place, and up to where each place has been read.

    `without`: how many of the offsets read over hold no record and never will: end marks of transactions,
    records of aborted ones. `unreadable`: why a place cannot be read on from where it was reached.
    """

    records: dict[Place, list[Raw]] = field(default_factory=dict)
    reached: dict[Place, int] = field(default_factory=dict)
    without: dict[Place, int] = field(default_factory=dict)
    unreadable: dict[Place, str] = field(default_factory=dict)


def places() -> list[Place]:
    """Every partition of every topic with a public contract, and of its dead letters."""
    specs = [spec for spec in TOPICS.values() if spec.contract is not None]
    names = [(spec.name, spec.partitions) for spec in specs]
    names += [(spec.dlq, spec.partitions) for spec in specs if spec.dead_letters]
    return [(name, part) for name, parts in names for part in range(parts)]


class Topics:
    """Kafka's log. Every method raises Transient while Kafka cannot be asked."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._consumer: AIOKafkaConsumer | None = None
        self._asker: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None

    async def stop(self) -> None:
        """Close the connections; the next question opens new ones."""
        clients = [one for one in (self._consumer, self._asker) if one is not None]
        self._consumer = self._asker = None
        admin, self._admin = self._admin, None
        for client in clients:
            await client.stop()
        if admin is not None:
            await admin.close()

    async def ends(self) -> dict[Place, int]:
        """The next offset of every partition."""
        try:
            consumer = await self._ask()
            result = await consumer.end_offsets([TopicPartition(*place) for place in places()])
        except (KafkaError, TimeoutError) as error:
            raise await self._failed(error) from error
        return {(tp.topic, tp.partition): offset for tp, offset in result.items()}

    async def begins(self, wanted: Iterable[Place]) -> dict[Place, int]:
        """The first offset that these partitions still hold."""
        try:
            consumer = await self._ask()
            result = await consumer.beginning_offsets([TopicPartition(*one) for one in wanted])
        except (KafkaError, TimeoutError) as error:
            raise await self._failed(error) from error
        return {(tp.topic, tp.partition): offset for tp, offset in result.items()}

    async def committed(self, group: str) -> dict[Place, int]:
        """What a consumer group has committed; empty when it never has."""
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
        self, cursors: Mapping[Place, int], ends: Mapping[Place, int], limit: int
    ) -> Batch:
        """Up to `limit` records from the cursors on, no partition beyond its end."""
        batch = Batch()
        behind = [cursor for cursor, offset in cursors.items() if offset < ends[cursor]]
        if not behind:
            return batch
        try:
            await self._fetch(batch, cursors, {one: ends[one] for one in behind}, limit)
        except (KafkaError, TimeoutError) as error:
            raise await self._failed(error) from error
        return batch

    async def _fetch(
        self, batch: Batch, cursors: Mapping[Place, int], ends: Mapping[Place, int], limit: int
    ) -> None:
        consumer = await self._reader()
        partitions = {TopicPartition(*one): end for one, end in ends.items()}
        consumer.assign(list(partitions))
        for tp in partitions:
            consumer.seek(tp, cursors[tp.topic, tp.partition])
        deadline = time.monotonic() + _PATIENCE_S
        left = limit
        while partitions and left > 0 and time.monotonic() < deadline:
            fetched = await consumer.getmany(*partitions, timeout_ms=100, max_records=left)
            for tp, records in fetched.items():
                place, end = (tp.topic, tp.partition), partitions[tp]
                kept = [record for record in records if record.offset < end]
                left -= len(kept)
                batch.records.setdefault(place, []).extend(
                    Raw(one.offset, one.timestamp, one.value) for one in kept
                )
            for tp in list(partitions):
                place, walk = (tp.topic, tp.partition), fetch_states.fetch_state(consumer, tp)
                position = min(await consumer.position(tp), partitions[tp])
                batch.reached[place] = position
                batch.without[place] = walk.count_empty(cursors[place], position)
                if walk.failure is not None:
                    batch.unreadable[place] = walk.failure
                if position >= partitions[tp] or walk.failure is not None:
                    del partitions[tp]

    async def _reader(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            self._consumer = await self._connect()
        return self._consumer

    async def _ask(self) -> AIOKafkaConsumer:
        if self._asker is None:
            consumer = await self._connect()
            everything = [TopicPartition(*place) for place in places()]
            consumer.assign(everything)
            consumer.pause(*everything)
            self._asker = consumer
        return self._asker

    async def _connect(self) -> AIOKafkaConsumer:
        consumer = make_reader(  # what retention took is seen as a gap
            self._bootstrap,
            client_id="fenghuo-audit-log",
            max_partition_fetch_bytes=4 * 1_048_576,
            fetch_max_wait_ms=50,
            request_timeout_ms=5_000,
        )
        try:
            await consumer.start()
        except BaseException:
            await consumer.stop()
            raise
        return consumer

    async def _failed(self, error: Exception) -> Transient:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self.stop()
        except (KafkaError, TimeoutError):
            log.warning("log_closed_hard")
        return Transient(f"Kafka cannot be asked: {type(error).__name__}")
