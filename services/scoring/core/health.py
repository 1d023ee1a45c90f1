"""Health of a sensor 设备状态: silent, stuck, out of range. About the device, never about the place."""

from __future__ import annotations

from datetime import datetime

from services.scoring.core.change import apply
from services.scoring.core.events import Cause, Emitted, health_event
from services.scoring.core.judge import alarm_of
from services.scoring.core.rules import CompiledRule
from services.scoring.core.state import NORMAL, SensorState


def range_broken(state: SensorState, value: float) -> CompiledRule | None:
    """The rule for which this value is no measurement."""
    for rule in state.plan.ranges:
        assert rule.range is not None
        if not rule.range.low <= value <= rule.range.high:
            return rule
    return None


def heard(
    state: SensorState,
    seen: Cause,
    broken: CompiledRule | None,
    now: datetime,
    out: list[Emitted],
) -> None:
    """A reading has come: silence ends; a value out of range begins or ends that fault."""
    if state.rare is not None and state.rare.silent:
        end_silence(state, seen, now, out)
        state.same_since = seen.at  # unheard is not unmoved
    if broken is not None:
        _set_fault(state, broken, "out_of_range", f"{seen.value:.10g}", seen, now, out)
    elif state.rare is not None and state.rare.faults:
        for rule in state.plan.ranges:
            _set_fault(state, rule, None, None, seen, now, out)


def moved(state: SensorState, seen: Cause, now: datetime, out: list[Emitted]) -> None:
    """Follow whether the value moves; called with the newest reading, before it is the value."""
    if not state.plan.stuck:
        return
    if not state.held or abs(seen.value - state.value) > state.plan.tolerance:
        state.same_since = seen.at
    for rule in state.plan.stuck:
        assert rule.stuck is not None
        stuck = seen.at - state.same_since >= rule.stuck.for_s and seen.value not in rule.stuck.calm
        if stuck:
            text = f"{seen.value:.10g} for {seen.at - state.same_since:.0f} s"
            _set_fault(state, rule, "stuck", text, seen, now, out)
        else:
            _set_fault(state, rule, None, None, seen, now, out)


def fell_silent(
    state: SensorState, rule: CompiledRule, cause: Cause, now: datetime, out: list[Emitted]
) -> None:
    """The sensor has not been heard for too long."""
    apply(state, rule, alarm_of(state, rule), rule.silent_rank, cause, now, out)
    report_silence(state, rule, cause, now, out)


def end_silence(state: SensorState, seen: Cause, now: datetime, out: list[Emitted]) -> None:
    """Clear every alarm of silence."""
    last = state.plan.absences[0] if state.plan.absences else None
    for rule in state.plan.absences:
        alarm = state.alarm(rule.rule_id)
        if alarm is not None and alarm.level != NORMAL:
            apply(state, rule, alarm, NORMAL, seen, now, out)
            last = rule
    if last is not None:
        report_silence(state, last, seen, now, out)


def report_silence(
    state: SensorState, rule: CompiledRule, cause: Cause, now: datetime, out: list[Emitted]
) -> None:
    """Emit the health when it has changed: silent while any alarm of silence is open."""
    silent = any(
        alarm.level != NORMAL
        for absence in state.plan.absences
        if (alarm := state.alarm(absence.rule_id)) is not None
    )
    rare = state.trouble()
    if silent != rare.silent:
        rare.silent = silent
        rare.health_version += 1
        detail = f"no reading for {cause.value:.10g} s" if silent else None
        out.append(health_event(state, rule, detail, cause, now))


def _set_fault(
    state: SensorState,
    rule: CompiledRule,
    fault: str | None,
    detail: str | None,
    cause: Cause,
    now: datetime,
    out: list[Emitted],
) -> None:
    known = None if state.rare is None else state.rare.faults.get(rule.rule_id)
    if known == fault:
        return
    rare = state.trouble()
    if fault is None:
        del rare.faults[rule.rule_id]
    else:
        rare.faults[rule.rule_id] = fault
    if rule.definition.shadow_of is not None:
        return
    rare.health_version += 1
    out.append(health_event(state, rule, detail, cause, now))
