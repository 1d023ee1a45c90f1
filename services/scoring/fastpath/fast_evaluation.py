"""The fast path of a reading: prove in a few comparisons that the reading changes nothing.

The value passes no threshold, the gap before the reading is no silence, and the rate and the
windows stay inside their bounds (fastpath/bounds.py). All further readings are left to `evaluate`
(core/evaluation/evaluation.py).
"""

from __future__ import annotations

from math import inf

from services.scoring.core.readings.history import push, trim
from services.scoring.core.state.id_hash import id_hash
from services.scoring.core.state.sensor_state import ScoringState
from services.scoring.fastpath.bounds import update_bounds, value_bounds, windows_unchanged

NOT_APPLIED, APPLIED, RULES_REMAIN, BASELINES_REMAIN = 0, 1, 2, 3
"""Results of `try_fast_path`. NOT_APPLIED: the state is unchanged. APPLIED: the reading is applied
completely. The reading is added to the state, and RULES_REMAIN or BASELINES_REMAIN to be evaluated
by `PartitionEngine.complete_reading`."""


def try_fast_path(
    state: ScoringState, at: float, value: float, raw: bytes, begin: int, end: int
) -> int:
    """Apply a reading if the reading provably changes nothing; return a result of the list above.

    The id of the reading lies in `raw` from `begin` to before `end`.
    """
    gap = at - state.newest
    rules = state.fast_rules
    if not 0.0 < gap <= rules.quiet_gap_s:
        return NOT_APPLIED
    data = raw
    event_hash = id_hash(data, begin, end)
    if state.has_id(event_hash):
        return NOT_APPLIED
    if state.high < state.low:
        update_bounds(state)
    inside = state.low < value < state.high
    if not inside and not (rules.has_windows and _passes_no_threshold(state, value)):
        return NOT_APPLIED
    if rules.has_rates and not state.rate_low < (value - state.value) / gap < state.rate_high:
        return NOT_APPLIED
    if rules.has_stuck:
        if abs(value - state.value) > rules.tolerance:
            state.same_since = at
        elif at - state.same_since >= rules.stuck_after_s and value not in rules.steady_values:
            return NOT_APPLIED
    state.add_id(event_hash, data[begin:end])
    state.newest = at
    state.value = value
    if push(state.readings, at, value, rules.trim_s):
        trim(state)
    if rules.has_sums:
        state.sum_margin -= value if value >= 0 else inf
        inside = inside and state.sum_margin > 0
    if not (inside and at >= state.windows_stable_from) and not windows_unchanged(state):
        return RULES_REMAIN
    return BASELINES_REMAIN if rules.has_baselines else APPLIED


def _passes_no_threshold(state: ScoringState, value: float) -> bool:
    low, high = value_bounds(state)
    return low < value < high
