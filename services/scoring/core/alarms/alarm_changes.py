"""Changes of an alarm's level: alarms begin, change and end in this module alone."""

from __future__ import annotations

from services.scoring.core.alarms.alarm_events import ChangeCause, alarm_event
from services.scoring.core.alarms.alarm_state import NEVER, NORMAL, AlarmEpisode, AlarmState
from services.scoring.core.alarms.emitter import Emitter, ShadowDiffers
from services.scoring.core.rules.compiled_rule import CompiledRule
from services.scoring.core.state.sensor_state import ScoringState
from shared.contracts.ids import alarm_id


def change_level(
    state: ScoringState,
    rule: CompiledRule,
    alarm: AlarmState,
    level: int,
    cause: ChangeCause,
    emitter: Emitter,
) -> None:
    """Bring an alarm to `level`, different from the present level, and emit the change."""
    previous, alarm.level = alarm.level, level
    if previous == NORMAL:
        start, start_id = cause.at, cause.event_id
        if rule.thresholds is not None:
            start, start_id = rule.thresholds.start(alarm, cause.at, cause.event_id)
        begin_episode(state, alarm, start, alarm_id(rule.rule_id, state.key, start_id))
    drop_reached(alarm)
    alarm.peak = max(alarm.peak, level)
    alarm.retrospective = cause.retrospective
    emit(state, rule, alarm, previous, cause, emitter)
    if level == NORMAL:
        end_episode(state, rule, alarm, cause.at)


def drop_reached(alarm: AlarmState) -> None:
    """Forget the pending raises to levels that the alarm has reached, and falls from levels that
    it has left.
    """
    alarm.pending = {rank: entry for rank, entry in alarm.pending.items() if rank > alarm.level}
    alarm.falling = {rank: since for rank, since in alarm.falling.items() if rank <= alarm.level}


def begin_episode(state: ScoringState, alarm: AlarmState, started_at: float, new_id: str) -> None:
    """Begin an episode; an alarm id from an earlier episode continues the count of versions."""
    if new_id != alarm.alarm_id:
        ended = () if state.rare is None else state.rare.ended
        alarm.version = max((e.version for e in ended if e.alarm_id == new_id), default=0)
        alarm.alarm_id = new_id
    alarm.started_at, alarm.peak = started_at, NORMAL


def end_episode(state: ScoringState, rule: CompiledRule, alarm: AlarmState, at: float) -> None:
    """Remember an ended episode for as long as a late reading may revise it."""
    lateness = state.rule_set.lateness_s
    if lateness <= 0 or rule.silent_s or rule.baseline is not None:
        return
    ended = state.rare_state().ended
    ended[:] = [episode for episode in ended if episode.ended_at >= state.newest - lateness]
    ended.append(
        AlarmEpisode(rule.rule_id, alarm.alarm_id, alarm.version, alarm.started_at, at, alarm.peak)
    )


def emit(
    state: ScoringState,
    rule: CompiledRule,
    alarm: AlarmState,
    previous: int,
    cause: ChangeCause,
    emitter: Emitter,
    *,
    withdrawn: bool = False,
) -> None:
    """Emit the next version of an alarm; changes of a candidate rule are counted, not emitted."""
    alarm.version += 1
    if rule.definition.shadow_of is None:
        event = alarm_event(state, rule, alarm, previous, cause, emitter.now, withdrawn=withdrawn)
        emitter.messages.append(event)


def emit_backlog_alarms(state: ScoringState, cause: ChangeCause, emitter: Emitter) -> None:
    """Emit open alarms of a backlog once more, as present alarms: the backlog has ended."""
    rare = state.rare
    if rare is None or rare.retrospective_due == NEVER:
        return
    rare.retrospective_due = NEVER
    for rule_id, alarm in (state.alarms or {}).items():
        rule = state.rule_set.find(rule_id)
        if rule is not None and alarm.retrospective and alarm.level != NORMAL:
            alarm.retrospective = False
            value = state.value if rule.window is None else cause.value
            present = ChangeCause(cause.at, value, cause.event_id, cause.trace_id)
            emit(state, rule, alarm, alarm.level, present, emitter)


def compare_shadows(state: ScoringState, at: float, emitter: Emitter) -> None:
    """Emit where a candidate rule has begun or ceased to differ from the live rule."""
    for rule in state.rule_set.shadows:
        live_id = rule.definition.shadow_of
        assert live_id is not None
        candidate, live = state.alarm(rule.rule_id), state.alarm(live_id)
        level = candidate.level if candidate else NORMAL
        differs = level - (live.level if live else NORMAL)
        previous = candidate.differs if candidate else 0
        if differs != previous:
            if candidate is None:
                state.alarms = state.alarms or {}
                candidate = AlarmState(rule_version=rule.version)
                state.alarms[rule.rule_id] = candidate
            candidate.differs = differs
            emitter.messages.append(
                ShadowDiffers(rule.rule_id, live_id, state.sensor.sensor_id, at, differs)
            )
