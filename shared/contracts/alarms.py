"""Alarms 告警: findings of rules. An alarm has no legal standing; a person makes an alert of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import Envelope
from shared.contracts.fields import (
    Contract,
    EventType,
    Finite,
    Identifier,
    Instant,
    Level,
    Line,
    Metric,
    Position,
    ResponseMode,
    RuleId,
    SensorId,
    UnitId,
    Version,
)
from shared.contracts.modes import ModeVersion
from shared.contracts.readings import Datum, UnitOfMeasure


class AlarmTransition(StrEnum):
    """Changes of an alarm that others can see.

    `revised`: the level stays, other facts change. A late reading has moved the beginning or the
    value, or an alarm that was raised in retrospect has turned out to continue.
    """

    RAISED = "raised"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    REVISED = "revised"
    CLEARED = "cleared"


class Evidence(Contract):
    """The reason of an alarm: the reading and the limit. Values are in `unit` above `datum`.

    `limit_name` is the name of the limit, such as 保证水位. `trend` compares the value with the
    reading before. `note` gives the reason in words where the number is not enough.
    """

    metric: Metric
    value: Finite
    unit: UnitOfMeasure
    datum: Datum | None = None
    limit: Finite
    limit_name: Line | None = None
    trend: Literal["rising", "steady", "falling"] | None = None
    window_s: Annotated[float, Field(ge=0)] = 0
    event_id: Identifier
    last_seen_at: Instant | None = None
    note: Line | None = None


class ScoreParts(Contract):
    """The parts of a score (docs/scoring.md); their sum is the score."""

    level: Annotated[int, Field(ge=0, le=81)]
    excess: Annotated[int, Field(ge=0, le=18)]
    lasting: Annotated[int, Field(ge=0, le=18)] = 0


class AlarmEvent(Envelope):
    """The `version`-th change of one alarm. `score` is 0 to 100, larger is graver.

    `started_at` is when the episode began. `retrospective`: found in a backlog, over or not is not
    known yet; pages nobody. `withdrawn`: cleared because late readings showed that it never was.
    `condition`: only feeds composite rules. `inhibited_by`: rules whose open alarm at the same site
    makes this one say nothing new. Alarms over several sources have no `sensor_id`; `site` is the
    catalogue's. `mode`, `mode_version` and `mode_unit`: of a rule that holds in some response modes
    only, the mode that this change goes by. `headline` names the event for as long as it lasts;
    `situation` has the excess over the limit and the trend at this change.
    """

    type: Literal["alarm"] = "alarm"
    alarm_id: Identifier
    version: Version
    transition: AlarmTransition
    rule_id: RuleId
    rule_version: Version
    kind: Literal[
        "threshold", "window", "rate", "absence", "baseline", "composite", "corroboration"
    ]
    sensor_id: SensorId | None = None
    sensor_kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")] | None = None
    site: Identifier | None = None
    position: Position | None = None
    place: UnitId
    event_type: EventType
    level: Level
    previous_level: Level | None = None
    score: Annotated[int, Field(ge=0, le=100)]
    parts: ScoreParts | None = None
    evidence: Evidence
    headline: Line
    situation: Line | None = None
    started_at: Instant | None = None
    retrospective: bool = False
    condition: bool = False
    withdrawn: bool = False
    inhibited_by: Annotated[tuple[RuleId, ...], Field(max_length=16)] = ()
    synthetic: bool = False
    mode: ResponseMode | None = None
    mode_version: ModeVersion | None = None
    mode_unit: UnitId | None = None
