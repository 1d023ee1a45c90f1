"""Alert rules 预警规则 as data. One model for YAML packs and the compacted topic.

There are two families. Scoring evaluates the rules over one sensor (threshold, window, rate,
absence, stuck, range, baseline), reading by reading. Alerting evaluates the rules over several
sources (composite, corroboration), since one transaction holds the evidence of one place
(docs/adr/0007).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.contracts.authors import Author
from shared.contracts.conditions import CompositeRule, CorroborationRule
from shared.contracts.envelope import RealWorld
from shared.contracts.fields import (
    Contract,
    EventType,
    Finite,
    Level,
    Line,
    Metric,
    ResponseMode,
    RuleId,
    SensorId,
    Version,
)
from shared.contracts.geofences import Geofences
from shared.contracts.readings import Datum, UnitOfMeasure
from shared.contracts.seasons import HoursOfDay, Seasons, hours_problem, season_problem

Seconds = Annotated[float, Field(gt=0, le=31 * 86_400)]
Direction = Literal["above", "below"]


class Rung(Contract):
    """One level of a ladder: raised at `raise_at`, given up below `clear_at` (hysteresis).

    With `clear_for_s` of the rule a level is given up by the first reading so many seconds after
    the first of an uninterrupted row of readings below `clear_at`. `name_zh` and `name_en` name
    the limit as people do: 保证水位, guarantee level.
    """

    level: Level
    raise_at: Finite
    clear_at: Finite
    source: Line
    name_zh: Line | None = None
    name_en: Line | None = None

    @model_validator(mode="after")
    def _names_the_limit_in_both_languages(self) -> Self:
        if (self.name_zh is None) != (self.name_en is None):
            raise ValueError("a limit has its name in both languages or in none")
        return self


Rungs = Annotated[tuple[Rung, ...], Field(min_length=1, max_length=5)]
Count = Annotated[int, Field(ge=1, le=100)]
HoldFor = Annotated[float, Field(ge=0, le=86_400)]


class ThresholdRule(Contract):
    """Thresholds of the value itself, exceeded for `for_s` seconds of event time and `count`
    readings. For `clear_for_s` see `Rung`.
    """

    kind: Literal["threshold"] = "threshold"
    direction: Direction = "above"
    rungs: Rungs
    for_s: HoldFor = 0
    count: Count = 1
    clear_for_s: HoldFor = 0


class WindowRule(Contract):
    """A ladder over an aggregate of a sliding window in event time, 1 minute to 72 hours.

    `count` is the number of readings, `delta` newest minus oldest. Not judged below `min_count`.
    """

    kind: Literal["window"] = "window"
    aggregate: Literal["sum", "mean", "min", "max", "count", "delta"]
    window_s: Annotated[float, Field(ge=60, le=72 * 3600)]
    direction: Direction = "above"
    rungs: Rungs
    min_count: Count = 1
    clear_for_s: HoldFor = 0


class RateRule(Contract):
    """A ladder over the rate of change between two readings, in `unit` per `per_s` seconds.

    Falling is negative: `below` with negative limits. A gap shorter than `least_gap_s`, over which
    mere noise looks like a rush, and one longer than `gap_s` are not judged.
    """

    kind: Literal["rate"] = "rate"
    direction: Direction = "above"
    rungs: Rungs
    per_s: Seconds = 1.0
    least_gap_s: Annotated[float, Field(ge=0, le=86_400)] = 0
    gap_s: Seconds = 3600.0
    clear_for_s: HoldFor = 0


class AbsenceRule(Contract):
    """A sensor without a reading for `factor` times its own interval is silent."""

    kind: Literal["absence"] = "absence"
    level: Level = Level.NOTICE
    factor: Annotated[float, Field(gt=1, le=100)] = 3
    ceiling_s: Seconds = 7 * 86_400


class StuckRule(Contract):
    """The value has stayed within `tolerance` for `for_s` seconds: the sensor is faulty 数值卡死.

    Sensor health, never an alarm of the place. Values in `calm` (such as 0 mm of rain) may stay.
    """

    kind: Literal["stuck"] = "stuck"
    for_s: Annotated[float, Field(gt=0, le=31 * 86_400)]
    tolerance: Annotated[float, Field(ge=0)] = 0.0
    calm: Annotated[tuple[Finite, ...], Field(max_length=8)] = ()


class RangeRule(Contract):
    """Values outside `low` to `high` are no measurement: the sensor is faulty 越限.

    Sensor health, never an alarm of the place; such a value is not judged by any other rule.
    """

    kind: Literal["range"] = "range"
    low: Finite
    high: Finite


class BaselineRule(Contract):
    """A ladder over the adaptive baseline's score, 0 to 1 (docs/baseline.md), for sensors without a
    published threshold. Learns without labels; `season_s` 0 = no season.
    """

    kind: Literal["baseline"] = "baseline"
    rungs: Rungs
    season_s: Annotated[float, Field(ge=0, le=7 * 86_400)] = 86_400.0
    clear_for_s: HoldFor = 0


SensorBody = (
    ThresholdRule | WindowRule | RateRule | AbsenceRule | StuckRule | RangeRule | BaselineRule
)
AboutDevice = AbsenceRule | StuckRule | RangeRule
RuleBody = Annotated[SensorBody | CompositeRule | CorroborationRule, Field(discriminator="kind")]
Mark = Literal["sourced", "derived", "common_knowledge", "proposal"]
"""How well a threshold is known (our own marks, docs/sources.md S44).

