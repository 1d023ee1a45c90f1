"""Builders for scoring: a catalogue, rules, readings, and an engine to feed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Literal

from aiokafka.record.default_records import DefaultRecordBatchBuilder

from services.scoring.core.partition_engine import PartitionEngine, ReadingOutcome
from services.scoring.core.refusals import RefusedInput
from services.scoring.core.rules.rule_registry import RuleRegistry
from services.scoring.fastpath.loop import process_run
from shared.contracts.alarms import AlarmEvent
from shared.contracts.catalog import CatalogEntry, Entry, SensorEntry, catalog_key
from shared.contracts.fields import Level, Status, Tier
from shared.contracts.readings import Reading, SensorHealth, Tick
from shared.contracts.rules import RuleDefinition, Rung, SensorBody, ThresholdRule
from shared.contracts.topics import READINGS
from shared.fastpath.raw_batches import RawBatches, next_raw_batches
from shared.runtime.fetching.batch_reader import BatchReader
from shared.runtime.outbound_records import encode

T0 = 1_597_836_300.0
"""2020-08-19T11:25:00Z, the peak at Zhutuo."""
SENT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
TOWN = "500118118000"
Body = SensorBody
Direction = Literal["above", "below"]


def at(seconds: float) -> datetime:
    """Return the moment `seconds` after T0."""
    return datetime.fromtimestamp(T0 + seconds, UTC)


def a_sensor(sensor_id: str = "zhutuo-3", **change: Any) -> SensorEntry:
    fields: dict[str, Any] = {
        "sensor_kind": "river_gauge",
        "name": "朱沱(三)",
        "place": TOWN,
        "metric": "water_level",
        "unit": "m",
        "datum": "吴淞",
        "interval_s": 60.0,
    }
    return SensorEntry(sensor_id=sensor_id, **{**fields, **change})


def a_catalog_entry(entry: Entry) -> CatalogEntry:
    return CatalogEntry(
        id=f"cat-{catalog_key(entry)}",
        occurred_at=SENT,
        sent_at=SENT,
        origin_unit="500118000000",
        tier=Tier.DISTRICT,
        entry=entry,
    )


def rungs(*levels: tuple[str, float, float]) -> tuple[Rung, ...]:
    """Return rungs from (level, raise_at, clear_at) ..."""
    return tuple(
        Rung(level=Level(level), raise_at=up, clear_at=down, source="test")
        for level, up, down in levels
    )


def a_threshold_rule(
    *levels: tuple[str, float, float],
    direction: Direction = "above",
    for_s: float = 0.0,
    count: int = 1,
) -> ThresholdRule:
    return ThresholdRule(direction=direction, rungs=rungs(*levels), for_s=for_s, count=count)


def a_rule(
    body: Body, rule_id: str = "flood.zhutuo", version: int = 1, **change: Any
) -> RuleDefinition:
    fields: dict[str, Any] = {
        "id": f"rule-{rule_id}-{version}",
        "occurred_at": SENT,
        "sent_at": SENT,
        "origin_unit": "500118000000",
        "tier": Tier.DISTRICT,
        "name_zh": "朱沱水位",
        "name_en": "Zhutuo level",
        "event_type": "11A01",
        "sensor_kind": "river_gauge",
        "metric": "water_level",
        "unit": "m",
        "datum": "吴淞",
        "source": "test",
    }
    return RuleDefinition(rule_id=rule_id, version=version, body=body, **{**fields, **change})


def a_reading(
    value: float,
    seconds: float,
    sensor_id: str = "zhutuo-3",
    event_id: str = "",
    status: Status = Status.ACTUAL,
    **change: Any,
) -> Reading:
    fields: dict[str, Any] = {"metric": "water_level", "unit": "m", "datum": "吴淞"}
    return Reading(
        id=event_id or f"{sensor_id}:{seconds:g}",
        status=status,
        occurred_at=at(seconds),
        sent_at=SENT,
        origin_unit=TOWN,
        tier=Tier.TOWN,
        sensor_id=sensor_id,
        value=value,
        **{**fields, **change},
    )


def a_tick(seconds: float) -> Tick:
    return Tick(id=f"tick-{seconds:g}", occurred_at=at(seconds))


def as_record(offset: int, message: Reading | Tick, recorded_at: float, partition: int = 0) -> Any:
    """Return a message as a record of the readings topic with Kafka's time `recorded_at`."""
    key = message.sensor_id.encode() if isinstance(message, Reading) else None
    return SimpleNamespace(
        topic=READINGS.name,
        partition=partition,
        offset=offset,
        key=key,
        value=encode(message),
        timestamp=int(recorded_at * 1000),
        headers=(),
    )


