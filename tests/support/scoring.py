"""Builders for scoring: a catalogue, rules, readings, and a partition to feed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Literal

from aiokafka.record.default_records import DefaultRecordBatchBuilder

from services.scoring.core.book import RuleBook
from services.scoring.core.checks import Refused
from services.scoring.core.partition import Outcome, Partition
from services.scoring.loop import work_through
from shared.contracts.alarms import AlarmEvent
from shared.contracts.catalog import CatalogEntry, SensorEntry
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
    """`seconds` after T0."""
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


def a_catalog_entry(sensor: SensorEntry) -> CatalogEntry:
    return CatalogEntry(
        id=f"cat-{sensor.sensor_id}",
        occurred_at=SENT,
        sent_at=SENT,
        origin_unit="500118000000",
        tier=Tier.DISTRICT,
        entry=sensor,
    )


def rungs(*steps: tuple[str, float, float]) -> tuple[Rung, ...]:
    """(level, raise_at, clear_at) ..."""
    return tuple(
        Rung(level=Level(level), raise_at=up, clear_at=down, source="test")
        for level, up, down in steps
    )


def a_ladder(
    *steps: tuple[str, float, float],
    direction: Direction = "above",
    for_s: float = 0.0,
    count: int = 1,
) -> ThresholdRule:
    return ThresholdRule(direction=direction, rungs=rungs(*steps), for_s=for_s, count=count)


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


def as_record(offset: int, message: Reading | Tick, stamped: float, partition: int = 0) -> Any:
    """A message as a record of the readings' topic, arriving at `stamped` seconds since 1970."""
    key = message.sensor_id.encode() if isinstance(message, Reading) else None
    return SimpleNamespace(
        topic=READINGS.name,
        partition=partition,
        offset=offset,
        key=key,
        value=encode(message),
        timestamp=int(stamped * 1000),
        headers=(),
    )


def as_span(records: Sequence[Any]) -> RawBatches:
    """The same records as they lie in a batch of Kafka's, unopened."""
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
    """A partition fed by hand; every record arrives at its event time plus `delay_s`."""

    def __init__(self, *rules: RuleDefinition, sensors: tuple[SensorEntry, ...] = ()) -> None:
        self.book = RuleBook(lateness_s=3600)
        for sensor in sensors or (a_sensor(),):
            self.book.put_sensor(sensor)
        for rule in rules:
            self.book.put_rule(rule)
        self.partition = Partition(self.book)
        self.offset = 0

    def read(self, value: float, seconds: float, **fields: Any) -> Outcome:
        """A reading; raises Refused."""
        return self.take(a_reading(value, seconds, **fields))

    def take(self, reading: Reading, delay_s: float = 1e8) -> Outcome:
        """A reading that arrives `delay_s` after its event time."""
        self.offset += 1
        stamped = reading.occurred_at.timestamp() + delay_s
        return self.partition.reading(self.offset, reading, stamped, SENT)

    def quick(self, value: float, seconds: float, **fields: Any) -> None:
        """A reading through the loop over a batch, which takes the quick way where it can."""
        self.offset += 1
        record = as_record(self.offset, a_reading(value, seconds, **fields), T0 + seconds + 1e8)
        refused: list[Any] = []
        work_through(self.partition, as_span([record]), SENT, refused)
        assert not refused, refused

    def refusal(self, reading: Reading, delay_s: float = 1e8) -> Refused:
        """The refusal that this reading must meet."""
        try:
            self.take(reading, delay_s)
        except Refused as why:
            return why
        raise AssertionError("it was not refused")

    def tick(self, seconds: float) -> None:
        self.offset += 1
        self.partition.tick(self.offset, a_tick(seconds), T0 + seconds, SENT)

    @property
    def alarms(self) -> list[AlarmEvent]:
        return [alarm for alarm in self.partition.out if isinstance(alarm, AlarmEvent)]

    @property
    def health(self) -> list[SensorHealth]:
        return [
            sensor_health
            for sensor_health in self.partition.out
            if isinstance(sensor_health, SensorHealth)
        ]

    @property
    def story(self) -> list[tuple[str, str]]:
        """(transition, level) of every alarm event so far."""
        return [(alarm.transition.value, alarm.level.value) for alarm in self.alarms]
