"""Everything a judgement needs, copied from Kafka and Postgres into the files of the run."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.topics import planned_topics
from tests.faults.suite.sampler import STATEFUL
from tests.faults.suite.soak import BulkCount

Json = dict[str, Any]
_INTERNAL = ("scoring.state.v1",)
_TABLES = {
    "late_acknowledgement": "SELECT acknowledgement_id FROM command.late_acknowledgement",
    "delivery": "SELECT page_id, channel, state, next_at FROM notify.delivery",
    "page": "SELECT page_id, escalation_id, state, version, created_at FROM notify.page",
    "feed": "SELECT kind, subject_id FROM console.feed",
    "trail": "SELECT sequence, hash, body FROM audit.trail",
    "trail_head": "SELECT sequence, hash FROM audit.trail_head",
    "finding": "SELECT kind, subject_id, detail, raised_at, resolved_at FROM audit.finding",
}
_OF_EACH_SERVICE = {
    "consumer_offset": "topic, part, next_offset",
    "inbox": "topic, event_id",
    "outbox": "event_id, created_at",
    "timer": "subject_id, kind, rung, due_at, state, fired_at, error",
}


async def collect(bootstrap: str, dsn: str, folder: Path) -> None:
    """Write topics.jsonl, then tables.jsonl: the tables are not older than the topics.

    The readings of a soak's bulk load are counted in bulk.jsonl.
    """
    bulk = BulkCount()
    with (folder / "deleted.jsonl").open(encoding="utf-8") as file:
        for text in file:
            bulk.add(json.loads(text)["value"].get("id") or "")
    names = [topic.name for topic in planned_topics() if topic.name not in _INTERNAL]
    with (folder / "topics.jsonl").open("w", encoding="utf-8") as file:
        async for line in records_of(bootstrap, names):
            if not bulk.add(line["value"].get("id") or ""):
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
    bulk.write(folder / "bulk.jsonl")
    await _tables(dsn, folder / "tables.jsonl")


async def records_of(bootstrap: str, names: Sequence[str]) -> AsyncIterator[Json]:
    """Yield each record of these topics as a line, up to the ends of now."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        async for place, record in read_to_ends(consumer, await ends_of(consumer, names)):
            line = line_of(place, record)
            if line is not None:
                yield line
    finally:
        await consumer.stop()


async def ends_of(consumer: AIOKafkaConsumer, names: Sequence[str]) -> dict[TopicPartition, int]:
    """Return the ends of the partitions of these topics."""
    partitions = [
        TopicPartition(topic.name, part)
        for topic in planned_topics()
        if topic.name in names
        for part in range(topic.num_partitions)
    ]
    ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
    return ends


async def read_to_ends(
    consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]
) -> AsyncIterator[tuple[TopicPartition, Any]]:
    """Yield each record before these ends, with its partition."""
    consumer.assign(list(ends))
    await consumer.seek_to_beginning(*ends)
    while any([await consumer.position(place) < end for place, end in ends.items()]):
        batches = await consumer.getmany(timeout_ms=500, max_records=5_000)
        for place, records in batches.items():
            for record in records:
                if record.offset < ends[place]:
                    yield place, record


def line_of(tp: TopicPartition, record: Any) -> Json | None:
    """Return a record as a line; None for a tick and a deletion."""
    if record.value is None:
        return None
    try:
        value = json.loads(record.value)
    except ValueError:
        value = {"undecodable": repr(record.value[:200])}
    if value.get("type") == "tick":
        return None
    return {
        "topic": tp.topic,
        "partition": tp.partition,
        "offset": record.offset,
        "at": record.timestamp / 1000,
        "value": value,
    }


async def _tables(dsn: str, path: Path) -> None:
    queries = [(table, "", query) for table, query in _TABLES.items()]
    queries += [
        (table, service, f"SELECT '{service}' AS service, {columns} FROM {service}.{table}")
        for table, columns in _OF_EACH_SERVICE.items()
        for service in STATEFUL
    ]
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            with path.open("w", encoding="utf-8") as file:
                for table, _, query in queries:
                    async for row in connection.cursor(query):
                        fields = {name: _plain(value) for name, value in row.items()}
                        line = {"table": table, "row": fields}
                        file.write(json.dumps(line, ensure_ascii=False) + "\n")
    finally:
        await connection.close()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
