"""Alarms and sensor health as contract messages; every field but `sent_at` follows from the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from services.scoring.core.alarms.alarm_state import NEVER, NORMAL, AlarmState
from services.scoring.core.alarms.headline import (
    headline,
    limit_name,
    never_heard_since,
    situation,
    trend_of,
)
from services.scoring.core.alarms.score import CLEARED, score_parts, total
from services.scoring.core.refusals import RefusedInput
from services.scoring.core.rules.compiled_rule import CompiledRule
from services.scoring.core.state.sensor_state import ScoringState
from shared.contracts.alarms import AlarmEvent, AlarmTransition, Evidence
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Level, Status
from shared.contracts.ids import content_id, transition_id
from shared.contracts.readings import SensorHealth
from shared.contracts.readings import SensorState as Health

_LEVELS = tuple(Level)
FAULTS: dict[str, Literal["stuck", "out_of_range"]] = {
    "stuck": "stuck",
    "out_of_range": "out_of_range",
}


@dataclass(frozen=True, slots=True)
class ChangeCause:
    """The cause of a change: a reading, or time that passes after the reading `event_id`.

    `at` is event time in seconds since 1970. `value` is the evaluated value in the unit of the
    evaluation. `retrospective` marks a backlog: the log's clock is far ahead of `at`. `note`
    explains a value where the number alone does not. `start_id` names an episode that begins here
    when the name is not `event_id`: one late reading can show several episodes.
    """

    at: float
    value: float
    event_id: str
    trace_id: str
    retrospective: bool = False
    note: str = ""
    start_id: str = ""


def instant(seconds: float) -> datetime:
    """Return event time as a datetime; raises RefusedInput beyond the years of the calendar."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise RefusedInput(Reason.FUTURE_TIME, f"{seconds:g} s since 1970 is no date") from None


def alarm_event(
    state: ScoringState,
    rule: CompiledRule,
    alarm: AlarmState,
    previous: int,
    cause: ChangeCause,
    now: datetime,
    *,
    withdrawn: bool = False,
) -> AlarmEvent:
    """Return the change of `alarm` from level `previous`, counted in `alarm.version` already.

    Two equal levels mean a revision; two equal normal levels mean a revised end.
    """
    rank = alarm.level
    peak = alarm.peak if previous == NORMAL else NORMAL
    shown_rank = rank if rank != NORMAL else max(previous, peak)
    sensor, definition = state.sensor, rule.definition
    unit, datum = definition.unit or "1", definition.datum
    lasting_s = max(cause.at - alarm.started_at, 0.0)
    value, parts, name, note = cause.value, CLEARED, None, cause.note or rule.scope
    if rule.thresholds is not None:
        # Upwards: the threshold that was reached. Downwards: the limit of the abandoned threshold.
        threshold = rule.thresholds.threshold(max(rank, previous, shown_rank))
        limit = threshold.clear_at
        if rank >= previous and rank != NORMAL:
            limit, name = threshold.raise_at, limit_name(rule, threshold.rank)
        if rank != NORMAL:
            reached = rule.thresholds.threshold(rank)
            excess = (cause.value - reached.raise_at) * rule.thresholds.sign
            parts = score_parts(rank, excess, reached.scale, lasting_s)
    else:
        limit, unit, datum = rule.silent_s, "s", None
        value = rule.silent_s + lasting_s
        if rank != NORMAL:
            parts = score_parts(rank, lasting_s=lasting_s)
    if rule.baseline is not None:
        unit, datum = "1", None
    trend = None if rank == NORMAL else trend_of(state, rule, cause.at)
    references = [transition_id(alarm.alarm_id, alarm.version - 1)] if alarm.version > 1 else []
    kind = definition.body.kind
    assert kind in ("threshold", "window", "rate", "absence", "baseline")
    mode = state.rule_set.mode if definition.modes else None
    since = _expected_since(state)
    if rule.silent_s and since is not None:
        note = never_heard_since(since).joined()
    return AlarmEvent(
        id=transition_id(alarm.alarm_id, alarm.version),
        status=Status(state.status),
        occurred_at=instant(cause.at),
        sent_at=now,
        origin_unit=sensor.place,
        tier=sensor.tier,
        areas=(sensor.place,),
        references=(*references, cause.event_id),
        trace_id=cause.trace_id,
        data_grade=state.grade,
        alarm_id=alarm.alarm_id,
        version=alarm.version,
        transition=_transition(previous, rank),
        rule_id=rule.rule_id,
        rule_version=rule.version,
        kind=kind,
        sensor_id=sensor.sensor_id,
        sensor_kind=sensor.kind,
        site=sensor.site,
        position=sensor.position,
        place=sensor.place,
        event_type=definition.event_type,
        level=_LEVELS[shown_rank],
        previous_level=None if previous == NORMAL else _LEVELS[previous],
        score=total(parts),
        parts=parts,
        evidence=Evidence(
            metric=definition.metric or "silence",
            value=value,
            unit=unit,
            datum=datum,
            limit=limit,
            limit_name=name.joined() if name is not None else None,
            trend=trend,
            window_s=rule.window.span_s if rule.window else 0.0,
            event_id=cause.event_id,
            last_seen_at=_last_seen_at(state),
            note=note,
        ),
        headline=headline(sensor, rule, rank, since),
        situation=situation(sensor, rule, rank, cause.value, trend, cause.note, since),
        started_at=instant(alarm.started_at),
        retrospective=cause.retrospective,
        condition=definition.role == "condition",
        withdrawn=withdrawn,
        inhibited_by=definition.inhibited_by,
        synthetic=state.synthetic,
        mode=mode.mode if mode else None,
        mode_version=mode.version if mode else None,
        mode_unit=mode.unit if mode else None,
    )


def health_event(
    state: ScoringState, rule: CompiledRule, detail: str | None, cause: ChangeCause, now: datetime
) -> SensorHealth:
    """Return the sensor's present health, counted in its `health_version` already."""
    sensor, rare = state.sensor, state.rare_state()
    fault = next(iter(rare.faults.values()), None)
    health = Health.SILENT if rare.silent else Health.FAULTY if fault else Health.ONLINE
    serial = content_id("hlt", sensor.sensor_id, state.status)
    return SensorHealth(
        id=transition_id(serial, rare.health_version),
        status=Status(state.status),
        occurred_at=instant(cause.at),
        sent_at=now,
        origin_unit=sensor.place,
        tier=sensor.tier,
        areas=(sensor.place,),
        references=(cause.event_id,),
        trace_id=cause.trace_id,
        data_grade=state.grade,
        sensor_id=sensor.sensor_id,
        state=health,
        version=rare.health_version,
        last_seen_at=_last_seen_at(state),
        detail=detail,
        fault=None if fault is None else FAULTS[fault],
        rule_id=rule.rule_id,
    )


def _last_seen_at(state: ScoringState) -> datetime | None:
    return None if state.newest == -NEVER else instant(state.newest)


def _expected_since(state: ScoringState) -> datetime | None:
    since = state.expected_since
    return None if since == -NEVER else instant(since)


def _transition(previous: int, rank: int) -> AlarmTransition:
    if rank == NORMAL:
        return AlarmTransition.CLEARED
    if previous == NORMAL:
        return AlarmTransition.RAISED
    if rank == previous:
        return AlarmTransition.REVISED
    return AlarmTransition.UPGRADED if rank > previous else AlarmTransition.DOWNGRADED
