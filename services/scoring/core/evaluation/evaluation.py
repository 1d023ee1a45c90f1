"""The evaluation of a sensor's reading, and of passing time, into changes of alarms.

Most readings change nothing, and the fast path (fastpath/fast_evaluation.py) proves this in a few
comparisons. `evaluate` alone decides about all further readings.

Windows are evaluated when a reading arrives, not when time passes: an end of data is silence, and
silence is no reason to clear an alarm of rain. `evaluate` first brings the sensor's own clock up to
the reading. So a duration or a silence that ended between two ticks is decided alike, however often
ticks come.
"""

from __future__ import annotations

from dataclasses import replace

from services.scoring.core.alarms.alarm_changes import (
    change_level,
    compare_shadows,
    emit_backlog_alarms,
)
from services.scoring.core.alarms.alarm_events import ChangeCause
from services.scoring.core.alarms.alarm_state import NEVER, NORMAL, AlarmState
from services.scoring.core.alarms.emitter import Emitter
from services.scoring.core.baseline.baseline import Baseline
from services.scoring.core.evaluation import reprocessing, sensor_health
from services.scoring.core.evaluation.rule_evaluation import (
    alarm_of,
    evaluate_rules,
    level_after,
    next_raise,
)
from services.scoring.core.readings.history import append, insert
from services.scoring.core.rules.compiled_rule import CompiledRule
from services.scoring.core.state.id_hash import id_hash
from services.scoring.core.state.sensor_state import REMEMBERED_IDS, ScoringState
from shared.domain.bilingual import Bilingual

BACKLOG_OVER_S = 60.0
"""A backlog has ended when it has not continued for this long by the log's clock, in seconds."""


def complete(
    state: ScoringState, cause: ChangeCause, rules_remain: bool, clock: float, emitter: Emitter
) -> None:
    """Complete the newest reading, which the fast path has added to the state.

    With `rules_remain` the rules evaluate the reading first; the baselines learn afterwards.
    """
    changed = False
    if rules_remain:
        previous = reprocessing.snapshot(state)
        _evaluate_newest(state, cause, emitter)
        changed = reprocessing.record_change(state, cause.at, previous)
    if _update_baselines(state, cause, emitter) or changed:
        _follow_change(state, cause, clock, emitter)


def evaluate(
    state: ScoringState, cause: ChangeCause, synthetic: bool, clock: float, emitter: Emitter
) -> None:
    """Evaluate an accepted reading; `clock` is the log's clock in seconds since 1970."""
    emitted = len(emitter.messages)
    state.forget_windows()
    late = cause.at <= state.newest
    if not late:
        advance_time(state, cause.at, emitter)
    violated = sensor_health.violated_range(state, cause.value)
    if not late:
        state.synthetic = synthetic
        state.newest = cause.at
        sensor_health.update_on_reading(state, cause, violated, emitter)
    changed = state.high < state.low
    event_id = cause.event_id.encode()
    state.add_id(id_hash(event_id, 0, len(event_id)), event_id)
    if violated is not None:
        unmeasured = state.rare_state().unmeasured
        unmeasured.append([cause.event_id, cause.at, cause.value])
        del unmeasured[:-REMEMBERED_IDS]
    elif state.readings and cause.at <= state.readings[-2]:
        if insert(state, cause.at, cause.value) is not None:
            reprocessing.reprocess(state, cause, clock, emitter)
            changed = True
    else:
        previous = reprocessing.snapshot(state)
        sensor_health.update_stuck(state, cause, emitter)
        append(state, cause.at, cause.value)
        state.value = cause.value
        _evaluate_newest(state, cause, emitter)
        changed = _update_baselines(state, cause, emitter) or changed
        changed = reprocessing.record_change(state, cause.at, previous) or changed
    if not late and not cause.retrospective:
        emit_backlog_alarms(state, cause, emitter)
    if changed or len(emitter.messages) > emitted:
        _follow_change(state, cause, clock, emitter)
    elif cause.retrospective and _has_backlog_alarm(state):
        state.rare_state().retrospective_due = clock + BACKLOG_OVER_S
        state.forget_bounds()


