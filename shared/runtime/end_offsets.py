"""The ends of partitions, asked by a client that fetches nothing.

A consumer's own client has one request at a time on its way to a broker, so that a question would
wait for the fetch under way.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.contracts.topics import TopicSpec
from shared.runtime.errors import Transient
from shared.runtime.fetching.consumer import make_reader

log = structlog.get_logger("fenghuo.end_offsets")

UNKNOWN_END = sys.maxsize
"""The end of a partition without a leader: records there may be unread, and nobody can tell."""
_TIMEOUT_S = 5.0
_STOP_S = 2.0


class EndOffsets:
    """Asks Kafka for the next offset of every partition of some topics; connects when asked."""

    def __init__(self, bootstrap: str, topics: Sequence[TopicSpec], client_id: str) -> None:
        self._bootstrap = bootstrap
        self._partitions = [
            TopicPartition(spec.name, number)
            for spec in topics
            for number in range(spec.partitions)
        ]
        self._client_id = client_id
        self._client: AIOKafkaConsumer | None = None
        self._begins: dict[TopicPartition, int] = {}

    async def ask(self) -> dict[TopicPartition, int]:
        """Return the end of each partition: 0 where nothing is to be read.

        A partition without a leader has the end `UNKNOWN_END`, and holds up no other. Raises
        Transient while Kafka does not answer.
        """
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                if self._client is None:
                    self._client = await self._connect()
                return await self._ask(self._client)
        except (KafkaError, OSError, TimeoutError) as error:
            await self.stop()
            raise Transient(f"Kafka does not tell the ends of partitions: {error!r}") from error

    async def _ask(self, client: AIOKafkaConsumer) -> dict[TopicPartition, int]:
        if any(not _has_leader(client, partition) for partition in self._partitions):
            await client._client.force_metadata_update()
        led = [partition for partition in self._partitions if _has_leader(client, partition)]
        if new := [partition for partition in led if partition not in self._begins]:
            self._begins |= await client.beginning_offsets(new)
        ends = dict.fromkeys(self._partitions, UNKNOWN_END)
        for partition, end in (await client.end_offsets(led)).items():
            # Before its first record for this group, a partition may have lost all to retention.
            ends[partition] = end if end > self._begins[partition] else 0
        return ends

    async def stop(self) -> None:
        """Close the connection; the next question opens another."""
        client, self._client = self._client, None
        if client is None:
            return
        try:
            async with asyncio.timeout(_STOP_S):
                await client.stop()
        except (KafkaError, OSError, TimeoutError):
            log.warning("client_closed_hard")

    async def _connect(self) -> AIOKafkaConsumer:
        client = make_reader(
            self._bootstrap,
            client_id=self._client_id,
            request_timeout_ms=int(_TIMEOUT_S * 1_000),
        )
        try:
            await client.start()
            # A client knows the topics that are assigned to it; it fetches nothing while they
            # pause.
            client.assign(self._partitions)
            client.pause(*self._partitions)
            await client._client.force_metadata_update()
        except BaseException:
            await client.stop()
            raise
        return client


def _has_leader(client: AIOKafkaConsumer, partition: TopicPartition) -> bool:
    return client._client.cluster.leader_for_partition(partition) not in (None, -1)
