"""The readings a sensor still holds singly: what a late one is put among, and what ages into buckets."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from services.scoring.core.state import REMEMBERED_IDS, SensorState
from services.scoring.core.windows import Window

MOST = 512
"""Never more readings per sensor, however fast it sends; older ones age before their time."""


def remember_id(state: SensorState, event_id: str) -> None:
    """Note a reading's id and forget the oldest."""
    ids = state.ids
    ids.append(event_id)
    if len(ids) > REMEMBERED_IDS:
        del ids[0]


def append(state: SensorState, at: float, value: float) -> None:
    """Take in a reading newer than all others."""
    times = state.times
    times.append(at)
    state.values.append(value)
    if times[0] < at - state.plan.trim_s or len(times) > MOST:
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
    times.insert(place, at)
    values.insert(place, value)
    return place


def holds(state: SensorState, at: float, value: float) -> bool:
    """Whether this value at this instant is among the readings held singly."""
    times = state.times
    place = bisect_left(times, at)
    while place < len(times) and times[place] == at:
        if state.values[place] == value:
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
        window = window_of(state, rule.rule_id)
        for place in range(gone):
            if times[place] > oldest:
                window.add(times[place], values[place], oldest)
    del times[:gone], values[:gone]


def window_of(state: SensorState, rule_id: str) -> Window:
    """A rule's window, made when it is not there."""
    if state.windows is None:
        state.windows = {}
    window = state.windows.get(rule_id)
    if window is None:
        rule = state.plan.find(rule_id)
        assert rule is not None
        assert rule.window is not None
        window = state.windows[rule_id] = Window(rule.window)
    return window
