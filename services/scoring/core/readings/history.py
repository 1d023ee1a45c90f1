"""The single readings of a sensor; older readings move into the buckets of windows."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

import cython

from services.scoring.core.readings.windows import WindowBuckets
from services.scoring.core.state.sensor_state import REMEMBERED_IDS, ScoringState

MOST = 512
"""The largest number of readings kept per sensor, however fast it sends."""
_TWICE_MOST = 2 * MOST
"""The same as a count of numbers: a time and a value per reading."""


def push(readings: array[float], at: float, value: float, trim_s: float) -> bool:
    """Append a reading; return True when the oldest readings are to move into buckets now.

    The compiled form makes no object of a number.
    """
    if cython.compiled:
        count = len(readings)
        carray.resize_smart(readings, count + 2)  # noqa: F821 - history.pxd
        readings.data.as_doubles[count] = at
        readings.data.as_doubles[count + 1] = value
        return at > readings.data.as_doubles[0] + trim_s or count + 2 > _TWICE_MOST
    readings.append(at)
    readings.append(value)
    return at > readings[0] + trim_s or len(readings) > _TWICE_MOST


def append(state: ScoringState, at: float, value: float) -> None:
    """Append a reading newer than all kept readings."""
    if push(state.readings, at, value, state.rule_set.trim_s):
        trim(state)


def insert(state: ScoringState, at: float, value: float) -> int | None:
    """Insert a late reading at its place by time; return the place, None for a repeat.

    Of readings at one instant the smaller value comes first: the order of arrival is of no
    effect.
    """
    times, values = state.times, state.values
    place = bisect_left(times, at)
    while place < len(times) and times[place] == at and values[place] <= value:
        if values[place] == value:
            return None
        place += 1
    state.readings[2 * place : 2 * place] = array("d", (at, value))
    return place


def contains(state: ScoringState, at: float, value: float) -> bool:
    """Return whether this value at this instant is among the single readings."""
    readings = state.readings
    if not readings or at > readings[-2]:
        return False
    times, values = state.times, state.values
    place = bisect_left(times, at)
    while place < len(times) and times[place] == at:
        if values[place] == value:
            return True
        place += 1
    return False


def trim(state: ScoringState) -> None:
    """Move readings older than `keep_s` into the buckets of long windows."""
    times, values, rule_set = state.times, state.values, state.rule_set
    # The last few stay at any age: they distinguish a repeat from another body with the same id.
    old = min(bisect_right(times, times[-1] - rule_set.keep_s), len(times) - REMEMBERED_IDS)
    count = max(old, len(times) - MOST)
    if count <= 0:
        return
    reach = times[-1] - rule_set.lateness_s
    for rule in rule_set.windows:
        spec = rule.window
        assert spec is not None
        oldest = reach - spec.span_s
        if times[count - 1] <= oldest:
            continue
        buckets = buckets_of(state, rule.rule_id)
        for place in range(count):
            if times[place] > oldest:
                if buckets is None:
                    if spec.is_needless(values[place]):
                        continue
                    state.buckets = state.buckets or {}
                    buckets = state.buckets[rule.rule_id] = WindowBuckets(spec)
                buckets.add(times[place], values[place], oldest)
    del state.readings[: 2 * count]


def buckets_of(state: ScoringState, rule_id: str) -> WindowBuckets | None:
    """Return the buckets of a rule's window; None while it has none."""
    return None if state.buckets is None else state.buckets.get(rule_id)