Common knowledge is shipped switched off.
"""


class RuleDefinition(RealWorld):
    """A rule, its scope and its source. The scope is a `sensor_kind` or a list of sensors.

    Alarms of the `role` condition only feed composite rules. `inhibited_by` names rules: their open
    alarm at the same site makes an alarm of this rule redundant. `shadow_of` marks a candidate
    beside a live rule, perhaps one to come: it is counted and raises no alarm. `modes` are the
    response modes of the sensor's place for this rule; none = all. Rules over several sources name
    no sensor kind, metric, unit or mode. The rule holds in one of its `geofences`, `seasons` and
    `hours`; none = everywhere, always. Silence and faults have no season and no hour.
    """

    type: Literal["rule"] = "rule"
    rule_id: RuleId
    version: Version
    enabled: bool = True
    role: Literal["alarm", "condition"] = "alarm"
    mark: Mark = "proposal"
    shadow_of: RuleId | None = None
    inhibited_by: Annotated[tuple[RuleId, ...], Field(max_length=16)] = ()
    name_zh: Line
    name_en: Line
    event_type: EventType
    sensor_kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")] | None = None
    sensor_ids: Annotated[tuple[SensorId, ...], Field(max_length=500)] = ()
    metric: Metric | None = None
    unit: UnitOfMeasure | None = None
    datum: Datum | None = None
    modes: Annotated[tuple[ResponseMode, ...], Field(max_length=4)] = ()
    geofences: Geofences = ()
    seasons: Seasons = ()
    hours: HoursOfDay = ()
    body: RuleBody
    source: Line
    author: Author | None = None

    @property
    def over_one_sensor(self) -> bool:
        """Return whether scoring evaluates the rule; else alerting does."""
        return isinstance(self.body, SensorBody)

    @model_validator(mode="after")
    def _names_what_it_measures(self) -> Self:
        named = (self.sensor_kind, self.metric, self.unit)
        if self.over_one_sensor and None in named:
            raise ValueError("a rule over one sensor needs sensor_kind, metric and unit")
        more = (self.sensor_ids, self.datum, self.modes)
        if not self.over_one_sensor and any((*named, *more)):
            raise ValueError(
                "a rule over several sources has no sensor_kind, sensor_ids, metric, unit, datum, "
                "modes"
            )
        return self

    @model_validator(mode="after")
    def _has_times_that_apply(self) -> Self:
        if (self.seasons or self.hours) and isinstance(self.body, AboutDevice):
            raise ValueError(
                f"a rule of kind {self.body.kind} has no seasons and no hours: it is about the "
                "device, at any time; allowed in threshold, window, rate, baseline, composite, "
                "corroboration"
            )
        for problem in (season_problem(self.seasons), hours_problem(self.hours)):
            if problem is not None:
                raise ValueError(problem)
        return self
