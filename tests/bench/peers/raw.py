"""The limit of Python: fetch with aiokafka and decode four fields with msgspec, nothing else.

With `fetch_only` not even that. Nothing is stored or sent: no processor can be faster than this.
"""

from __future__ import annotations

import asyncio

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.bench.peers.marks import Marks, Work, work


class Reading(msgspec.Struct):
    """Four of the fields; the others are skipped by the decoder."""

    sensor_id: str
    value: float
    occurred_at: str
    metric: str


async def main(todo: Work) -> None:
    """Read the topic to the count that is asked for."""
    decode = msgspec.json.Decoder(Reading).decode
    consumer = AIOKafkaConsumer(
        bootstrap_servers=todo.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    partitions = [TopicPartition(todo.topic, number) for number in range(todo.partitions)]
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    marks = Marks(todo.count)
    while marks.scored < todo.count:
        for records in (await consumer.getmany(timeout_ms=1000)).values():
            if not todo.fetch_only:
                for record in records:
                    decode(record.value)
            marks.add(len(records))
    await consumer.stop()


if __name__ == "__main__":
    asyncio.run(main(work()))
