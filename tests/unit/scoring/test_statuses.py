"""Readings of drills and tests leave alarms, health and states of real sensors unchanged."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.core.state.sensor_state import ScoringState, key_of
from shared.contracts.fields import Status
from shared.contracts.rules import AbsenceRule
from tests.support.scoring import Feed, a_rule, a_threshold_rule

FLOOD = a_threshold_rule(("yellow", 212, 211), ("red", 214, 213))
SILENCE = a_rule(AbsenceRule(factor=15), "silent.gauge")
READINGS = st.lists(
    st.tuples(st.sampled_from(Status), st.integers(0, 40), st.sampled_from([210, 213, 215])),
    max_size=30,
    unique_by=lambda tuple_item: (tuple_item[0], tuple_item[1]),
)


def played(feed: Feed, readings: list[tuple[Status, int, int]]) -> tuple[list[Any], Any]:
    """Return the messages with status Actual, and the stored state of the real sensor."""
    for status, minute, value in readings:
        # The same ids in all worlds: a drill may play recorded readings again.
        feed.read(value, 60 * minute, event_id=f"rdg-{minute}", status=status)
    feed.tick(60 * 80)
    states: dict[bytes, ScoringState] = feed.engine.states
    assert {key.decode() for key in states} == {
        key_of("zhutuo-3", status) for status, _, _ in readings
    }
    real = states.get(b"zhutuo-3")
    if real is not None:
        real.applied = 0
    out = [alarm for alarm in (*feed.alarms, *feed.health) if alarm.status is Status.ACTUAL]
    return out, real.dump() if real is not None else None


@settings(deadline=None)
@given(READINGS)
def test_the_real_sensor_is_as_without_them(readings: list[tuple[Status, int, int]]) -> None:
    real = [reading for reading in readings if reading[0] is Status.ACTUAL]
    assert played(Feed(a_rule(FLOOD), SILENCE), readings) == played(
        Feed(a_rule(FLOOD), SILENCE), real
    )
