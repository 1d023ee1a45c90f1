"""Sensing 感知: readings, the log's own clock, and the health of sensors."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import Envelope
from shared.contracts.fields import (
    Clean,
    Contract,
    Finite,
    Identifier,
    Instant,
    Line,
    Metric,
    RuleId,
    SensorId,
    Version,
)

UnitOfMeasure = Annotated[str, Field(min_length=1, max_length=16), Clean]
Datum = Annotated[str, Field(min_length=1, max_length=32), Clean]
"""Vertical datum of a level, such as 吴淞 or 黄海; never converted by a constant."""


class Reading(Envelope):
    """One value of one metric of one sensor. `unit` is UCUM-like (m, mm, %LEL, Cel)."""

    type: Literal["reading"] = "reading"
    sensor_id: SensorId
    metric: Metric
    value: Finite
    unit: UnitOfMeasure
    datum: Datum | None = None
    synthetic: bool = False

    def to_wire(self) -> bytes:
        """Return the wire form without the usual values: readings are most of all traffic."""
        lean = self.model_dump_json(exclude_defaults=True, exclude_none=True)
        return f'{{"type":"reading",{lean[1:]}'.encode()


class Tick(Contract):
    """The clock of one partition: no reading older than `occurred_at` is still expected.

    Ingest writes a tick per partition and second, so that the log decides on silence and a replay
    decides alike. Extra or repeated ticks are harmless: time only moves forward.
    """

    type: Literal["tick"] = "tick"
    id: Identifier
    schema_version: Literal[1] = 1
    occurred_at: Instant


class SensorState(StrEnum):
    """Health of a sensor 设备状态."""

    ONLINE = "online"
    SILENT = "silent"
    FAULTY = "faulty"


class SensorHealth(Envelope):
    """A change of a sensor's health, found by `rule_id`; the newest record holds the state."""

    type: Literal["sensor_health"] = "sensor_health"
    sensor_id: SensorId
    state: SensorState
    version: Version
    last_seen_at: Instant | None = None
    detail: Line | None = None
    fault: Literal["stuck", "out_of_range"] | None = None
    rule_id: RuleId | None = None


ReadingRecord = Annotated[Reading | Tick, Field(discriminator="type", title="ReadingRecord")]
"""A value of the readings topic."""
