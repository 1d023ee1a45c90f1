"""Late readings: whatever the order of arrival, the same alarms in the end."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.alarms import AlarmEvent
from shared.contracts.rules import RateRule, WindowRule
from tests.support.scoring import T0, Feed, a_rule, a_sensor, a_threshold_rule, rungs

RULES = (
    a_rule(a_threshold_rule(("yellow", 212, 211), ("red", 216, 215)), rule_id="plain"),
    a_rule(a_threshold_rule(("orange", 214, 213), count=3), rule_id="count"),
    a_rule(a_threshold_rule(("blue", 211, 210), for_s=150), rule_id="held"),
    a_rule(
        WindowRule(aggregate="mean", window_s=300, rungs=rungs(("blue", 212, 211)), min_count=2),
        rule_id="mean",
    ),
    a_rule(RateRule(rungs=rungs(("blue", 3, 1)), per_s=60), rule_id="rate"),
)
LATENESS = 100_000.0
Episode = tuple[str, float, float | None, str]


def fold(alarms: list[AlarmEvent]) -> list[Episode]:
    """Return the final episodes: (rule, beginning, end or None, level now or at the end)."""
    newest: dict[str, AlarmEvent] = {}
    for event in alarms:
        existing_alarm = newest.get(event.alarm_id)
        assert event.version == (existing_alarm.version + 1 if existing_alarm else 1), (
            "a version was left out"
        )
        newest[event.alarm_id] = event
    episodes: list[Episode] = []
    for event in newest.values():
        if event.withdrawn:
            continue
        assert event.started_at is not None
        began = event.started_at.timestamp() - T0
        over = event.transition.value == "cleared"
        end = event.occurred_at.timestamp() - T0 if over else None
        episodes.append((event.rule_id, began, end, "" if over else event.level.value))
    return sorted(episodes, key=str)


def outcome(readings: list[tuple[int, float]], ticks: bool, until: float) -> list[Episode]:
    sensor = a_sensor(lateness_s=LATENESS)
    feed = Feed(*RULES, sensors=(sensor,))
    for seconds, value in readings:
        feed.read(value, float(seconds), event_id=f"r:{seconds}:{value:g}")
        if ticks:
            feed.tick(min(float(seconds), until))
    feed.tick(until)
    return fold(feed.alarms)


values = st.sampled_from([205.0, 209.5, 210.5, 211.5, 212.5, 213.5, 214.5, 217.0])


@settings(max_examples=300)
@given(st.lists(values, min_size=1, max_size=14), st.randoms(use_true_random=False), st.booleans())
def test_any_order_gives_the_same_alarms(
    series: list[float], chance: random.Random, ticks: bool
) -> None:
    ordered = [(60 * place, value) for place, value in enumerate(series)]
    mixed = list(ordered)
    chance.shuffle(mixed)
    until = 60.0 * len(series) + 1000
    assert outcome(mixed, ticks, until) == outcome(ordered, False, until)


@given(st.lists(values, min_size=2, max_size=10), st.randoms(use_true_random=False))
def test_readings_at_one_instant_have_no_order(series: list[float], chance: random.Random) -> None:
    ordered = [(60 * (place // 2), value) for place, value in enumerate(series)]
    mixed = list(ordered)
    chance.shuffle(mixed)
    assert outcome(mixed, False, 5000.0) == outcome(ordered, False, 5000.0)


def test_a_late_reading_revises_the_alarm_and_raises_no_new_one() -> None:
    feed = Feed(a_rule(a_threshold_rule(("yellow", 212, 211))))
    feed.read(200, 0)
    feed.read(213, 600)
    feed.read(213, 300)
    assert feed.transitions == [("raised", "yellow"), ("revised", "yellow")]
    first, second = feed.alarms
    assert first.alarm_id == second.alarm_id
    assert second.started_at is not None
    assert second.started_at.timestamp() == T0 + 300
    assert second.evidence.event_id == "zhutuo-3:300"


def test_an_alarm_that_never_was_is_withdrawn() -> None:
    feed = Feed(a_rule(a_threshold_rule(("yellow", 212, 211), count=2)))
    feed.read(213, 0)
    feed.read(213, 600)
    feed.read(200, 300)
    assert feed.transitions == [("raised", "yellow"), ("cleared", "yellow")]
    assert feed.alarms[-1].withdrawn


def test_a_missed_episode_is_raised_in_retrospect() -> None:
    feed = Feed(a_rule(a_threshold_rule(("yellow", 212, 211))))
    feed.read(200, 0)
    feed.read(200, 600)
    feed.read(213, 300)
    assert feed.transitions == [("raised", "yellow"), ("cleared", "yellow")]
    assert feed.alarms[0].retrospective
    assert not feed.alarms[0].withdrawn


def test_an_end_that_came_too_early_is_revised() -> None:
    feed = Feed(a_rule(a_threshold_rule(("yellow", 212, 211))))
    feed.read(213, 0)
    feed.read(200, 600)
    feed.read(213, 900)
    feed.read(212, 300)
    assert [alarm.alarm_id for alarm in feed.alarms[:2]] == [feed.alarms[0].alarm_id] * 2
    assert feed.alarms[0].alarm_id != feed.alarms[2].alarm_id
    assert len(feed.alarms) == 3, "a reading in the middle changes nothing"


def test_the_reach_of_a_revision_is_the_allowed_lateness() -> None:
    feed = Feed(
        a_rule(a_threshold_rule(("yellow", 212, 211))), sensors=(a_sensor(lateness_s=120.0),)
    )
    feed.read(213, 0)
    feed.read(200, 60)
    feed.read(200, 1000)
    feed.read(213, 900)
    state = feed.engine.states[b"zhutuo-3"]
    assert state.rare is not None
    assert len(state.rare.journal) <= 4
