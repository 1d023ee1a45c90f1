"""The acts of an operator on refused records, and the producer that writes acts and replays."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from aiokafka import AIOKafkaProducer

from shared.contracts.ids import content_id
from shared.contracts.letter_acts import LetterAct, LetterVerb
from shared.contracts.topics import LETTER_ACTS, TopicSpec
from shared.contracts.units import tier_of
from shared.runtime.outbound_records import MAX_REQUEST_BYTES, OutboundRecord, encode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_TIMEOUT_S = 30


class Operator(NamedTuple):
    """The person who acts, their unit, and the reason; all of it goes into the trail."""

    actor: str
    unit: str
    reason: str

    def act(
        self,
        verb: LetterVerb,
        topic: str,
        partition: int,
        offsets: Sequence[int],
        now: datetime,
        **more: Any,
    ) -> LetterAct:
        """Return an act of this person on records of one partition."""
        place = (topic, partition, offsets[0], len(offsets))
        return LetterAct(
            id=content_id("lta", verb, self.actor, *place, now.isoformat()),
            occurred_at=now,
            sent_at=now,
            origin_unit=self.unit,
            tier=tier_of(self.unit),
            verb=verb,
            actor=self.actor,
            reason=self.reason,
            topic=topic,
            partition=partition,
            offsets=tuple(offsets),
            **more,
        )


class LetterWriter:
    """Writes acts, and refused records to their topics; each call waits until Kafka has all."""

    def __init__(self, producer: AIOKafkaProducer, acts: TopicSpec = LETTER_ACTS) -> None:
        self._producer = producer
        self._acts = acts

    async def write(self, act: LetterAct) -> int:
        """Write an act; returns its offset. Raises KafkaError, TimeoutError."""
        record = OutboundRecord(self._acts.name, act.topic.encode(), encode(act), 0)
        return (await self.send([record]))[0][1]

    async def send(self, records: Sequence[OutboundRecord]) -> list[tuple[int, int]]:
        """Write records in order; returns the partition and offset of each."""
        async with asyncio.timeout(_TIMEOUT_S):
            deliveries = [
                await self._producer.send(
                    record.topic,
                    record.value,
                    key=record.key,
                    partition=record.partition,
                    headers=list(record.headers),
                )
                for record in records
            ]
            results = await asyncio.gather(*deliveries)
        return [(result.partition, result.offset) for result in results]


@asynccontextmanager
async def letter_writer(
    bootstrap: str, acts: TopicSpec = LETTER_ACTS
) -> AsyncIterator[LetterWriter]:
    """Connect a producer: acks=all, idempotent, in order. Raises KafkaError."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        linger_ms=2,
        request_timeout_ms=10_000,
        max_request_size=MAX_REQUEST_BYTES,
    )
    try:
        await producer.start()
        yield LetterWriter(producer, acts)
    finally:
        await producer.stop()
