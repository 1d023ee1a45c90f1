"""The readings a sensor still holds singly: what a late one is put among, and what ages into buckets."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

import cython

from services.scoring.core.state import REMEMBERED_IDS, SensorState
from services.scoring.core.windows import Buckets

MOST = 512
"""Never more readings per sensor, however fast it sends; older ones age before their time."""
_TWICE_MOST = 2 * MOST
"""So many numbers."""


def push(held: array[float], at: float, value: float, trim_s: float) -> bool:
    """Append a reading; whether the oldest are to age now. Compiled, it makes no object of a number."""
    if cython.compiled:
        count = len(held)
        carray.resize_smart(held, count + 2)  # noqa: F821 - history.pxd
        held.data.as_doubles[count] = at
        held.data.as_doubles[count + 1] = value
        return at > held.data.as_doubles[0] + trim_s or count + 2 > _TWICE_MOST
    held.append(at)
    held.append(value)
    return at > held[0] + trim_s or len(held) > _TWICE_MOST


def append(state: SensorState, at: float, value: float) -> None:
    """Take in a reading newer than all others."""
    if push(state.held, at, value, state.plan.trim_s):
        age(state)


def insert(state: SensorState, at: float, value: float) -> int | None:
    """Put a reading in its place by time; returns the place, None when it is there already.

    Of readings at one instant the smaller value comes first, so that no order of arrival matters.
    """
    times, values = state.times, state.values
    place = bisect_left(times, at)
    while place < len(times) and times[place] == at and values[place] <= value:
        if values[place] == value:
            return None
        place += 1
    state.held[2 * place : 2 * place] = array("d", (at, value))
    return place


def holds(state: SensorState, at: float, value: float) -> bool:
    """Whether this value at this instant is among the readings held singly."""
    held = state.held
    if not held or at > held[-2]:
        return False
    times, values = state.times, state.values
    place = bisect_left(times, at)
    while place < len(times) and times[place] == at:
        if values[place] == value:
            return True
        place += 1
    return False


def age(state: SensorState) -> None:
    """Readings older than `keep_s` go into the windows' buckets, as far as a window reaches."""
    times, values, plan = state.times, state.values, state.plan
    # The last few stay whatever their age: by them a repeat is told from another body.
    old = min(bisect_right(times, times[-1] - plan.keep_s), len(times) - REMEMBERED_IDS)
    gone = max(old, len(times) - MOST)
    if gone <= 0:
        return
    reach = times[-1] - plan.lateness_s
    for rule in plan.windows:
        spec = rule.window
        assert spec is not None
        oldest = reach - spec.span_s
        if times[gone - 1] <= oldest:
            continue
        buckets = buckets_of(state, rule.rule_id)
        for place in range(gone):
            if times[place] > oldest:
                if buckets is None:
                    if spec.needless(values[place]):
                        continue
                    state.buckets = state.buckets or {}
                    buckets = state.buckets[rule.rule_id] = Buckets(spec)
                buckets.add(times[place], values[place], oldest)
    del state.held[: 2 * gone]


def buckets_of(state: SensorState, rule_id: str) -> Buckets | None:
    """The buckets of a rule's window, None while it has none."""
    return None if state.buckets is None else state.buckets.get(rule_id)
