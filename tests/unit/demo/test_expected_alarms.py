"""The oracle: laws of the ladder, and what the scenario must raise."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from deploy.demo import expected_alarms, strands
from deploy.demo.actors import all_actors
from deploy.demo.demo_clock import START, at
from deploy.demo.sensor_values import Moment
from shared.contracts.fields import Status

RUNGS: list[dict[str, Any]] = [
    {"level": "blue", "raise_at": 10.0, "clear_at": 9.0},
    {"level": "yellow", "raise_at": 20.0, "clear_at": 18.0},
    {"level": "red", "raise_at": 30.0, "clear_at": 27.0},
]
_RANKS = ["blue", "yellow", "red"]


@given(st.lists(st.floats(0, 40), max_size=60))
def test_an_episode_begins_with_raised_and_ends_with_cleared(values: list[float]) -> None:
    steps = expected_alarms.ladder(RUNGS, values)
    kinds = [kind for kind, _ in steps]
    for before, after in pairwise(["cleared", *kinds]):
        assert (after == "raised") == (before == "cleared")
    for (_, before), (kind, after) in pairwise(steps):
        if kind == "upgraded":
            assert _RANKS.index(after) > _RANKS.index(before)
        if kind == "downgraded":
            assert _RANKS.index(after) < _RANKS.index(before)


@given(st.lists(st.floats(9.0, 9.99), min_size=1, max_size=20))
def test_a_value_between_clear_and_raise_changes_nothing(values: list[float]) -> None:
    assert expected_alarms.ladder(RUNGS, values) == []
    assert expected_alarms.ladder(RUNGS, [10.0, *values]) == [("raised", "blue")]


def test_a_jump_passes_rungs_at_once() -> None:
    assert expected_alarms.ladder(RUNGS, [35, 5]) == [("raised", "red"), ("cleared", "red")]


def test_silence_is_raised_once_and_cleared_by_the_next_reading() -> None:
    moments = [_moment(0), _moment(1), _moment(30), _moment(31)]
    result = expected_alarms.silences(moments, timedelta(hours=24), START + timedelta(hours=40))
    assert result == [("raised", "notice"), ("cleared", "notice")]
    result = expected_alarms.silences(moments[:2], timedelta(hours=24), START + timedelta(hours=40))
    assert result == [("raised", "notice")]


def test_the_scenario_raises_the_alarms_of_the_published_levels() -> None:
    actors = all_actors()
    result = expected_alarms.expected(sorted(strands.readings(actors, 20200820)))
    ladders = {
        (rule, status): [(step.kind, step.level) for step in steps]
        for (rule, _, status), steps in result.items()
    }
    assert ladders["flood-cuntan", Status.ACTUAL] == [
        ("raised", "blue"),
        ("upgraded", "yellow"),
        ("upgraded", "orange"),
        ("upgraded", "red"),
        ("downgraded", "orange"),
        ("downgraded", "yellow"),
        ("downgraded", "blue"),
        ("cleared", "blue"),
    ]
    assert ladders["flood-zhutuo", Status.ACTUAL] == [("raised", "orange"), ("cleared", "orange")]
    assert ("flood-wulong", Status.ACTUAL) not in ladders
    assert ladders["flood-cuntan", Status.EXERCISE][0] == ("raised", "blue")
    assert {status for rule, status in ladders if rule.startswith("absence")} == {Status.ACTUAL}


def test_gates_are_in_order_and_after_their_conditions() -> None:
    moments = [gate.at for gate in strands.GATES]
    assert moments == sorted(moments)
    assert strands.GATES[-1].at < at(23, 0)


def _moment(hour: float) -> Moment:
    when = START + timedelta(hours=hour)
    return Moment(when, f"m-{hour}", "thermometer-x", 20.0)
