"""Judging one reading, at its place among those held singly, by every rule that looks at values.

The same judgement serves a reading as it comes and all those that have to be judged again after a
late one: what a change of level leads to is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable

from services.scoring.core.events import Cause
from services.scoring.core.history import buckets_of
from services.scoring.core.rules import CompiledRule
from services.scoring.core.state import NEVER, AlarmState, SensorState
from services.scoring.core.windows import aggregated, view

OnChange = Callable[[CompiledRule, AlarmState, int, Cause], None]
"""Takes a rule, its alarm before the change, the level it changes to, and why."""


def judge(state: SensorState, place: int, seen: Cause, change: OnChange) -> None:
    """Judge the reading at `place`; `seen` names it."""
    plan, times, values = state.plan, state.times, state.values
    at, value = times[place], values[place]
    for rule in plan.values:
        _weigh(state, rule, at, value, seen, change)
    if place > 0 and plan.rates:
        gap = at - times[place - 1]
        for rule in plan.rates:
            if gap > 0 and rule.least_gap_s <= gap <= rule.gap_s:
                rate = (value - values[place - 1]) / gap
                _weigh(state, rule, at, rate, seen, change)
    for rule in plan.windows:
        assert rule.window is not None
        buckets = buckets_of(state, rule.rule_id)
        found = aggregated(rule.window, view(rule.window, buckets, at, times, values, place + 1))
        if found is not None:
            _weigh(state, rule, at, found, seen, change)


def ripen(state: SensorState, clock: float, seen: Cause, change: OnChange) -> None:
    """Let every hold that has lasted long enough strictly before `clock` raise its level."""
    while True:
        due, rule = next_ripe(state)
        if rule is None or due >= clock:
            return
        alarm = state.alarm(rule.rule_id)
        assert alarm is not None
        assert rule.ladder is not None
        level = rule.ladder.ripe(alarm, due)
        change(rule, alarm, level, Cause(due, state.value, seen.event_id, seen.trace_id))


def next_ripe(state: SensorState) -> tuple[float, CompiledRule | None]:
    """When the first hold will have lasted long enough, and whose; NEVER, None without."""
    best, whose = NEVER, None
    for rule in state.plan.waiting:
        alarm = state.alarm(rule.rule_id)
        if alarm is not None and alarm.holds:
            assert rule.ladder is not None
            due = rule.ladder.due(alarm)
            if due < best:
                best, whose = due, rule
    return best, whose


def alarm_of(state: SensorState, rule: CompiledRule) -> AlarmState:
    """A rule's alarm, made when it is not there."""
    if state.alarms is None:
        state.alarms = {}
    alarm = state.alarms.get(rule.rule_id)
    if alarm is None:
        alarm = state.alarms[rule.rule_id] = AlarmState(rule_version=rule.version)
    return alarm


def _weigh(
    state: SensorState, rule: CompiledRule, at: float, value: float, seen: Cause, change: OnChange
) -> None:
    ladder, alarm = rule.ladder, state.alarm(rule.rule_id)
    assert ladder is not None
    if alarm is None:
        if value * ladder.sign < ladder.steps[0].up:
            return  # nothing to remember
        alarm = alarm_of(state, rule)
    level = ladder.judge(alarm, at, value, seen.start_id or seen.event_id)
    if level != alarm.level:
        shown = value / ladder.factor
        cause = Cause(at, shown, seen.event_id, seen.trace_id, seen.retrospective)
        change(rule, alarm, level, cause)
