"""Consumers without a group: whoever reads a topic by itself makes one here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.fastpath import records, walked

ISOLATION: Literal["read_committed"] = "read_committed"
"""For every consumer: a record of a transaction counts when that is committed, and never when it is aborted."""


def make_reader(bootstrap: str, **settings: Any) -> AIOKafkaConsumer:
    """A consumer that begins where it is told, and at the beginning where that is gone."""
    records.install()
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level=ISOLATION,
        **settings,
    )


async def read_to(
    consumer: AIOKafkaConsumer,
    ends: Mapping[TopicPartition, int],
    *,
    max_records: int,
    timeout_ms: int = 200,
) -> AsyncIterator[dict[TopicPartition, list[ConsumerRecord]]]:
    """What lies before these ends, piece by piece; the positions are at the ends then.

    Raises KafkaError: CannotRead where a partition cannot be read to its end.
    """
    while behind := [tp for tp in ends if await consumer.position(tp) < ends[tp]]:
        fetched = await consumer.getmany(*behind, timeout_ms=timeout_ms, max_records=max_records)
        yield {tp: [one for one in found if one.offset < ends[tp]] for tp, found in fetched.items()}
        if trouble := walked.troubles(consumer, behind):
            raise records.CannotRead("; ".join(trouble))
    for tp, end in ends.items():
        if await consumer.position(tp) > end:
            consumer.seek(tp, end)  # what was fetched from behind it is still to be handed out
