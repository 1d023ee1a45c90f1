"""The real scoring worker between an in-memory readings log and an in-memory changelog.

The log appends record by record and can die, or stop confirming, after any of them: that is every
point at which a process or a broker can fail, as seen from Kafka.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry

from services.scoring.core.rules.rule_registry import RuleRegistry
from services.scoring.handlers.catalog import handle_catalog_entry, handle_deleted_entry
from services.scoring.handlers.readings import ReadingsWorker
from services.scoring.handlers.rules import handle_rule
from services.scoring.metrics import ScoringMetrics
from services.scoring.readings_partition import readings_partition
from services.scoring.settings import Settings
from services.scoring.store.changelog import StoredPartition, apply_record
from shared.contracts.dead_letter import DeadLetter
from shared.contracts.fields import Contract
from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import ALARMS, DEAD_LETTER, READINGS, SCORING_STATE, SENSOR_HEALTH
from shared.runtime.errors import Transient
from shared.runtime.inbound_messages import body_digest
from shared.runtime.outbound_records import OutboundRecord, encode
from shared.runtime.platform import Platform
from shared.runtime.stored_offsets import StoredOffset
from shared.runtime.tables import Positions
from tests.support.scoring import SENT, a_catalog_entry, a_sensor

Record = Any
PARTITION = TopicPartition(READINGS.name, 0)


class Died(Exception):
    """The process is gone."""


class Log:
    """The records in Kafka. It accepts `capacity` more records and then raises `failure`.

    `arrived` is the number of readings in Kafka. `capacity` None means no limit.
    """

    def __init__(self) -> None:
        self.records: list[OutboundRecord] = []
        self.capacity: int | None = None
        self.failure: type[Exception] = Died
        self.arrived = 0

    @property
    def has_failed(self) -> bool:
        """Return whether a record was refused with Transient, as `capacity` demands."""
        return self.capacity is None

    async def send(self, records: Iterable[OutboundRecord]) -> None:
        for record in records:
            if self.capacity == 0:
                if self.failure is Transient:
                    self.capacity = None
                raise self.failure("after this record")
            if self.capacity is not None:
                self.capacity -= 1
            self.records.append(record)

    async def read(self, _bootstrap: str, numbers: Sequence[int]) -> dict[int, StoredPartition]:
        stored = {number: StoredPartition(processed_until=self.arrived) for number in numbers}
        for record in self.records:
            if record.topic == SCORING_STATE.name and record.partition in stored:
                assert record.key is not None
                apply_record(stored[record.partition], record.key, record.value)
        return stored

    def messages(self) -> dict[str, list[bytes]]:
        """Return the digests of published messages, in order per key, each event id once."""
        digests: dict[str, bytes] = {}
        order: dict[str, list[bytes]] = {}
        for record in self.records:
            if record.topic in (ALARMS.name, SENSOR_HEALTH.name):
                spec = ALARMS if record.topic == ALARMS.name else SENSOR_HEALTH
                message = spec.model.validate_json(record.body)
                digest = body_digest(record.body)
                assert digests.setdefault(message.id, digest) == digest, "one id, two bodies"
                assert record.key is not None
                line = order.setdefault(f"{record.topic} {record.key.decode()}", [])
                if digest not in line:
                    line.append(digest)
        return order

    def dead_letters(self) -> set[tuple[str, str]]:
        """Return (id, reason) of every dead letter."""
        letters: list[DeadLetter] = [
            DEAD_LETTER.validate_json(record.body)
            for record in self.records
            if record.topic == READINGS.dlq
        ]
        return {(letter.id, letter.reason.value) for letter in letters}


class StillClock:
    """Always the same moment."""

    def now(self) -> Any:
        return SENT


def as_records(messages: Sequence[Contract | bytes], stamps: Sequence[float]) -> list[Record]:
    """Return messages as records of partition 0; `stamps` are arrival times in seconds."""
    records = []
    for offset, (message, stamp) in enumerate(zip(messages, stamps, strict=True)):
        sensor = getattr(message, "sensor_id", None)
        records.append(
            SimpleNamespace(
                topic=READINGS.name,
                partition=0,
                offset=offset,
                key=sensor.encode() if sensor else None,
                value=message if isinstance(message, bytes) else encode(message),
                timestamp=int(stamp * 1000),
                headers=(),
            )
        )
    return records


Change = RuleDefinition | str
"""A version of a rule, or the id of a sensor that is taken out of the catalogue."""


class RuleTable:
    """The topic of changes, and how many of them a process has applied to its registry."""

    def __init__(
        self, sensors: Sequence[str], changes: Sequence[Change], applied: int | None = None
    ) -> None:
        self.records = list(changes)
        self.applied = len(changes) if applied is None else applied
        self._sensors = sensors
        self.registry = self._registry(self.applied)

    def positions(self) -> Positions:
        return {"rules:0": self.applied}

    async def registry_at(self, positions: Positions) -> RuleRegistry:
        return self._registry(positions["rules:0"])

    def apply_all(self) -> None:
        """Apply the changes that are not applied yet."""
        self._apply(self.registry, self.records[self.applied :])
        self.applied = len(self.records)

    def _registry(self, applied: int) -> RuleRegistry:
        registry = RuleRegistry(3600, readings_partition)
        for sensor in self._sensors:
            handle_catalog_entry(a_catalog_entry(a_sensor(sensor)), registry)
        self._apply(registry, self.records[:applied])
        return registry

    @staticmethod
    def _apply(registry: RuleRegistry, changes: Sequence[Change]) -> None:
        for change in changes:
            if isinstance(change, str):
                handle_deleted_entry(f"sensor:{change}", registry)
            else:
                handle_rule(change, registry)


def a_worker(
    log: Log, rules: Sequence[RuleDefinition], sensors: Sequence[str], flush_states: int
) -> ReadingsWorker:
    """Return a new process: its knowledge comes from the tables and the log."""
    return a_worker_of(log, RuleTable(sensors, rules), flush_states)


def a_worker_of(log: Log, table: RuleTable, flush_states: int) -> ReadingsWorker:
    """Return a new process with a table that may change while the process runs."""
    settings = Settings(
        kafka_bootstrap="127.0.0.1:1", http_port=1, flush_interval_s=60, flush_states=flush_states
    )
    platform = Platform("scoring", settings, clock=StillClock())
    platform.publisher = log  # type: ignore[assignment]
    platform.add_publisher = lambda: log  # type: ignore[assignment,method-assign,return-value]
    platform.dead_letters._publisher = log  # type: ignore[assignment]
    return ReadingsWorker(
        platform,
        settings,
        table.registry,
        table,
        ScoringMetrics(CollectorRegistry()),
        read_changelog=log.read,
    )


async def start_of(worker: ReadingsWorker) -> int:
    """Restore; return the first offset to handle."""
    return (await worker.restore([PARTITION])).get(PARTITION, StoredOffset(0)).next_offset


async def live(
    worker: ReadingsWorker, records: Sequence[Record], cuts: Sequence[int]
) -> dict[str, Any]:
    """Restore, handle the log from there on in batches, release; return the final states."""
    remaining = list(records[await start_of(worker) :])
    step = 0
    while remaining:
        size = cuts[step % len(cuts)]
        step += 1
        batch, remaining = remaining[:size], remaining[size:]
        await until_done(worker, batch)
    states = {
        key.decode(): state.dump()[2:] for key, state in worker._partitions[0].engine.states.items()
    }
    for _ in range(2):
        try:
            await worker.release([PARTITION])
        except Transient:
            continue
        break
    return states


async def until_done(worker: ReadingsWorker, batch: list[Record]) -> None:
    """Pass a batch as the consumer does: repeatedly until the worker has handled it."""
    while True:
        try:
            await worker.handle(batch)
        except Transient:
            await asyncio.sleep(0)
        else:
            return
