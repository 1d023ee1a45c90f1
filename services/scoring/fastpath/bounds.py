"""Bounds of a sensor: values, rates and sums between which its next reading changes nothing.

Most of the time no window has to be added up. While every reading of a window lies strictly inside
the bounds of its alarm, mean, minimum and maximum do as well: from `windows_stable_from` on, when
the last reading outside has left the window. A sum of rain only rises: while the sum of new values
stays below `sum_margin`, the sum of the window cannot reach the next threshold. Bounds are derived
and never stored. The core declares them unknown whenever alarms or rules may have changed
(`ScoringState.forget_bounds`), and they are computed at the next reading.
"""

from __future__ import annotations

from array import array
from math import inf

from services.scoring.core.alarms.alarm_state import NEVER, NORMAL
from services.scoring.core.readings.history import buckets_of
from services.scoring.core.readings.windows import WindowSpec, WindowView, aggregate_of, view_of
from services.scoring.core.rules.compiled_rule import CompiledRule
from services.scoring.core.state.sensor_state import ScoringState

_ALWAYS, _NEVER = -inf, inf
"""One object each: the bounds of a sensor shall not cost memory of their own."""
_MARGIN_S = 1e-3
_MARGIN = 1e-9
"""Absolute for moments and relative for sums: far more than rounding can add up to."""


def update_bounds(state: ScoringState) -> None:
    """Compute the values and rates that change nothing; the windows become unknown."""
    rule_set = state.rule_set
    if not state.alarms and not _needs_evaluation(state):
        # The numbers of the rule set, so that a million sensors share these objects.
        state.low, state.high, state.rate_low, state.rate_high = rule_set.normal_bounds
    else:
        low, high = value_bounds(state)
        for rule in rule_set.windows:
            if rule.window and rule.window.inside:
                down, up = _rule_bounds(state, rule)
                low, high = max(low, down), min(high, up)
        state.low, state.high = low, high
        low, high = -inf, inf
        for rule in rule_set.rates:
            down, up = _rule_bounds(state, rule)
            low, high = max(low, down), min(high, up)
        state.rate_low, state.rate_high = low, high
    state.forget_windows()


def value_bounds(state: ScoringState) -> tuple[float, float]:
    """Return the exclusive bounds of values that change no threshold rule and are measurements."""
    low, high = -inf, inf
    if _needs_evaluation(state):
        return inf, -inf
    for rule in state.rule_set.values:
        down, up = _rule_bounds(state, rule)
        low, high = max(low, down), min(high, up)
    for rule in state.rule_set.ranges:
        assert rule.range is not None
        low, high = max(low, rule.range.low), min(high, rule.range.high)
    return low, high


def windows_unchanged(state: ScoringState) -> bool:
    """Add up the windows over the newest reading; return whether they change nothing."""
    at, value, times, values = state.newest, state.value, state.times, state.values
    stable_from, margin = _ALWAYS, _NEVER
    for rule in state.rule_set.windows:
        spec = rule.window
        assert spec is not None
        low, high = _rule_bounds(state, rule)
        buckets = buckets_of(state, rule.rule_id)
        view = view_of(spec, buckets, at, times, values, len(times))
        aggregate = aggregate_of(spec, view)
        if aggregate is not None and not low < aggregate < high:
            state.forget_windows()
            return False
        if spec.inside:
            outside_at = _last_outside(spec, view, times, values, (low, high))
            if outside_at is None:  # in some bucket: not newer than the previous knowledge
                reusable = low < value < high and state.windows_stable_from < inf
                until = state.windows_stable_from if reusable else at + spec.span_s + _MARGIN_S
                stable_from = max(stable_from, until)
            elif outside_at > _ALWAYS:
                stable_from = max(stable_from, outside_at + spec.span_s + _MARGIN_S)
        else:
            rising = spec.aggregate == "sum" and low == -inf and min(view.values, default=0.0) >= 0
            rule_margin = -inf
            if rising and aggregate is not None:
                rule_margin = high - abs(high) * _MARGIN - aggregate
            margin = min(margin, rule_margin)
    state.windows_stable_from, state.sum_margin = stable_from, margin
    return True


def _last_outside(
    spec: WindowSpec,
    view: WindowView,
    times: array[float],
    values: array[float],
    bounds: tuple[float, float],
) -> float | None:
    """Return the time of the last reading outside the bounds.

    The result is -inf when no reading of the window is outside, None when a bucket hides the time.
    """
    low, high = bounds
    # Of a bucket only the sum or one extreme is known.
    comparable = (
        not view.in_buckets
        or (spec.aggregate == "max" and low == -inf)
        or (spec.aggregate == "min" and high == inf)
    )
    if comparable and low < min(view.values) and max(view.values) < high:
        return _ALWAYS
    for place in range(len(times) - 1, view.first - 1, -1):
        if not low < values[place] < high:
            return times[place]
    return None


def _rule_bounds(state: ScoringState, rule: CompiledRule) -> tuple[float, float]:
    assert rule.thresholds is not None
    return rule.thresholds.bounds(state.alarm(rule.rule_id))


def _needs_evaluation(state: ScoringState) -> bool:
    """Return whether every next reading has to be evaluated, whatever its value."""
    if state.alarms:
        for rule in state.rule_set.seasonal:
            alarm = state.alarms.get(rule.rule_id)
            if alarm is not None and alarm.level != NORMAL:
                return True  # its season or hour may end at any reading
    rare = state.rare
    if rare is None:
        return False
    return rare.silent or bool(rare.faults) or rare.retrospective_due < NEVER