def advance_time(state: ScoringState, clock: float, emitter: Emitter) -> None:
    """Decide everything that fell due strictly before `clock`, each at its own moment."""
    decided = False
    while True:
        due, rule = next_deadline(state)
        if due >= clock:
            break
        decided = True
        if rule is None:
            cause = ChangeCause(due, state.value, state.last_id, state.last_id)
            emit_backlog_alarms(state, cause, emitter)
            continue
        if rule.thresholds is not None:
            alarm = alarm_of(state, rule)
            previous = reprocessing.snapshot(state)
            cause = ChangeCause(due, state.value, state.last_id, state.last_id)
            level = rule.thresholds.elapsed_level(alarm, due)
            change_level(state, rule, alarm, level, cause, emitter)
            reprocessing.record_change(state, due, previous)
        else:
            cause = ChangeCause(due, rule.silent_s, state.last_id, state.last_id)
            sensor_health.begin_silence(state, rule, cause, emitter)
    if decided:
        compare_shadows(state, clock, emitter)
        state.forget_bounds()


def next_deadline(state: ScoringState) -> tuple[float, CompiledRule | None]:
    """Return the earliest moment at which time alone changes something, and the rule concerned.

    The moment is NEVER when there is none; a moment without a rule is the end of a backlog.
    """
    rule_set = state.rule_set
    earliest, earliest_rule = next_raise(state) if rule_set.timed else (NEVER, None)
    # Silence is a fact about the device. The end of a drill, or its other hour, is no silence.
    if rule_set.absences and state.status == "Actual":
        last = state.newest if state.newest > -NEVER else state.expected_since
        for rule in rule_set.absences:
            alarm = state.alarm(rule.rule_id)
            if last > -NEVER and (alarm is None or alarm.level == NORMAL):
                due = last + rule.silent_s
                if due < earliest:
                    earliest, earliest_rule = due, rule
    rare = state.rare
    if rare is not None and rare.retrospective_due < earliest:
        earliest, earliest_rule = rare.retrospective_due, None
    return earliest, earliest_rule


def _follow_change(state: ScoringState, cause: ChangeCause, clock: float, emitter: Emitter) -> None:
    """Draw the consequences of an alarm that may have changed for the readings to come."""
    if cause.retrospective and _has_backlog_alarm(state):
        state.rare_state().retrospective_due = clock + BACKLOG_OVER_S
    compare_shadows(state, cause.at, emitter)
    state.forget_bounds()


def _evaluate_newest(state: ScoringState, cause: ChangeCause, emitter: Emitter) -> None:
    def on_change(rule: CompiledRule, alarm: AlarmState, level: int, cause: ChangeCause) -> None:
        change_level(state, rule, alarm, level, cause, emitter)

    evaluate_rules(state, len(state.readings) // 2 - 1, cause, on_change)


def _update_baselines(state: ScoringState, cause: ChangeCause, emitter: Emitter) -> bool:
    """Let the baselines learn in order of arrival: a late reading teaches nothing.

    Return whether an alarm of a baseline has changed.
    """
    changed = False
    for rule in state.rule_set.baselines:
        assert rule.baseline is not None
        assert rule.thresholds is not None
        if state.baselines is None:
            state.baselines = {}
        model = state.baselines.get(rule.rule_id)
        if model is None:
            model = state.baselines[rule.rule_id] = Baseline()
        verdict = model.step(rule.baseline, cause.at, cause.value)
        if verdict is None:
            continue
        alarm = alarm_of(state, rule)
        score = model.episode.step(rule.baseline.episode, cause.at, verdict.score)
        level, note = level_after(rule, alarm, cause.at, score, cause.event_id)
        if level != alarm.level:
            expected = f"{verdict.expected:.6g}±{verdict.spread:.2g}"
            note = note or (
                Bilingual(
                    f"{cause.value:.6g}，预期 {expected}", f"{cause.value:.6g}, expected {expected}"
                ).joined()
            )
            judged = replace(cause, value=verdict.score, note=note)
            change_level(state, rule, alarm, level, judged, emitter)
            changed = True
    return changed


def _has_backlog_alarm(state: ScoringState) -> bool:
    return any(
        alarm.retrospective and alarm.level != NORMAL for alarm in (state.alarms or {}).values()
    )
