"""What is known of the readings to come: between which bounds they certainly change nothing.

Most of the time no window needs adding up. While every reading of a window lies strictly inside the
band in which its alarm would not change, so do mean, least and largest: from `after` on, when the last
one outside has left. Rain only falls upwards: while what has been added since the last sum cannot
reach the next rung (`room`), the sum cannot either. All of it is derived and never stored; what is not
known is asked (`ask`), and then known again.
"""

from __future__ import annotations

from array import array
from math import inf

from services.scoring.core.history import buckets_of
from services.scoring.core.rules import CompiledRule
from services.scoring.core.state import NEVER, SensorState
from services.scoring.core.windows import View, WindowSpec, aggregated, view

_EVER, _NEVER = -inf, inf
"""One object each: a sensor's bounds shall not cost memory of their own."""
_MARGIN_S = 1e-3
_MARGIN = 1e-9
"""Absolute for moments, relative for sums: far more than rounding makes of them."""


def bands(state: SensorState) -> None:
    """Work out anew which values and rates change nothing; of windows nothing is known any more."""
    plan = state.plan
    if not state.alarms and not _restless(state):
        # Of its plan, so that a million sensors share these numbers.
        state.low, state.high, state.rate_low, state.rate_high = plan.normal
    else:
        low, high = value_band(state)
        for rule in plan.windows:
            if rule.window and rule.window.inside:
                down, up = _band(state, rule)
                low, high = max(low, down), min(high, up)
        state.low, state.high = low, high
        low, high = -inf, inf
        for rule in plan.rates:
            down, up = _band(state, rule)
            low, high = max(low, down), min(high, up)
        state.rate_low, state.rate_high = low, high
    forget_windows(state)


def forget_windows(state: SensorState) -> None:
    """What was known of the windows is void."""
    state.after, state.room = (_NEVER, _EVER) if state.plan.windows else (_EVER, _NEVER)


def value_band(state: SensorState) -> tuple[float, float]:
    """Values strictly between the two move no ladder of values and are measurements."""
    low, high = -inf, inf
    if _restless(state):
        return inf, -inf
    for rule in state.plan.values:
        down, up = _band(state, rule)
        low, high = max(low, down), min(high, up)
    for rule in state.plan.ranges:
        assert rule.range is not None
        low, high = max(low, rule.range.low), min(high, rule.range.high)
    return low, high


def ask(state: SensorState) -> bool:
    """Whether the windows over the newest reading change nothing, by adding them up."""
    at, value, times, values = state.newest, state.value, state.times, state.values
    after, room = _EVER, _NEVER
    for rule in state.plan.windows:
        spec = rule.window
        assert spec is not None
        low, high = _band(state, rule)
        buckets = buckets_of(state, rule.rule_id)
        seen = view(spec, buckets, at, times, values, len(times))
        found = aggregated(spec, seen)
        if found is not None and not low < found < high:
            forget_windows(state)
            return False
        if spec.inside:
            outside = _last_outside(spec, seen, times, values, (low, high))
            if outside is None:  # somewhere in a bucket: not newer than what was known before
                known = low < value < high and state.after < inf
                after = max(after, state.after if known else at + spec.span_s + _MARGIN_S)
            elif outside > _EVER:
                after = max(after, outside + spec.span_s + _MARGIN_S)
        else:
            rising = spec.aggregate == "sum" and low == -inf and min(seen.every, default=0.0) >= 0
            left = high - abs(high) * _MARGIN - found if rising and found is not None else -inf
            room = min(room, left)
    state.after, state.room = after, room
    return True


def _last_outside(
    spec: WindowSpec,
    seen: View,
    times: array[float],
    values: array[float],
    band: tuple[float, float],
) -> float | None:
    """When a reading last lay outside; -inf when none of the window does, None when nobody can tell."""
    low, high = band
    # Of a bucket only the sum or one extreme is known.
    known = (
        not seen.in_buckets
        or (spec.aggregate == "max" and low == -inf)
        or (spec.aggregate == "min" and high == inf)
    )
    if known and low < min(seen.every) and max(seen.every) < high:
        return _EVER
    for place in range(len(times) - 1, seen.first - 1, -1):
        if not low < values[place] < high:
            return times[place]
    return None


def _band(state: SensorState, rule: CompiledRule) -> tuple[float, float]:
    assert rule.ladder is not None
    return rule.ladder.band(state.alarm(rule.rule_id))


def _restless(state: SensorState) -> bool:
    """Whether every next reading has to be looked at, whatever its value."""
    rare = state.rare
    if rare is None:
        return False
    return rare.silent or bool(rare.faults) or rare.retrospective_due < NEVER
