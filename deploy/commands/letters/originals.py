"""The refused records themselves, read from their topic as far as it still has them.

A replay sends the bytes of the topic. A letter is a copy that whoever writes letters could forge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.contracts.dead_letter import DeadLetter
from shared.contracts.topics import TopicSpec
from shared.domain.letters.selection import bytes_of
from shared.runtime.fetching.consumer import read_to

_GAP = 2_000
"""Offsets nearer to each other than this are read in one run."""
_BATCH = 2_000


async def read_originals(
    consumer: AIOKafkaConsumer, spec: TopicSpec, partition: int, offsets: Sequence[int]
) -> dict[int, ConsumerRecord]:
    """Return the records of a partition at these offsets that Kafka still has."""
    tp = TopicPartition(spec.name, partition)
    consumer.assign([tp])
    first = (await consumer.beginning_offsets([tp]))[tp]
    end = (await consumer.end_offsets([tp]))[tp]
    required = sorted({offset for offset in offsets if first <= offset < end})
    originals: dict[int, ConsumerRecord] = {}
    for run in _runs(required):
        needed = set(run)
        consumer.seek(tp, run[0])
        async for fetched in read_to(consumer, {tp: run[-1] + 1}, max_records=_BATCH):
            for record in fetched.get(tp, []):
                if record.offset in needed:
                    originals[record.offset] = record
    return originals


async def newest_offsets(
    consumer: AIOKafkaConsumer, spec: TopicSpec, partition: int, first: int
) -> dict[bytes | None, int]:
    """Return the newest offset by key from `first` on: a compacted topic keeps only these."""
    tp = TopicPartition(spec.name, partition)
    consumer.assign([tp])
    end = (await consumer.end_offsets([tp]))[tp]
    begin = max(first, (await consumer.beginning_offsets([tp]))[tp])
    newest: dict[bytes | None, int] = {}
    if begin < end:
        consumer.seek(tp, begin)
        async for fetched in read_to(consumer, {tp: end}, max_records=_BATCH):
            for record in fetched.get(tp, []):
                newest[record.key] = record.offset
    return newest


def is_of(letter: DeadLetter, record: ConsumerRecord) -> bool:
    """Return whether a letter is about this record; a letter may hold only the beginning."""
    return _begins(letter.key_b64, record.key, "key" in letter.cut) and _begins(
        letter.value_b64, record.value, "value" in letter.cut
    )


def _begins(encoded: str | None, content: bytes | None, is_cut: bool) -> bool:
    copy = bytes_of(encoded)
    if copy is None or content is None:
        return copy is content
    return content.startswith(copy) if is_cut else content == copy


def _runs(offsets: Sequence[int]) -> Iterator[list[int]]:
    run: list[int] = []
    for offset in offsets:
        if run and offset - run[-1] > _GAP:
            yield run
            run = []
        run.append(offset)
    if run:
        yield run
