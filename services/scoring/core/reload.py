"""Live reload: a state comes under other rules. What is open stays open, windows survive.

A new version of a rule keeps its open alarm and its windows, as far as they add up the same thing over
the same span; holds that were being gathered under the old limits start anew. A rule that no longer
judges the sensor has its alarm cleared.
"""

from __future__ import annotations

from datetime import datetime

from services.scoring.core.book import RuleBook, Sensor
from services.scoring.core.change import apply
from services.scoring.core.events import Cause, Emitted
from services.scoring.core.health import report_silence
from services.scoring.core.rules import CompiledRule, Plan, compile_rule
from services.scoring.core.state import NORMAL, SensorState
from services.scoring.core.windows import Buckets


def take_over(
    state: SensorState,
    book: RuleBook,
    sensor: Sensor | None,
    clock: float,
    now: datetime,
    out: list[Emitted],
) -> bool:
    """Bring a state under the rules in force; `sensor` None = it is no longer catalogued.

    True when something that is stored has changed.
    """
    plan = None if sensor is None else book.plan(sensor, state.status)
    if plan is state.plan and sensor is state.sensor and not _versions_differ(state, plan):
        return False
    old = state.plan
    if plan is not None:
        state.plan = plan  # what is withdrawn tells the mode that it goes by now
    changed = False
    for rule_id in list(state.alarms or {}):
        rule = None if plan is None else plan.find(rule_id)
        retired = rule is None and (old.find(rule_id) or _compiled(book, rule_id, state))
        if retired:
            _withdraw(state, retired, max(state.newest, clock), now, out)
            changed = True
    if sensor is None or plan is None:
        return True
    state.sensor = sensor
    for rule_id, alarm in (state.alarms or {}).items():
        rule = plan.find(rule_id)
        if rule is not None and alarm.rule_version != rule.version:
            alarm.rule_version = rule.version
            alarm.holds.clear()
            changed = True
    if changed and state.rare is not None:
        state.rare.journal.clear()  # judged by other rules: nothing of it can be judged again
    _fit_buckets(state, plan)
    return changed


def _fit_buckets(state: SensorState, plan: Plan) -> None:
    if state.buckets is None:
        return
    kept: dict[str, Buckets] = {}
    for rule in plan.windows:
        assert rule.window is not None
        existing_buckets = state.buckets.get(rule.rule_id)
        if (
            existing_buckets is not None
            and (fitting := Buckets.load(rule.window, existing_buckets.dump())) is not None
        ):
            kept[rule.rule_id] = fitting
    state.buckets = kept or None


def _versions_differ(state: SensorState, plan: Plan | None) -> bool:
    return any(
        plan is None or (rule := plan.find(rule_id)) is None or rule.version != alarm.rule_version
        for rule_id, alarm in (state.alarms or {}).items()
    )


def _compiled(book: RuleBook, rule_id: str, state: SensorState) -> CompiledRule | None:
    definition = book.definition(rule_id)
    if definition is None:
        return None
    return compile_rule(definition, state.sensor.interval_s)


def _withdraw(
    state: SensorState, rule: CompiledRule, at: float, now: datetime, out: list[Emitted]
) -> None:
    """Clear the alarm of a rule that no longer judges this sensor, and forget what it gathered."""
    assert state.alarms is not None
    alarm = state.alarms[rule.rule_id]
    cause = Cause(at, state.value, state.last_id, state.last_id)
    if alarm.level != NORMAL:
        apply(state, rule, alarm, NORMAL, cause, now, out)
    if rule.silent_s:
        # Kept: should the rule return during the same silence, its alarm goes on counting.
        report_silence(state, rule, cause, now, out)
    else:
        del state.alarms[rule.rule_id]
