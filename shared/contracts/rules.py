"""Alert rules 预警规则 as data. One model for YAML packs and the compacted topic."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import Envelope
from shared.contracts.fields import (
    Contract,
    EventType,
    Finite,
    Level,
    Line,
    Metric,
    RuleId,
    SensorId,
    Version,
)
from shared.contracts.readings import Datum, UnitOfMeasure

Seconds = Annotated[float, Field(gt=0, le=31 * 86_400)]


class Rung(Contract):
    """One level of a ladder: raised at `raise_at`, given up below `clear_at` (hysteresis)."""

    level: Level
    raise_at: Finite
    clear_at: Finite
    source: Line


class ThresholdRule(Contract):
    """A ladder over the value itself, held for `for_s` seconds of event time and `count` readings."""

    kind: Literal["threshold"] = "threshold"
    direction: Literal["above", "below"] = "above"
    rungs: Annotated[tuple[Rung, ...], Field(min_length=1, max_length=5)]
    for_s: Annotated[float, Field(ge=0, le=86_400)] = 0
    count: Annotated[int, Field(ge=1, le=100)] = 1


class WindowRule(Contract):
    """A ladder over an aggregate of a sliding window in event time."""

    kind: Literal["window"] = "window"
    aggregate: Literal["sum", "mean", "min", "max", "delta"]
    window_s: Seconds
    direction: Literal["above", "below"] = "above"
    rungs: Annotated[tuple[Rung, ...], Field(min_length=1, max_length=5)]


class AbsenceRule(Contract):
    """A sensor that has not been heard for `factor` times its own interval is silent."""

    kind: Literal["absence"] = "absence"
    level: Level = Level.NOTICE
    factor: Annotated[float, Field(gt=1, le=100)] = 3
    ceiling_s: Seconds = 7 * 86_400


RuleBody = Annotated[ThresholdRule | WindowRule | AbsenceRule, Field(discriminator="kind")]


class RuleDefinition(Envelope):
    """A rule, its scope and its source. It applies to sensors of `sensor_kind` or to those named."""

    type: Literal["rule"] = "rule"
    rule_id: RuleId
    version: Version
    enabled: bool = True
    name_zh: Line
    name_en: Line
    event_type: EventType
    sensor_kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    sensor_ids: Annotated[tuple[SensorId, ...], Field(max_length=500)] = ()
    metric: Metric
    unit: UnitOfMeasure
    datum: Datum | None = None
    body: RuleBody
    source: Line
