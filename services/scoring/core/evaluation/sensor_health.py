"""The health of a sensor 设备状态: silent, stuck, out of range. It concerns the device alone."""

from __future__ import annotations

from services.scoring.core.alarms.alarm_changes import change_level
from services.scoring.core.alarms.alarm_events import ChangeCause, health_event
from services.scoring.core.alarms.alarm_state import NORMAL
from services.scoring.core.alarms.emitter import Emitter
from services.scoring.core.evaluation.rule_evaluation import alarm_of
from services.scoring.core.rules.compiled_rule import CompiledRule
from services.scoring.core.state.sensor_state import ScoringState


def violated_range(state: ScoringState, value: float) -> CompiledRule | None:
    """Return the rule for which this value is no measurement; None for a measurement."""
    for rule in state.rule_set.ranges:
        assert rule.range is not None
        if not rule.range.low <= value <= rule.range.high:
            return rule
    return None


def update_on_reading(
    state: ScoringState, cause: ChangeCause, violated: CompiledRule | None, emitter: Emitter
) -> None:
    """End silence at a reading; begin or end the fault of a value out of range."""
    if state.rare is not None and state.rare.silent:
        end_silence(state, cause, emitter)
        state.same_since = cause.at  # a silent sensor may have moved
    if violated is not None:
        _set_fault(state, violated, "out_of_range", f"{cause.value:.10g}", cause, emitter)
    elif state.rare is not None and state.rare.faults:
        for rule in state.rule_set.ranges:
            _set_fault(state, rule, None, None, cause, emitter)


def update_stuck(state: ScoringState, cause: ChangeCause, emitter: Emitter) -> None:
    """Begin or end the fault of a stuck value; call with the newest reading before it is added."""
    rule_set = state.rule_set
    if not rule_set.stuck:
        return
    if not state.readings or abs(cause.value - state.value) > rule_set.tolerance:
        state.same_since = cause.at
    for rule in rule_set.stuck:
        assert rule.stuck is not None
        same_s = cause.at - state.same_since
        if same_s >= rule.stuck.for_s and cause.value not in rule.stuck.calm:
            text = f"{cause.value:.10g} for {same_s:.0f} s"
            _set_fault(state, rule, "stuck", text, cause, emitter)
        else:
            _set_fault(state, rule, None, None, cause, emitter)


def begin_silence(
    state: ScoringState, rule: CompiledRule, cause: ChangeCause, emitter: Emitter
) -> None:
    """Raise an alarm of silence: there was no reading for too long."""
    change_level(state, rule, alarm_of(state, rule), rule.silent_rank, cause, emitter)
    update_silence(state, rule, cause, emitter)


def end_silence(state: ScoringState, cause: ChangeCause, emitter: Emitter) -> None:
    """Clear every alarm of silence."""
    last = state.rule_set.absences[0] if state.rule_set.absences else None
    for rule in state.rule_set.absences:
        alarm = state.alarm(rule.rule_id)
        if alarm is not None and alarm.level != NORMAL:
            change_level(state, rule, alarm, NORMAL, cause, emitter)
            last = rule
    if last is not None:
        update_silence(state, last, cause, emitter)


def update_silence(
    state: ScoringState, rule: CompiledRule, cause: ChangeCause, emitter: Emitter
) -> None:
    """Emit a change of health: a sensor is silent while an alarm of silence is open."""
    silent = any(
        alarm.level != NORMAL
        for absence in state.rule_set.absences
        if (alarm := state.alarm(absence.rule_id)) is not None
    )
    rare = state.rare_state()
    if silent != rare.silent:
        rare.silent = silent
        rare.health_version += 1
        detail = f"no reading for {cause.value:.10g} s" if silent else None
        emitter.messages.append(health_event(state, rule, detail, cause, emitter.now))


def _set_fault(
    state: ScoringState,
    rule: CompiledRule,
    fault: str | None,
    detail: str | None,
    cause: ChangeCause,
    emitter: Emitter,
) -> None:
    previous = None if state.rare is None else state.rare.faults.get(rule.rule_id)
    if previous == fault:
        return
    rare = state.rare_state()
    if fault is None:
        del rare.faults[rule.rule_id]
    else:
        rare.faults[rule.rule_id] = fault
    if rule.definition.shadow_of is not None:
        return
    rare.health_version += 1
    emitter.messages.append(health_event(state, rule, detail, cause, emitter.now))
