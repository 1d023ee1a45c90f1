"""Dead letters and the acts on them, read from Kafka without a group and in bounded memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.dead_letter import DeadLetter
from shared.contracts.letter_acts import LetterAct
from shared.contracts.topics import DEAD_LETTER, LETTER_ACTS, TopicSpec
from shared.domain.letters.history import LetterHistory
from shared.domain.letters.places import is_genuine
from shared.runtime.bounded_waits import stop_client
from shared.runtime.decoding import MAX_LETTER_BYTES, decode, decode_value
from shared.runtime.errors import Reject
from shared.runtime.fetching.consumer import make_reader, read_to

_BATCH = 500
_FETCH_BYTES = 4 * 1_048_576


class LoggedLetter(NamedTuple):
    """A letter and its offset in the partition of letters."""

    letter: DeadLetter
    offset: int


@asynccontextmanager
async def letter_reader(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Connect a consumer without a group. Raises KafkaError."""
    consumer = make_reader(
        bootstrap, max_partition_fetch_bytes=_FETCH_BYTES, fetch_max_bytes=_FETCH_BYTES
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await stop_client(consumer)


async def read_history(consumer: AIOKafkaConsumer, spec: TopicSpec = LETTER_ACTS) -> LetterHistory:
    """Read all acts. Memory grows with the records that people have acted on, not with letters."""
    history = LetterHistory()
    partitions = [TopicPartition(spec.name, number) for number in range(spec.partitions)]
    consumer.assign(partitions)
    ends = await consumer.end_offsets(partitions)
    await consumer.seek_to_beginning(*partitions)
    async for fetched in read_to(consumer, ends, max_records=_BATCH):
        for records in fetched.values():
            for record in records:
                try:
                    act: LetterAct = decode(spec, record)
                except Reject:
                    continue  # the auditor has put this record among the dead letters
                history.note(act, record.offset)
    return history


async def read_letters(
    consumer: AIOKafkaConsumer, spec: TopicSpec, since: datetime | None = None
) -> AsyncIterator[list[LoggedLetter]]:
    """Yield the letters of a topic up to its present end, in batches of one partition.

    A record that is no letter of ours is left out.
    """
    partitions = [TopicPartition(spec.dlq, number) for number in range(spec.partitions)]
    consumer.assign(partitions)
    ends = await consumer.end_offsets(partitions)
    begins = await begin_offsets(consumer, partitions, since)
    for partition in partitions:
        begin = min(begins[partition], ends[partition])
        consumer.assign([partition])
        consumer.seek(partition, begin)
        async for fetched in read_to(consumer, {partition: ends[partition]}, max_records=_BATCH):
            letters = [
                LoggedLetter(letter, record.offset)
                for record in fetched.get(partition, [])
                if (letter := decode_letter(record.value, spec.dlq, partition.partition))
            ]
            if letters:
                yield letters


async def begin_offsets(
    consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition], since: datetime | None
) -> dict[TopicPartition, int]:
    """Return the first offset of each partition that is not older than `since`."""
    begins: dict[TopicPartition, int] = await consumer.beginning_offsets(partitions)
    if since is None:
        return begins
    ends = await consumer.end_offsets(partitions)
    times = {partition: int(since.timestamp() * 1000) for partition in partitions}
    matches = await consumer.offsets_for_times(times)
    return {
        partition: ends[partition] if match is None else match.offset
        for partition, match in matches.items()
    }


def decode_letter(value: bytes | None, topic: str, partition: int) -> DeadLetter | None:
    """Return a letter that our services have written, None for any other record."""
    try:
        letter: DeadLetter = decode_value(DEAD_LETTER, value, MAX_LETTER_BYTES)
    except Reject:
        return None
    return letter if is_genuine(letter, topic, partition) else None
