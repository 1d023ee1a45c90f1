"""Evaluate a reading, at a place among the kept readings, by every rule that reads values.

The evaluation serves new readings, and readings that are processed again after a late reading. The
caller decides about the consequences of a change of level.
"""

from __future__ import annotations

from collections.abc import Callable

from services.scoring.core.alarms.alarm_events import ChangeCause
from services.scoring.core.alarms.alarm_state import NEVER, NORMAL, AlarmState
from services.scoring.core.readings.history import buckets_of
from services.scoring.core.readings.windows import aggregate_of, view_of
from services.scoring.core.rules.compiled_rule import CompiledRule
from services.scoring.core.state.sensor_state import ScoringState
from shared.domain.measures import no_longer
from shared.domain.rule_scope_words import OUT_OF_SEASON

OnChange = Callable[[CompiledRule, AlarmState, int, ChangeCause], None]
"""Takes a rule, its alarm just before the change, the new level, and the cause."""


def evaluate_rules(
    state: ScoringState, place: int, cause: ChangeCause, on_change: OnChange
) -> None:
    """Evaluate the reading at `place`; `cause` names it."""
    rule_set, times, values = state.rule_set, state.times, state.values
    at, value = times[place], values[place]
    for rule in rule_set.values:
        evaluate_threshold(state, rule, at, value, cause, on_change)
    if place > 0 and rule_set.rates:
        gap = at - times[place - 1]
        for rule in rule_set.rates:
            if gap > 0 and rule.least_gap_s <= gap <= rule.gap_s:
                rate = (value - values[place - 1]) / gap
                evaluate_threshold(state, rule, at, rate, cause, on_change)
    for rule in rule_set.windows:
        assert rule.window is not None
        buckets = buckets_of(state, rule.rule_id)
        view = view_of(rule.window, buckets, at, times, values, place + 1)
        aggregate = aggregate_of(rule.window, view)
        if aggregate is not None:
            evaluate_threshold(state, rule, at, aggregate, cause, on_change)


def raise_elapsed(
    state: ScoringState, clock: float, cause: ChangeCause, on_change: OnChange
) -> None:
    """Raise every alarm whose pending raise has lasted long enough strictly before `clock`."""
    while True:
        due, rule = next_raise(state)
        if rule is None or due >= clock:
            return
        alarm = state.alarm(rule.rule_id)
        assert alarm is not None
        assert rule.thresholds is not None
        level = rule.thresholds.elapsed_level(alarm, due)
        on_change(rule, alarm, level, ChangeCause(due, state.value, cause.event_id, cause.trace_id))


def next_raise(state: ScoringState) -> tuple[float, CompiledRule | None]:
    """Return the moment and the rule of the next raise by time alone; NEVER, None without one.

    A raise that would fall outside the seasons and hours of its rule does not come.
    """
    earliest, earliest_rule = NEVER, None
    for rule in state.rule_set.timed:
        alarm = state.alarm(rule.rule_id)
        if alarm is not None and alarm.pending:
            assert rule.thresholds is not None
            due = rule.thresholds.next_raise_at(alarm)
            if due < earliest and rule.holds_at(due):
                earliest, earliest_rule = due, rule
    return earliest, earliest_rule


def alarm_of(state: ScoringState, rule: CompiledRule) -> AlarmState:
    """Return the alarm of a rule; make the alarm when there is none."""
    if state.alarms is None:
        state.alarms = {}
    alarm = state.alarms.get(rule.rule_id)
    if alarm is None:
        alarm = state.alarms[rule.rule_id] = AlarmState(rule_version=rule.version)
    return alarm


def level_after(
    rule: CompiledRule, alarm: AlarmState, at: float, value: float, event_id: str
) -> tuple[int, str]:
    """Return the level after a value, and why where the value is not the reason."""
    if not rule.holds_at(at):
        alarm.pending.clear()
        return NORMAL, OUT_OF_SEASON
    assert rule.thresholds is not None
    level = rule.thresholds.evaluate(alarm, at, value, event_id)
    clear_for_s = rule.thresholds.clear_for_s
    if level < alarm.level and clear_for_s > 0 and rule.baseline is None:
        return level, no_longer(clear_for_s).joined()
    return level, ""


def evaluate_threshold(
    state: ScoringState,
    rule: CompiledRule,
    at: float,
    value: float,
    cause: ChangeCause,
    on_change: OnChange,
) -> None:
    """Evaluate a value, rate or aggregate by the thresholds of its rule."""
    thresholds, alarm = rule.thresholds, state.alarm(rule.rule_id)
    assert thresholds is not None
    if alarm is None:
        if value * thresholds.sign < thresholds.levels[0].up or not rule.holds_at(at):
            return  # nothing to remember
        alarm = alarm_of(state, rule)
    level, note = level_after(rule, alarm, at, value, cause.start_id or cause.event_id)
    if level != alarm.level:
        published_value = value / thresholds.factor
        on_change(
            rule,
            alarm,
            level,
            ChangeCause(
                at, published_value, cause.event_id, cause.trace_id, cause.retrospective, note
            ),
        )
