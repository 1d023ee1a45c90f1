"""The account of hostile input: each is applied, refused with a letter, or answered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from aiokafka import TopicPartition

from deploy.local.topics import planned_topics
from shared.contracts.ids import dead_letter_id
from shared.runtime.fetching.consumer import make_reader, read_to
from tests.faults.hostile.kafka_writer import Place, WrittenRecord
from tests.faults.suite.sampler import STATEFUL

_DLQ = ".dlq"
_UNREAD = {"audit.trail.v1"}
"""No service reads the trail: its chain is checked, and a record without a place in it is void."""


@dataclass(frozen=True)
class UnaccountedInput:
    """An input of which nothing shows what became of it."""

    input_class: str
    subject: str
    detail: str


@dataclass
class RecordTraces:
    """Traces of records in the system: letters, inboxes, positions of readers, ids on topics."""

    letters: dict[Place, set[str]] = field(default_factory=dict)
    """The services that refused the record at a place."""
    inboxes: set[tuple[str, str, str]] = field(default_factory=set)
    """Service, topic and id of each applied record."""
    positions: dict[tuple[str, str, int], int] = field(default_factory=dict)
    """Next offset by service, topic and partition."""
    ids: dict[str, list[str]] = field(default_factory=dict)
    """Ids of the records on the topics of ingest and the console, in order."""

    def readers(self, topic: str) -> list[str]:
        """Return the services that read a topic record by record."""
        return sorted({service for service, name, _ in self.positions if name == topic})


def unaccounted_records(
    written: Iterable[WrittenRecord], traces: RecordTraces
) -> Iterator[UnaccountedInput]:
    """Yield written records that a reader neither applied nor refused.

    A record of an aborted transaction must have no trace. scoring and the tables keep no ids: of
    their records those that are no JSON object must have a letter.
    """
    for record in written:
        topic, partition, offset = record.place
        subject = f"{topic}/{partition}@{offset}"
        readers = traces.readers(topic)
        for service in readers:
            if traces.positions.get((service, topic, partition), 0) <= offset:
                yield UnaccountedInput(record.input_class, subject, f"{service} has not read it")
        if not record.traced:
            continue
        refusals = traces.letters.get(record.place, set())
        if not record.visible:
            if refusals:
                detail = f"{sorted(refusals)} refused a record of an aborted transaction"
                yield UnaccountedInput(record.input_class, subject, detail)
            continue
        for service in readers:
            applied = (service, topic, record.identifier or "") in traces.inboxes
            if service not in refusals and not applied:
                yield UnaccountedInput(record.input_class, subject, f"{service} left no trace")
        if record.must_be_refused and not refusals and topic not in _UNREAD:
            yield UnaccountedInput(record.input_class, subject, "nobody refused it")


async def record_traces(bootstrap: str, dsn: str, id_topics: Iterable[str]) -> RecordTraces:
    """Read the traces. `id_topics` are topics of which the ids are read."""
    traces = RecordTraces()
    connection = await asyncpg.connect(dsn)
    try:
        for service in STATEFUL:
            rows = await connection.fetch(
                f"SELECT topic, part, next_offset FROM {service}.consumer_offset"
            )
            for row in rows:
                traces.positions[service, row["topic"], row["part"]] = row["next_offset"]
            rows = await connection.fetch(f"SELECT topic, event_id FROM {service}.inbox")
            traces.inboxes |= {(service, row["topic"], row["event_id"]) for row in rows}
    finally:
        await connection.close()
    selected = set(id_topics)
    names = [
        topic for topic in planned_topics() if topic.name.endswith(_DLQ) or topic.name in selected
    ]
    partitions = [
        TopicPartition(topic.name, part) for topic in names for part in range(topic.num_partitions)
    ]
    async for tp, record in _records(bootstrap, partitions):
        if tp.topic.endswith(_DLQ):
            letter = _object(record.value)
            if letter.keys() >= {"service", "topic", "partition", "offset"}:
                place = (letter["topic"], letter["partition"], letter["offset"])
                # A forged letter has not the id that follows from its service and place.
                if letter.get("id") == dead_letter_id(letter["service"], *place):
                    traces.letters.setdefault(place, set()).add(letter["service"])
        else:
            traces.ids.setdefault(tp.topic, []).append(str(_object(record.value).get("id", "")))
    return traces


async def _records(bootstrap: str, partitions: list[TopicPartition]) -> Any:
    # A plain consumer of aiokafka ends at a header's name that is no UTF-8.
    consumer = make_reader(bootstrap)
    await consumer.start()
    try:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        async for fetched in read_to(consumer, ends, max_records=5_000):
            for tp, records in fetched.items():
                for record in records:
                    yield tp, record
    finally:
        await consumer.stop()


def _object(value: bytes | None) -> dict[str, Any]:
    try:
        document = json.loads(value or b"")
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
