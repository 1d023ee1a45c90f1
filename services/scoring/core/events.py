"""Alarms and sensor health as contract messages: every field follows from the log, but `sent_at`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from services.scoring.core.checks import Refused
from services.scoring.core.rules import CompiledRule, SensorRules
from services.scoring.core.score import CLEARED, score
from services.scoring.core.state import NORMAL, AlarmState, SensorState
from shared.contracts.alarms import AlarmEvent, AlarmTransition, Evidence
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Level, Status
from shared.contracts.ids import content_id, transition_id
from shared.contracts.readings import SensorHealth
from shared.contracts.readings import SensorState as Health

_LEVELS = tuple(Level)
_LINE = 200
Emitted = AlarmEvent | SensorHealth


@dataclass(frozen=True, slots=True)
class Cause:
    """What brought a change about: a reading, or time passing over `event_id`, the last one heard.

    `at` is event time in seconds since 1970; `value` and `limit` are in `unit`.
    """

    at: float
    value: float
    event_id: str
    trace_id: str


def instant(seconds: float) -> datetime:
    """Event time as a moment; raises Refused beyond the years a calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise Refused(Reason.FUTURE_TIME, f"{seconds:g} s since 1970 is no date") from None


def alarm_event(
    sensor: SensorRules,
    state: SensorState,
    rule: CompiledRule,
    alarm: AlarmState,
    previous: int,
    cause: Cause,
    now: datetime,
) -> AlarmEvent:
    """The change of `alarm` from level `previous`, already counted in `alarm.version`."""
    rank = alarm.level
    named = rank if rank != NORMAL else previous
    entry, definition = sensor.entry, rule.definition
    if rule.ladder is not None:
        # Up: the rung that was reached. Down: the limit of the rung that was given up.
        step = rule.ladder.step(max(rank, previous))
        limit = step.raise_at if rank > previous else step.clear_at
        reached = rule.ladder.step(rank)
        graded = score(rank, (cause.value - reached.raise_at) * rule.ladder.sign, reached.scale)
        unit, datum = definition.unit, definition.datum
    else:
        limit, graded, unit, datum = rule.silent_s, score(rank), "s", None
    references = [transition_id(alarm.alarm_id, alarm.version - 1)] if alarm.version > 1 else []
    return AlarmEvent(
        id=transition_id(alarm.alarm_id, alarm.version),
        status=Status(state.status),
        occurred_at=instant(cause.at),
        sent_at=now,
        origin_unit=entry.place,
        tier=sensor.tier,
        areas=(entry.place,),
        references=(*references, cause.event_id),
        trace_id=cause.trace_id,
        alarm_id=alarm.alarm_id,
        version=alarm.version,
        transition=_transition(previous, rank),
        rule_id=rule.rule_id,
        rule_version=rule.version,
        kind=definition.body.kind,
        sensor_id=state.sensor_id,
        place=entry.place,
        event_type=definition.event_type,
        level=_LEVELS[named],
        previous_level=None if previous == NORMAL else _LEVELS[previous],
        score=CLEARED if rank == NORMAL else graded,
        evidence=Evidence(
            metric=definition.metric,
            value=cause.value,
            unit=unit,
            datum=datum,
            limit=limit,
            window_s=rule.window_s,
            event_id=cause.event_id,
            last_seen_at=instant(state.newest),
        ),
        headline=f"{definition.name_zh[: _LINE - 60]} {cause.value:.10g} {unit}",
        synthetic=state.synthetic,
    )


def health_event(
    sensor: SensorRules, state: SensorState, cause: Cause, now: datetime
) -> SensorHealth:
    """The sensor's health as `state` has it now, already counted in `state.health_version`."""
    silent = state.silent
    return SensorHealth(
        id=transition_id(content_id("hlt", state.sensor_id, state.status), state.health_version),
        status=Status(state.status),
        occurred_at=instant(cause.at),
        sent_at=now,
        origin_unit=sensor.entry.place,
        tier=sensor.tier,
        areas=(sensor.entry.place,),
        references=(cause.event_id,),
        trace_id=cause.trace_id,
        sensor_id=state.sensor_id,
        state=Health.SILENT if silent else Health.ONLINE,
        version=state.health_version,
        last_seen_at=instant(state.newest),
        detail=f"no reading for {cause.value:.10g} s" if silent else None,
    )


def _transition(previous: int, rank: int) -> AlarmTransition:
    if previous == NORMAL:
        return AlarmTransition.RAISED
    if rank == NORMAL:
        return AlarmTransition.CLEARED
    return AlarmTransition.UPGRADED if rank > previous else AlarmTransition.DOWNGRADED
