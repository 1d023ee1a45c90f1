"""Bring a sensor's state under new rules while readings arrive.

A new version of a rule keeps the open alarm, and the windows with an equal aggregate and span;
pending raises and falls under the old limits begin anew. Alarms of rules without effect on the
sensor are cleared.
"""

from __future__ import annotations

from services.scoring.core.alarms.alarm_changes import change_level
from services.scoring.core.alarms.alarm_events import ChangeCause
from services.scoring.core.alarms.alarm_state import NORMAL
from services.scoring.core.alarms.emitter import Emitter
from services.scoring.core.evaluation.sensor_health import update_silence
from services.scoring.core.readings.windows import WindowBuckets
from services.scoring.core.rules.compiled_rule import CompiledRule, compile_rule
from services.scoring.core.rules.rule_registry import RuleRegistry
from services.scoring.core.rules.rule_set import RuleSet
from services.scoring.core.rules.sensor import Sensor
from services.scoring.core.state.sensor_state import ScoringState


def apply_rules(
    state: ScoringState,
    registry: RuleRegistry,
    sensor: Sensor | None,
    clock: float,
    emitter: Emitter,
) -> bool:
    """Bring a state under the rules in force; `sensor` None = no longer catalogued.

    Return True when the stored part of the state has changed.
    """
    rule_set = None if sensor is None else registry.rule_set(sensor, state.status)
    if (
        rule_set is state.rule_set
        and sensor is state.sensor
        and not _versions_differ(state, rule_set)
    ):
        return False
    previous = state.rule_set
    if rule_set is not None:
        state.rule_set = rule_set  # a withdrawn alarm names the new response mode
    changed = False
    for rule_id in list(state.alarms or {}):
        rule = None if rule_set is None else rule_set.find(rule_id)
        if rule is None:
            retired = previous.find(rule_id) or _compiled(registry, rule_id, state)
            if retired:
                _withdraw(state, retired, max(state.newest, clock), emitter)
                changed = True
    if sensor is None or rule_set is None:
        return True
    state.sensor = sensor
    for rule_id, alarm in (state.alarms or {}).items():
        rule = rule_set.find(rule_id)
        if rule is not None and alarm.rule_version != rule.version:
            alarm.rule_version = rule.version
            alarm.pending.clear()
            alarm.falling.clear()
            changed = True
    if changed and state.rare is not None:
        state.rare.journal.clear()  # of other rules: none of it can be evaluated again
    _fit_buckets(state, rule_set)
    return changed


def _fit_buckets(state: ScoringState, rule_set: RuleSet) -> None:
    if state.buckets is None:
        return
    fitting: dict[str, WindowBuckets] = {}
    for rule in rule_set.windows:
        assert rule.window is not None
        existing_buckets = state.buckets.get(rule.rule_id)
        if existing_buckets is not None:
            buckets = WindowBuckets.load(rule.window, existing_buckets.dump())
            if buckets is not None:
                fitting[rule.rule_id] = buckets
    state.buckets = fitting or None


def _versions_differ(state: ScoringState, rule_set: RuleSet | None) -> bool:
    return any(
        rule_set is None
        or (rule := rule_set.find(rule_id)) is None
        or rule.version != alarm.rule_version
        for rule_id, alarm in (state.alarms or {}).items()
    )


def _compiled(registry: RuleRegistry, rule_id: str, state: ScoringState) -> CompiledRule | None:
    definition = registry.definition(rule_id)
    if definition is None:
        return None
    return compile_rule(definition, state.sensor.interval_s)


def _withdraw(state: ScoringState, rule: CompiledRule, at: float, emitter: Emitter) -> None:
    """Clear the alarm of a rule without effect on this sensor, and forget its state."""
    assert state.alarms is not None
    alarm = state.alarms[rule.rule_id]
    cause = ChangeCause(at, state.value, state.last_id, state.last_id)
    if alarm.level != NORMAL:
        change_level(state, rule, alarm, NORMAL, cause, emitter)
    if rule.silent_s:
        # The alarm stays: if the rule returns during the same silence, its versions continue.
        update_silence(state, rule, cause, emitter)
    else:
        del state.alarms[rule.rule_id]
