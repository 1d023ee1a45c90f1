"""Readers of topics for the commands: whole tables, ranges of a partition, records of a key."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner

from shared.contracts.catalog import CatalogEntry, Entry, SensorEntry, catalog_key
from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import CATALOG, RULES, TopicSpec
from shared.contracts.units import NO_UNIT
from shared.domain.top_unit import TopUnit
from shared.runtime.errors import SetupError, Transient
from shared.runtime.fetching.consumer import make_reader, read_to
from shared.runtime.tables import CompactedTable, OnDelete, OnMessage, Positions

T = TypeVar("T")
ENDPOINTS = Path("var/run/endpoints.json")


class NoKafka(SetupError):
    """Kafka cannot be used; the call itself was right."""


def run(work: Coroutine[Any, Any, T], bootstrap: str) -> T:
    """Run something against Kafka; raises NoKafka in a sentence when it is not there."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        return asyncio.run(work)
    except (KafkaError, OSError, TimeoutError, Transient) as error:
        raise NoKafka(
            f"Kafka at {bootstrap} cannot be used ({type(error).__name__}): is the stack up?"
        ) from None


def bootstrap_of(named: str | None, endpoints: Path) -> str:
    """The address of Kafka: as named, else as the running stack says. Raises SetupError."""
    if named:
        return named
    try:
        result = json.loads(endpoints.read_text(encoding="utf-8"))["kafka_bootstrap"]
    except OSError:
        raise NoKafka(
            f"{endpoints} is not there: no stack runs here; start one with `make up`, or name "
            "Kafka with --kafka HOST:PORT."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise SetupError(f"{endpoints} does not say where Kafka is.") from None
    return str(result)


def read_catalog(bootstrap: str) -> dict[str, SensorEntry]:
    """All catalogued sensors. Raises NoKafka."""
    return sensors_of(read_entries(bootstrap))


def sensors_of(entries: Mapping[str, Entry]) -> dict[str, SensorEntry]:
    """Return the sensors among entries of the catalogue."""
    return {entry.sensor_id: entry for entry in entries.values() if isinstance(entry, SensorEntry)}


def topmost_of(entries: Mapping[str, Entry]) -> str:
    """Return the topmost unit among entries. Raises SetupError if there is no unit."""
    top = TopUnit()
    for entry in entries.values():
        top.put(entry)
    if top.unit == NO_UNIT:
        raise SetupError("the catalogue has no unit yet: name the one that issues with --issuer.")
    return top.unit


def read_entries(bootstrap: str) -> dict[str, Entry]:
    """All entries of the catalogue by key. Raises NoKafka."""
    records, _ = read_ledger(bootstrap)
    return {key: record.entry for key, record in records.items()}


def read_ledger(bootstrap: str) -> tuple[dict[str, CatalogEntry], Positions]:
    """All records of the catalogue by key, and the positions up to which they were read.

    Raises NoKafka.
    """
    records: dict[str, CatalogEntry] = {}

    def take(message: CatalogEntry) -> None:
        records[catalog_key(message.entry)] = message

    def remove(key: str) -> None:
        records.pop(key, None)

    return records, run(_table(bootstrap, CATALOG, take, remove), bootstrap)


def read_rules(bootstrap: str) -> dict[str, list[RuleDefinition]]:
    """Every version of every rule that the topic still has, oldest first. Raises NoKafka."""
    results: dict[str, list[RuleDefinition]] = {}

    def take(message: RuleDefinition) -> None:
        results.setdefault(message.rule_id, []).append(message)

    def remove(key: str) -> None:
        results.pop(key, None)

    run(_table(bootstrap, RULES, take, remove), bootstrap)
    return results


async def _table(bootstrap: str, spec: TopicSpec, take: OnMessage, remove: OnDelete) -> Positions:
    table = CompactedTable(bootstrap, spec, take, on_delete=remove)
    try:
        async with asyncio.timeout(60):
            await table.load()
    finally:
        await table.stop()
    return table.positions


def partition_of(spec: TopicSpec, key: str) -> int:
    """The partition in which a key's records lie."""
    numbers = list(range(spec.partitions))
    return int(DefaultPartitioner()(key.encode(), numbers, numbers))


async def records(
    bootstrap: str,
    spec: TopicSpec,
    partition: int,
    since: float | None = None,
    until: float | None = None,
) -> AsyncIterator[tuple[ConsumerRecord, float]]:
    """Records of a partition with the share read so far, 0 to 1; times are arrivals in seconds."""
    tp = TopicPartition(spec.name, partition)
    consumer = make_reader(bootstrap, max_partition_fetch_bytes=4 * 1_048_576)
    try:
        await consumer.start()
        consumer.assign([tp])
        first, last = await _bounds(consumer, tp, since, until)
        if first >= last:
            return
        consumer.seek(tp, first)
        async for fetched in read_to(consumer, {tp: last}, max_records=5_000, timeout_ms=500):
            for record in fetched.get(tp, ()):
                yield record, (record.offset - first + 1) / (last - first)
    finally:
        await consumer.stop()


async def _bounds(
    consumer: AIOKafkaConsumer, tp: TopicPartition, since: float | None, until: float | None
) -> tuple[int, int]:
    first = (await consumer.beginning_offsets([tp]))[tp]
    last = (await consumer.end_offsets([tp]))[tp]
    if since is not None:
        result = (await consumer.offsets_for_times({tp: int(since * 1000)}))[tp]
        first = last if result is None else result.offset
    if until is not None:
        result = (await consumer.offsets_for_times({tp: int(until * 1000)}))[tp]
        last = last if result is None else result.offset
    return first, last
