"""Levels that are given up only when their condition has not held for a while."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.core.alarms.alarm_state import AlarmState
from services.scoring.core.state.stored_state import StoredState
from shared.contracts.rules import RateRule, RuleDefinition, ThresholdRule, WindowRule
from tests.support.scoring import SENT, Feed, a_rule, at, rungs

LEVELS = rungs(("yellow", 212, 211), ("red", 215, 214))


def a_slow_rule(clear_for_s: float = 600, rule_id: str = "slow", **change: Any) -> RuleDefinition:
    return a_rule(ThresholdRule(rungs=LEVELS, clear_for_s=clear_for_s, **change), rule_id)


def played(rule: RuleDefinition, *readings: tuple[float, float], fast: bool = True) -> Feed:
    feed = Feed(rule)
    for seconds, value in readings:
        (feed.read_fast if fast else feed.read)(value, seconds)
    return feed


def test_a_level_falls_with_the_first_reading_after_the_wait() -> None:
    feed = played(a_slow_rule(), (0, 213), (60, 210), (659, 210), (660, 210))
    assert feed.transitions == [("raised", "yellow"), ("cleared", "yellow")]
    cleared = feed.alarms[-1]
    assert cleared.occurred_at == at(660)
    assert cleared.evidence.note == "已连续 10 分钟不再满足 ‖ has not held for 10 minutes"


def test_a_reading_above_the_clearing_limit_begins_the_wait_anew() -> None:
    feed = played(a_slow_rule(), (0, 213), (60, 210), (600, 211), (660, 210), (1259, 210))
    assert feed.transitions == [("raised", "yellow")]
    feed.read_fast(210, 1260)
    assert feed.transitions[1:] == [("cleared", "yellow")]


def test_each_level_waits_for_itself() -> None:
    feed = played(a_slow_rule(), (0, 216), (60, 213), (360, 210), (660, 210), (959, 210))
    assert feed.transitions == [("raised", "red"), ("downgraded", "yellow")]
    feed.read_fast(210, 960)
    assert feed.transitions[2:] == [("cleared", "yellow")]
    straight = played(a_slow_rule(), (0, 216), (60, 210), (660, 210))
    assert straight.transitions == [("raised", "red"), ("cleared", "red")]


def test_silence_clears_nothing() -> None:
    feed = played(a_slow_rule(), (0, 213), (60, 210))
    feed.tick(86_400)
    assert feed.transitions == [("raised", "yellow")]


def test_a_rise_while_a_level_waits() -> None:
    feed = played(a_slow_rule(), (0, 213), (60, 210), (300, 216), (360, 213), (800, 213))
    assert feed.transitions == [("raised", "yellow"), ("upgraded", "red")]
    feed.read_fast(213, 960)
    assert feed.transitions[2:] == [("downgraded", "yellow")]


@pytest.mark.parametrize(
    ("body", "readings"),
    [
        (
            WindowRule(aggregate="mean", window_s=60, rungs=LEVELS, clear_for_s=600),
            [(0, 213), (70, 200), (669, 200), (670, 200)],
        ),
        (
            RateRule(per_s=60, rungs=rungs(("yellow", 5, 2)), clear_for_s=600),
            [(-60, 200), (0, 213), (60, 213), (659, 213), (660, 213)],
        ),
    ],
)
def test_windows_and_rates_wait_as_well(body: Any, readings: list[tuple[float, float]]) -> None:
    feed = played(a_rule(body), *readings[:-1])
    assert feed.transitions == [("raised", "yellow")]
    seconds, value = readings[-1]
    feed.read_fast(value, seconds)
    assert feed.transitions[1:] == [("cleared", "yellow")]


def test_a_new_version_begins_the_wait_anew() -> None:
    feed = played(a_slow_rule(), (0, 213), (60, 210))
    changed = a_slow_rule().model_copy(update={"version": 2, "id": "v2"})
    feed.registry.add_rule(changed)
    feed.read_fast(210, 650)
    feed.read_fast(210, 1249)
    assert feed.transitions == [("raised", "yellow")]
    feed.read_fast(210, 1250)
    assert feed.transitions[1:] == [("cleared", "yellow")]


def test_an_alarm_that_waits_for_nothing_is_stored_as_before() -> None:
    assert AlarmState(level=1).dump() == [1, 0, "", [], 0, 0.0, -1, False, 0]
    waiting = AlarmState(level=3, falling={1: 5.0, 3: 4.0})
    assert AlarmState.load(waiting.dump()) == waiting
    assert AlarmState.load([1, 2, "alm", []]) == AlarmState(1, 2, "alm")


VALUES = st.sampled_from((205.0, 211.5, 212.5, 214.5, 216.0))
READINGS = st.lists(st.tuples(st.sampled_from((60, 200, 601)), VALUES), min_size=1, max_size=40)


def reference(readings: list[tuple[float, float]], clear_for_s: float) -> list[int]:
    """Return the level after each reading, by its definition: rank 2 is yellow, 4 is red."""
    level, ranks = -1, []
    for place, (moment, value) in enumerate(readings):
        reached = max((rank for rank, up in ((2, 212), (4, 215)) if value >= up), default=-1)
        lasting = -1
        for rank, down in ((2, 211), (4, 214)):
            row = place
            while row >= 0 and readings[row][1] < down:
                row -= 1
            lasts = moment - readings[row + 1][0] if row < place else None
            if rank <= level and (lasts is None or lasts < clear_for_s):
                lasting = rank
        level = max(reached, lasting)
        ranks.append(level)
    return ranks


@given(READINGS, st.sampled_from((60.0, 300.0, 601.0)))
def test_the_level_is_that_of_the_definition(
    steps: list[tuple[int, float]], clear_for_s: float
) -> None:
    readings, seconds = [], 0.0
    for gap, value in steps:
        seconds += gap
        readings.append((seconds, value))
    feed, levels = Feed(a_slow_rule(clear_for_s)), []
    for seconds, value in readings:
        feed.read_fast(value, seconds)
        [state] = feed.engine.states.values()
        alarm = state.alarm("slow")
        levels.append(-1 if alarm is None else alarm.level)
    assert levels == reference(readings, clear_for_s)


@given(READINGS, st.integers(0, 39))
def test_a_restart_and_the_slow_path_change_nothing(
    steps: list[tuple[int, float]], restart: int
) -> None:
    slow, fast, seconds = Feed(a_slow_rule()), Feed(a_slow_rule()), 0.0
    for number, (gap, value) in enumerate(steps):
        seconds += gap
        slow.read(value, seconds)
        fast.read_fast(value, seconds)
        if number == restart:
            stored = [StoredState(state.dump()) for state in fast.engine.states.values()]
            engine = type(fast.engine)(fast.registry)
            engine.messages.extend(fast.engine.messages)
            engine.restore(stored)
            engine.refresh(SENT)
            fast.engine = engine
    assert slow.alarms == fast.alarms


@given(READINGS, st.data())
def test_any_order_within_the_lateness_gives_the_same_level(
    steps: list[tuple[int, float]], data: st.DataObject
) -> None:
    readings, seconds = [], 0.0
    for gap, value in steps:
        seconds += min(gap, 80)
        readings.append((seconds, value))
    order = data.draw(st.permutations(readings))
    straight, turned = Feed(a_slow_rule(200)), Feed(a_slow_rule(200))
    for moment, value in readings:
        straight.read(value, moment)
    for moment, value in order:
        turned.read(value, moment)

    def last(feed: Feed) -> tuple[int, dict[int, float]]:
        [state] = feed.engine.states.values()
        alarm = state.alarm("slow") or AlarmState()
        return alarm.level, alarm.falling

    assert last(straight) == last(turned)
