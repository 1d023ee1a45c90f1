"""Everything Kafka holds, read with a plain consumer from the beginning to the present end."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.contracts.dead_letter import DeadLetter
from shared.contracts.topics import (
    CATALOG,
    DEAD_LETTER,
    READINGS,
    SCORING_STATE,
    TOPICS,
    TopicSpec,
)

_SKIPPED = frozenset({SCORING_STATE.name, CATALOG.name})
"""Private to scoring; and the catalogue, which is the seed and nothing that happened."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A decoded record. `ms` is Kafka's own record time in milliseconds since 1970."""

    message: Any
    ms: int


class ReadingHead(msgspec.Struct):
    """Of a reading only what is counted: there are hundreds of thousands."""

    type: str = ""
    id: str = ""
    sensor_id: str = ""
    status: str = "Actual"
    synthetic: bool = False


@dataclass
class Log:
    """The topics as lists, in the order of each partition."""

    entries: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    letters: list[DeadLetter] = field(default_factory=list)
    readings: dict[str, tuple[ReadingHead, int]] = field(default_factory=dict)
    """First good record per reading id, with its time."""
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Partition and offset of that record."""

    def of(self, spec: TopicSpec) -> list[Entry]:
        """The records of a topic, each event id once: a repeat is dropped by every reader."""
        ids: set[str] = set()
        results = []
        for entry in self.entries[spec.name]:
            if entry.message.id not in ids:
                ids.add(entry.message.id)
                results.append(entry)
        return results

    def messages(self, spec: TopicSpec) -> list[Any]:
        """The messages of a topic, each event id once."""
        return [entry.message for entry in self.of(spec)]

    def refused(self, spec: TopicSpec) -> set[tuple[int, int]]:
        """(partition, offset) of the records of a topic that ended in its dead letters."""
        return {
            (letter.partition, letter.offset)
            for letter in self.letters
            if letter.topic == spec.name
        }


async def read(bootstrap: str, *, specs: Sequence[TopicSpec] | None = None) -> Log:
    """Read all topics and dead letters (or `specs` alone). Raises KafkaError without a broker."""
    log = Log()
    partitions = _partitions() if specs is None else _of(specs)
    async for record in records(bootstrap, partitions):
        _take(log, record)
    refused = log.refused(READINGS)
    for reading_id in [reading_id for reading_id, place in log.places.items() if place in refused]:
        del log.readings[reading_id]
    return log


async def records(bootstrap: str, of: Iterable[TopicPartition]) -> AsyncIterator[ConsumerRecord]:
    """The records of these partitions up to their present ends.

    Raises KafkaError without a broker.
    """
    partitions = list(of)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=8 * 1_048_576,
        fetch_max_bytes=64 * 1_048_576,
        fetch_max_wait_ms=100,
    )
    try:
        await consumer.start()
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        behind = [tp for tp in partitions if ends[tp] > 0]
        while behind:
            fetched = await consumer.getmany(*behind, timeout_ms=500, max_records=20_000)
            for partition, batch in fetched.items():
                for record in batch:
                    if record.offset < ends[partition]:
                        yield record
            behind = [tp for tp in behind if await consumer.position(tp) < ends[tp]]
    finally:
        await consumer.stop()


def _partitions() -> Iterator[TopicPartition]:
    for spec in TOPICS.values():
        for number in range(spec.partitions):
            if spec.name not in _SKIPPED:
                yield TopicPartition(spec.name, number)
            if spec.dead_letters:
                yield TopicPartition(spec.dlq, number)


def _of(specs: Sequence[TopicSpec]) -> Iterator[TopicPartition]:
    for spec in specs:
        for number in range(spec.partitions):
            yield TopicPartition(spec.name, number)


def _take(log: Log, record: Any) -> None:
    if record.topic.endswith(".dlq"):
        log.letters.append(DEAD_LETTER.validate_json(record.value))
    elif record.topic == READINGS.name:
        _take_reading(log, record)
    elif record.value:
        try:
            message = TOPICS[record.topic].model.validate_json(record.value)
        except ValueError:
            return  # the broken burst, and nothing else; its dead letter is counted
        log.entries[record.topic].append(Entry(message, record.timestamp))


def _take_reading(log: Log, record: Any) -> None:
    try:
        head = _READING.decode(record.value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return  # of the broken burst: its dead letter is counted instead
    if head.type == "reading" and head.id not in log.readings:
        log.readings[head.id] = (head, record.timestamp)
        log.places[head.id] = (record.partition, record.offset)


_READING = msgspec.json.Decoder(ReadingHead)
