"""One sensor's reading, or time passing over it, turned into changes of its alarms.

Most readings change nothing, and `glide` proves that with a few comparisons: the value lies in the
band in which no ladder moves, the gap before it is no silence, its rate and the windows over it are
quiet. Whatever it cannot prove goes the long way, `take`, which alone decides.

Windows are judged when a reading comes, not when time passes: data that runs out is silence, and
silence is no reason to clear a rain alarm. Before a reading is judged, the sensor's own clock is
brought up to it, so that a for-duration or a silence that ended between two ticks is decided alike
however often ticks come.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from math import inf

from services.scoring.core import health, revise
from services.scoring.core.baseline import Baseline
from services.scoring.core.change import apply, settle_shadows, still_going_on
from services.scoring.core.events import Cause, Emitted
from services.scoring.core.history import age, append, insert, push
from services.scoring.core.judge import alarm_of, judge, next_ripe
from services.scoring.core.marks import mark_of
from services.scoring.core.quiet import ask, bands, forget_windows, value_band
from services.scoring.core.rules import CompiledRule
from services.scoring.core.state import (
    NEVER,
    NORMAL,
    REMEMBERED_IDS,
    AlarmState,
    SensorState,
)
from shared.domain.bilingual import Both

BACKLOG_OVER_S = 60.0
"""A backlog that has not gone on for so long by the log's clock has ended."""


NOT_TAKEN, TAKEN, TO_BE_JUDGED, TO_LEARN = 0, 1, 2, 3
"""What `glide` did: nothing; all there is to do; taken in, but `finish` has to judge it, or has to let
the baselines learn from it."""


def glide(state: SensorState, at: float, value: float, raw: bytes, begin: int, end: int) -> int:
    """Take in a new reading as far as it provably changes nothing; its id lies in `raw`."""
    gap = at - state.newest
    gist = state.gist
    if not 0.0 < gap <= gist.quiet_gap_s:
        return NOT_TAKEN
    data = raw
    mark = mark_of(data, begin, end)
    if state.has_taken(mark):
        return NOT_TAKEN
    quiet = state.low < value < state.high
    if not quiet and not (gist.windows and _moves_no_ladder(state, value)):
        return NOT_TAKEN
    if gist.rates and not state.rate_low < (value - state.value) / gap < state.rate_high:
        return NOT_TAKEN
    if gist.stuck:
        if abs(value - state.value) > gist.tolerance:
            state.same_since = at
        elif at - state.same_since >= gist.stuck_after_s and value not in gist.calm:
            return NOT_TAKEN
    state.remember(mark, data[begin:end])
    state.newest = at
    state.value = value
    if push(state.held, at, value, gist.trim_s):
        age(state)
    if gist.sums:
        state.room -= value if value >= 0 else inf
        quiet = quiet and state.room > 0
    if not (quiet and at >= state.after) and not ask(state):
        return TO_BE_JUDGED
    return TO_LEARN if gist.baselines else TAKEN


def _moves_no_ladder(state: SensorState, value: float) -> bool:
    low, high = value_band(state)
    return low < value < high


def finish(
    state: SensorState, seen: Cause, done: int, clock: float, now: datetime, out: list[Emitted]
) -> None:
    """Judge the newest reading, which `glide` has taken in, as far as that is left to be `done`."""
    changed = False
    if done == TO_BE_JUDGED:
        before = revise.snapshot(state)
        _judge_newest(state, seen, now, out)
        changed = revise.note(state, seen.at, before)
    if _learn(state, seen, now, out) or changed:
        _settle(state, seen, clock, out)


def take(
    state: SensorState,
    seen: Cause,
    synthetic: bool,
    clock: float,
    now: datetime,
    out: list[Emitted],
) -> None:
    """Judge an accepted reading; `clock` is the log's, `now` only stamps what is sent."""
    told = len(out)
    forget_windows(state)
    late = seen.at <= state.newest
    if not late:
        elapse(state, seen.at, now, out)
    broken = health.range_broken(state, seen.value)
    if not late:
        state.synthetic = synthetic
        state.newest = seen.at
        health.heard(state, seen, broken, now, out)
    changed = state.high == -inf
    event_id = seen.event_id.encode()
    state.remember(mark_of(event_id, 0, len(event_id)), event_id)
    if broken is not None:
        unmeasured = state.trouble().unmeasured
        unmeasured.append([seen.event_id, seen.at, seen.value])
        del unmeasured[:-REMEMBERED_IDS]
    elif state.held and seen.at <= state.held[-2]:
        if insert(state, seen.at, seen.value) is not None:
            revise.judge_again(state, seen, clock, now, out)
            changed = True
    else:
        before = revise.snapshot(state)
        health.moved(state, seen, now, out)
        append(state, seen.at, seen.value)
        state.value = seen.value
        _judge_newest(state, seen, now, out)
        changed = _learn(state, seen, now, out) or changed
        changed = revise.note(state, seen.at, before) or changed
    if not late and not seen.retrospective:
        still_going_on(state, seen, now, out)
    if changed or len(out) > told:
        _settle(state, seen, clock, out)
    elif seen.retrospective and _found_in_backlog(state):
        state.trouble().retrospective_due = clock + BACKLOG_OVER_S
        bands(state)


