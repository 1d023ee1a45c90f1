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

from services.scoring.consumer import ScoringWorker
from services.scoring.core.book import RuleBook
from services.scoring.metrics import Metrics
from services.scoring.settings import Settings
from services.scoring.store import Stored, absorb
from services.scoring.tables import Filling
from shared.contracts.dead_letter import DeadLetter
from shared.contracts.fields import Contract
from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import ALARMS, DEAD_LETTER, HEALTH, READINGS, SCORING_STATE
from shared.runtime.errors import Transient
from shared.runtime.inbound_messages import body_digest
from shared.runtime.outbound_records import OutboundRecord, encode
from shared.runtime.platform import Platform
from shared.runtime.tables import Positions
from tests.support.scoring import SENT, a_catalog_entry, a_sensor

Record = Any
PARTITION = TopicPartition(READINGS.name, 0)


class Died(Exception):
    """The process is gone."""


class Log:
    """What Kafka holds. `left` records are still taken; then it fails in the way of `failure`.

    `arrived` is how many readings it has.
    """

    def __init__(self) -> None:
        self.records: list[OutboundRecord] = []
        self.left: int | None = None
        self.failure: type[Exception] = Died
        self.arrived = 0

    @property
    def has_failed(self) -> bool:
        """Whether it has refused a record with Transient, as `left` said."""
        return self.left is None

    async def send(self, records: Iterable[OutboundRecord]) -> None:
        for record in records:
            if self.left == 0:
                if self.failure is Transient:
                    self.left = None
                raise self.failure("after this record")
            if self.left is not None:
                self.left -= 1
            self.records.append(record)

    async def read(self, _bootstrap: str, numbers: Sequence[int]) -> dict[int, Stored]:
        stored = {number: Stored(judged_until=self.arrived) for number in numbers}
        for record in self.records:
            if record.topic == SCORING_STATE.name and record.partition in stored:
                assert record.key is not None
                absorb(stored[record.partition], record.key, record.value)
        return stored

    def messages(self) -> dict[str, list[bytes]]:
        """Digests of what readers see, in order per key, each event id once."""
        seen: dict[str, bytes] = {}
        order: dict[str, list[bytes]] = {}
        for record in self.records:
            if record.topic in (ALARMS.name, HEALTH.name):
                spec = ALARMS if record.topic == ALARMS.name else HEALTH
                message = spec.model.validate_json(record.value)
                digest = body_digest(message)
                assert seen.setdefault(message.id, digest) == digest, "one id, two bodies"
                assert record.key is not None
                line = order.setdefault(f"{record.topic} {record.key.decode()}", [])
                if digest not in line:
                    line.append(digest)
        return order

    def dead_letters(self) -> set[tuple[str, str]]:
        """(id, reason) of every dead letter."""
        letters: list[DeadLetter] = [
            DEAD_LETTER.validate_json(record.value)
            for record in self.records
            if record.topic == READINGS.dlq
        ]
        return {(letter.id, letter.reason.value) for letter in letters}


class StillClock:
    """Always the same moment."""

    def now(self) -> Any:
        return SENT


def as_records(messages: Sequence[Contract | bytes], stamps: Sequence[float]) -> list[Record]:
    """Messages as records of partition 0 of the readings; `stamps` are arrival times in seconds."""
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
    """The topic of changes, and how many of them a process has taken into its book."""

    def __init__(
        self, sensors: Sequence[str], changes: Sequence[Change], taken: int | None = None
    ) -> None:
        self.records = list(changes)
        self.taken = len(changes) if taken is None else taken
        self._sensors = sensors
        self.book = self._book(self.taken)

    def positions(self) -> Positions:
        return {"rules:0": self.taken}

    async def book_at(self, positions: Positions) -> RuleBook:
        return self._book(positions["rules:0"])

    def take_rest(self) -> None:
        self._take(self.book, self.records[self.taken :])
        self.taken = len(self.records)

    def _book(self, taken: int) -> RuleBook:
        book = RuleBook(lateness_s=3600)
        for sensor in self._sensors:
            Filling(book).on_catalog(a_catalog_entry(a_sensor(sensor)))
        self._take(book, self.records[:taken])
        return book

    @staticmethod
    def _take(book: RuleBook, changes: Sequence[Change]) -> None:
        for change in changes:
            if isinstance(change, str):
                Filling(book).on_catalog_deleted(f"sensor:{change}")
            else:
                Filling(book).on_rule(change)


def a_worker(
    log: Log, rules: Sequence[RuleDefinition], sensors: Sequence[str], flush_states: int
) -> ScoringWorker:
    """A fresh process: everything it knows comes from the tables and the log."""
    return a_worker_of(log, RuleTable(sensors, rules), flush_states)


def a_worker_of(log: Log, table: RuleTable, flush_states: int) -> ScoringWorker:
    """The same with a table that may change while it runs."""
    settings = Settings(
        kafka_bootstrap="127.0.0.1:1", http_port=1, flush_interval_s=60, flush_states=flush_states
    )
    platform = Platform("scoring", settings, clock=StillClock())
    platform.publisher = log  # type: ignore[assignment]
    platform.add_publisher = lambda: log  # type: ignore[assignment,method-assign,return-value]
    platform.dead_letters._publisher = log  # type: ignore[assignment]
    return ScoringWorker(
        platform, settings, table.book, table, Metrics(CollectorRegistry()), read=log.read
    )


async def live(
    worker: ScoringWorker, records: Sequence[Record], cuts: Sequence[int]
) -> dict[str, Any]:
    """Restore, handle the rest of the log in batches, release; returns the final states."""
    start = (await worker.restore([PARTITION])).get(PARTITION, 0)
    rest = list(records[start:])
    step = 0
    while rest:
        size = cuts[step % len(cuts)]
        step += 1
        batch, rest = rest[:size], rest[size:]
        await until_done(worker, batch)
    states = {
        key.decode(): state.dump()[2:] for key, state in worker._lanes[0].partition.states.items()
    }
    for _ in range(2):
        try:
            await worker.release([PARTITION])
        except Transient:
            continue
        break
    return states


async def until_done(worker: ScoringWorker, batch: list[Record]) -> None:
    """Hand over a batch as the consumer does: again and again until it is taken."""
    while True:
        try:
            await worker.handle(batch)
        except Transient:
            await asyncio.sleep(0)
        else:
            return