def as_span(records: Sequence[Any]) -> RawBatches:
    """Return the records as an unopened batch of Kafka."""
    base = records[0].offset
    builder = DefaultRecordBatchBuilder(
        *(2, 0, 0),  # format, no compression, no transaction
        *(-1, -1, -1),
        batch_size=sum(len(record.value or b"") for record in records) + 1_000 * len(records),
    )
    for record in records:
        assert builder.append(
            record.offset - base, record.timestamp, record.key, record.value, list(record.headers)
        )
    raw = base.to_bytes(8, "big") + bytes(builder.build())[8:]
    span = next_raw_batches(BatchReader(records[0].topic, records[0].partition, raw, base, True), 1)
    assert span is not None
    return span


class Feed:
    """An engine fed by hand; each record arrives `delay_s` after its event time."""

    def __init__(
        self,
        *rules: RuleDefinition,
        sensors: tuple[SensorEntry, ...] = (),
        partition_of: Callable[[str], int] | None = None,
    ) -> None:
        """With `partition_of` each sensor's first reading is expected; partition 0 is evaluated."""
        self.registry = RuleRegistry(3600, partition_of)
        for sensor in sensors or (a_sensor(),):
            self.registry.add_sensor(sensor)
        for rule in rules:
            self.registry.add_rule(rule)
        self.engine = PartitionEngine(self.registry)
        self.offset = 0

    def read(self, value: float, seconds: float, **fields: Any) -> ReadingOutcome:
        """Apply a reading without the fast path; raises RefusedInput."""
        return self.apply(a_reading(value, seconds, **fields))

    def apply(self, reading: Reading, delay_s: float = 1e8) -> ReadingOutcome:
        """Apply a reading that arrives `delay_s` after its event time; raises RefusedInput."""
        self.offset += 1
        recorded_at = reading.occurred_at.timestamp() + delay_s
        return self.engine.apply_reading(self.offset, reading, recorded_at, SENT)

    def read_fast(self, value: float, seconds: float, **fields: Any) -> None:
        """Apply a reading through the loop over a batch, which tries the fast path first."""
        self.offset += 1
        record = as_record(self.offset, a_reading(value, seconds, **fields), T0 + seconds + 1e8)
        refused: list[Any] = []
        process_run(self.engine, as_span([record]), SENT, refused)
        assert not refused, refused

    def refusal(self, reading: Reading, delay_s: float = 1e8) -> RefusedInput:
        """Return the refusal of this reading; fails when the reading is accepted."""
        try:
            self.apply(reading, delay_s)
        except RefusedInput as refusal:
            return refusal
        raise AssertionError("the reading was not refused")

    def tick(self, seconds: float) -> None:
        """Move the clock of the log to `seconds` after T0."""
        self.offset += 1
        self.engine.apply_tick(self.offset, a_tick(seconds), T0 + seconds, SENT)

    @property
    def alarms(self) -> list[AlarmEvent]:
        """Return the emitted alarms."""
        return [message for message in self.engine.messages if isinstance(message, AlarmEvent)]

    @property
    def health(self) -> list[SensorHealth]:
        """Return the emitted changes of sensor health."""
        return [message for message in self.engine.messages if isinstance(message, SensorHealth)]

    @property
    def transitions(self) -> list[tuple[str, str]]:
        """Return transition and level of every alarm event so far."""
        return [(alarm.transition.value, alarm.level.value) for alarm in self.alarms]