def _settle(state: SensorState, seen: Cause, clock: float, out: list[Emitted]) -> None:
    """An alarm may have changed: what follows from it for the readings to come."""
    if seen.retrospective and _found_in_backlog(state):
        state.trouble().retrospective_due = clock + BACKLOG_OVER_S
    settle_shadows(state, seen.at, out)
    bands(state)


def elapse(state: SensorState, clock: float, now: datetime, out: list[Emitted]) -> None:
    """Decide everything that fell due strictly before `clock`, each at its own moment."""
    decided = False
    while True:
        due, rule = next_due(state)
        if due >= clock:
            break
        decided = True
        if rule is None:
            cause = Cause(due, state.value, state.last_id, state.last_id)
            still_going_on(state, cause, now, out)
            continue
        if rule.ladder is not None:
            alarm = alarm_of(state, rule)
            before = revise.snapshot(state)
            cause = Cause(due, state.value, state.last_id, state.last_id)
            apply(state, rule, alarm, rule.ladder.ripe(alarm, due), cause, now, out)
            revise.note(state, due, before)
        else:
            cause = Cause(due, rule.silent_s, state.last_id, state.last_id)
            health.fell_silent(state, rule, cause, now, out)
    if decided:
        settle_shadows(state, clock, out)
        bands(state)


def next_due(state: SensorState) -> tuple[float, CompiledRule | None]:
    """The earliest moment at which time alone changes something, and whose.

    NEVER without one; a moment without a rule is the end of a backlog.
    """
    best, whose = next_ripe(state) if state.plan.waiting else (NEVER, None)
    # Silence is a fact about the device. A drill ends, or plays another hour: that is no silence.
    if state.plan.absences and state.status == "Actual" and state.newest > -NEVER:
        for rule in state.plan.absences:
            alarm = state.alarm(rule.rule_id)
            if alarm is None or alarm.level == NORMAL:
                due = state.newest + rule.silent_s
                if due < best:
                    best, whose = due, rule
    rare = state.rare
    if rare is not None and rare.retrospective_due < best:
        best, whose = rare.retrospective_due, None
    return best, whose


def _judge_newest(state: SensorState, seen: Cause, now: datetime, out: list[Emitted]) -> None:
    def change(rule: CompiledRule, alarm: AlarmState, level: int, cause: Cause) -> None:
        apply(state, rule, alarm, level, cause, now, out)

    judge(state, len(state.held) // 2 - 1, seen, change)


def _learn(state: SensorState, seen: Cause, now: datetime, out: list[Emitted]) -> bool:
    """Adaptive baselines learn in order of arrival: what is late teaches nothing.

    Whether one of their alarms has changed.
    """
    changed = False
    for rule in state.plan.baselines:
        assert rule.baseline is not None
        assert rule.ladder is not None
        if state.baselines is None:
            state.baselines = {}
        model = state.baselines.get(rule.rule_id)
        if model is None:
            model = state.baselines[rule.rule_id] = Baseline()
        verdict = model.step(rule.baseline, seen.at, seen.value)
        if verdict is None:
            continue
        alarm = alarm_of(state, rule)
        counts = model.episode.step(rule.baseline.episode, seen.at, verdict.score)
        level = rule.ladder.judge(alarm, seen.at, counts, seen.event_id)
        if level != alarm.level:
            expected = f"{verdict.expected:.6g}±{verdict.spread:.2g}"
            note = Both(
                f"{seen.value:.6g}，预期 {expected}", f"{seen.value:.6g}, expected {expected}"
            ).joined()
            cause = replace(seen, value=verdict.score, note=note)
            apply(state, rule, alarm, level, cause, now, out)
            changed = True
    return changed


def _found_in_backlog(state: SensorState) -> bool:
    return any(a.retrospective and a.level != NORMAL for a in (state.alarms or {}).values())
