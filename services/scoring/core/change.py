"""A change of level, applied and told: the one place where alarms begin, change and end."""

from __future__ import annotations

from datetime import datetime

from services.scoring.core.events import Cause, Emitted, ShadowDiffers, alarm_event
from services.scoring.core.rules import CompiledRule
from services.scoring.core.state import NEVER, NORMAL, AlarmState, Episode, SensorState
from shared.contracts.ids import alarm_id


def apply(
    state: SensorState,
    rule: CompiledRule,
    alarm: AlarmState,
    level: int,
    cause: Cause,
    now: datetime,
    out: list[Emitted],
) -> None:
    """Bring an alarm to `level`, which differs from the present one, and tell it."""
    previous, alarm.level = alarm.level, level
    if previous == NORMAL:
        start, start_id = cause.at, cause.event_id
        if rule.ladder is not None:
            start, start_id = rule.ladder.start(alarm, cause.at, cause.event_id)
        begin(state, rule, alarm, start, alarm_id(rule.rule_id, state.key, start_id))
    drop_earned(alarm)
    alarm.peak = max(alarm.peak, level)
    alarm.retrospective = cause.retrospective
    tell(state, rule, alarm, previous, cause, now, out)
    if level == NORMAL:
        end(state, rule, alarm, cause.at)


def drop_earned(alarm: AlarmState) -> None:
    """Forget the holds of levels that have been reached: they have nothing left to earn."""
    alarm.holds = {rank: hold for rank, hold in alarm.holds.items() if rank > alarm.level}


def begin(
    state: SensorState, rule: CompiledRule, alarm: AlarmState, started_at: float, new_id: str
) -> None:
    """A new episode; one that is known already goes on counting its versions."""
    if new_id != alarm.alarm_id:
        ended = () if state.rare is None else state.rare.ended
        alarm.version = max((e.version for e in ended if e.alarm_id == new_id), default=0)
        alarm.alarm_id = new_id
    alarm.started_at, alarm.peak = started_at, NORMAL


def end(state: SensorState, rule: CompiledRule, alarm: AlarmState, at: float) -> None:
    """Remember an episode that has ended, as long as a late reading may revise it."""
    lateness = state.plan.lateness_s
    if lateness <= 0 or rule.silent_s or rule.baseline is not None:
        return
    ended = state.trouble().ended
    ended[:] = [one for one in ended if one.ended_at >= state.newest - lateness]
    ended.append(
        Episode(rule.rule_id, alarm.alarm_id, alarm.version, alarm.started_at, at, alarm.peak)
    )


def tell(
    state: SensorState,
    rule: CompiledRule,
    alarm: AlarmState,
    previous: int,
    cause: Cause,
    now: datetime,
    out: list[Emitted],
    *,
    withdrawn: bool = False,
) -> None:
    """Emit the next version of an alarm; a candidate's changes stay among us."""
    alarm.version += 1
    if rule.definition.shadow_of is None:
        event = alarm_event(state, rule, alarm, previous, cause, now, withdrawn=withdrawn)
        out.append(event)


def still_going_on(state: SensorState, cause: Cause, now: datetime, out: list[Emitted]) -> None:
    """The present has been reached: what was found in a backlog and is still open is told as such."""
    rare = state.rare
    if rare is None or rare.retrospective_due == NEVER:
        return
    rare.retrospective_due = NEVER
    for rule_id, alarm in (state.alarms or {}).items():
        rule = state.plan.find(rule_id)
        if rule is not None and alarm.retrospective and alarm.level != NORMAL:
            alarm.retrospective = False
            value = state.value if rule.window is None else cause.value
            told = Cause(cause.at, value, cause.event_id, cause.trace_id)
            tell(state, rule, alarm, alarm.level, told, now, out)


def settle_shadows(state: SensorState, at: float, out: list[Emitted]) -> None:
    """Tell where a candidate has begun or ceased to differ from the live rule."""
    for rule in state.plan.shadows:
        live_id = rule.definition.shadow_of
        assert live_id is not None
        mine, live = state.alarm(rule.rule_id), state.alarm(live_id)
        differs = (mine.level if mine else NORMAL) - (live.level if live else NORMAL)
        known = mine.differs if mine else 0
        if differs != known:
            if mine is None:
                state.alarms = state.alarms or {}
                mine = state.alarms[rule.rule_id] = AlarmState(rule_version=rule.version)
            mine.differs = differs
            out.append(ShadowDiffers(rule.rule_id, live_id, state.sensor.sensor_id, at, differs))
