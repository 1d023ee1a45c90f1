"""Composites whose alarm ends only when their tree has not held for a while."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.alerting.core.alarms.scopes import region_of
from services.alerting.core.multi_source.episode import EpisodeCause
from services.alerting.store import episodes
from shared.contracts.alarms import AlarmEvent
from shared.contracts.fields import Status
from shared.contracts.seasons import HourSpan
from tests.unit.alerting.builders import T0, VILLAGE, a_rule, all_of, at
from tests.unit.alerting.engine_harness import (
    EngineHarness,
    alarm_of,
    clearing_of,
    histories,
    shuffled,
    transitions,
)

SLOW = a_rule("x", all_of("a", "b", clear_for_s=600))


def move_clock(harness: EngineHarness, minutes: float, place: str = VILLAGE) -> list[AlarmEvent]:
    """Let event time pass, as a record of the region or a timer does."""
    cause = EpisodeCause("tick", "tick", at(minutes), T0)
    harness.engine.advance_clock(region_of(Status.ACTUAL, place), at(minutes), cause)
    return harness.deliver([])


def test_an_alarm_ends_when_its_tree_has_not_held_for_long_enough() -> None:
    harness = EngineHarness(SLOW)
    harness.deliver([alarm_of("a"), alarm_of("b")])
    assert harness.deliver([clearing_of("b", 5)]) == []
    assert move_clock(harness, 14.9) == []
    [cleared] = move_clock(harness, 20)
    assert (cleared.transition, cleared.occurred_at) == ("cleared", at(15))
    assert cleared.evidence.note == "已连续 10 分钟不再满足 ‖ has not held for 10 minutes"


def test_what_holds_again_meanwhile_goes_on() -> None:
    harness = EngineHarness(SLOW)
    harness.deliver([alarm_of("a"), alarm_of("b"), clearing_of("b", 5)])
    assert harness.deliver([alarm_of("b", 2, occurred_at=at(10))]) == []
    assert move_clock(harness, 60) == []
    assert harness.deliver([clearing_of("b", 60, number=2)]) == []
    assert [event.occurred_at for event in move_clock(harness, 90)] == [at(70)]


def test_a_delay_raises_nothing() -> None:
    harness = EngineHarness(SLOW)
    assert harness.deliver([alarm_of("a"), clearing_of("a", 1), alarm_of("b")]) == []
    assert harness.deliver([alarm_of("b", 2, occurred_at=at(2))]) == []


def test_the_wait_counts_from_the_event_and_not_from_its_arrival() -> None:
    harness = EngineHarness(SLOW)
    harness.deliver([alarm_of("a"), alarm_of("b")])
    move_clock(harness, 8)
    assert harness.deliver([clearing_of("b", 5)]) == []
    assert [event.occurred_at for event in move_clock(harness, 30)] == [at(15)]
    late = EngineHarness(SLOW)
    late.deliver([alarm_of("a"), alarm_of("b")])
    move_clock(late, 40)
    assert transitions(late.deliver([clearing_of("b", 5)])) == [("x", "cleared")]


def test_a_new_version_begins_the_wait_anew_and_hours_end_at_once() -> None:
    harness = EngineHarness(SLOW)
    harness.deliver([alarm_of("a"), alarm_of("b"), clearing_of("b", 5)])
    move_clock(harness, 14)
    changed = SLOW.model_copy(update={"version": 2, "id": "v2"})
    assert harness.deliver([changed]) == []
    assert move_clock(harness, 23.9) == []
    assert transitions(move_clock(harness, 24)) == [("x", "cleared")]
    # T0 is 16:00 in Shanghai.
    evening = SLOW.model_copy(update={"hours": (HourSpan(begin="15:00", end="16:07"),)})
    harness = EngineHarness(evening)
    harness.deliver([alarm_of("a"), alarm_of("b"), clearing_of("b", 5)])
    assert [event.occurred_at for event in move_clock(harness, 30)] == [at(7)]


def test_a_waiting_episode_is_stored_and_an_earlier_row_is_read() -> None:
    harness = EngineHarness(SLOW)
    harness.deliver([alarm_of("a"), alarm_of("b"), clearing_of("b", 5)])
    [episode] = harness.engine.episodes.values()
    assert episode.falling
    names = ("rule_id", "status", "region", "scope", "alarm_id", "version", "rule_version")
    row: dict[str, Any] = dict(
        zip((*names, "is_open", "result", "expires_at"), episodes._row(episode), strict=True)
    )
    assert episodes._episode_from_row(row) == episode  # type: ignore[arg-type]
    result = json.loads(row["result"])
    del result["falling"]
    earlier = {**row, "result": json.dumps(result)}
    assert episodes._episode_from_row(earlier) == replace(episode, falling=())  # type: ignore[arg-type]


@given(histories(), st.data())
def test_the_order_of_arrival_never_changes_what_is_open_in_the_end(
    messages: list[Any], data: st.DataObject
) -> None:
    rules = [SLOW, a_rule("y", all_of("a", "b", clear_for_s=900, linger_s=300, scope="town"))]
    straight, turned = EngineHarness(*rules), EngineHarness(*rules)
    straight.deliver(messages)
    turned.deliver(data.draw(shuffled(messages)))
    later = (max(message.occurred_at for message in messages) - T0) + timedelta(minutes=30)
    for harness in (straight, turned):
        for village in ("500118118201", "500118117201"):
            move_clock(harness, later.total_seconds() / 60, village)
    assert straight.open_episodes == turned.open_episodes
