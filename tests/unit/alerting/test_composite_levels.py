"""Composites with several levels: one alarm, and the highest level that holds wins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.alerting.core.alarms.scopes import region_of
from services.alerting.core.multi_source.episode import EpisodeCause
from shared.contracts.alarms import AlarmTransition
from shared.contracts.conditions import (
    AllOf,
    AnyOf,
    CompositeRule,
    CompositeRung,
    Not,
    RuleHolds,
)
from shared.contracts.fields import Level, Status
from tests.unit.alerting.builders import T0, VILLAGE, a_rule, at
from tests.unit.alerting.engine_harness import (
    EngineHarness,
    alarm_of,
    clearing_of,
    histories,
    shuffled,
)

A, B = RuleHolds(rule="a"), RuleHolds(rule="b")
A_RED = RuleHolds(rule="a", level=Level.RED)


def rungs_of(*levels: tuple[Level, Any]) -> tuple[CompositeRung, ...]:
    return tuple(CompositeRung(level=level, when=when) for level, when in levels)


def ladder(**changes: Any) -> CompositeRule:
    """Return yellow for a or b, orange for both, red for b beside a red a."""
    rungs = rungs_of(
        (Level.YELLOW, AnyOf(of=(A, B))),
        (Level.ORANGE, AllOf(of=(A, B))),
        (Level.RED, AllOf(of=(A_RED, B))),
    )
    return CompositeRule(**{"scope": "village", "rungs": rungs, **changes})


def of(events: list[Any]) -> list[tuple[str, str]]:
    return [(event.transition.value, event.level.value) for event in events]


def test_one_alarm_rises_and_falls_through_its_levels() -> None:
    harness = EngineHarness(a_rule("x", ladder()))
    events = harness.deliver([alarm_of("a"), alarm_of("b")])
    upgrade: dict[str, Any] = {
        "version": 2,
        "transition": AlarmTransition.UPGRADED,
        "level": Level.RED,
    }
    events += harness.deliver([alarm_of("a", occurred_at=at(1), **upgrade)])
    events += harness.deliver([clearing_of("b", 2), clearing_of("a", 3, 3)])
    assert of(events) == [
        ("raised", "yellow"),
        ("upgraded", "orange"),
        ("upgraded", "red"),
        ("downgraded", "yellow"),
        ("cleared", "yellow"),
    ]
    assert len({event.alarm_id for event in events}) == 1
    assert [event.version for event in events] == [1, 2, 3, 4, 5]
    assert events[2].previous_level is Level.ORANGE


def test_the_highest_wins_at_once() -> None:
    harness = EngineHarness(a_rule("x", ladder()))
    harness.deliver([alarm_of("a", level=Level.RED)])
    assert of(harness.deliver([alarm_of("b")])) == [("upgraded", "red")]


def test_a_level_of_a_backlog_does_not_hide_a_certain_one() -> None:
    harness = EngineHarness(a_rule("x", ladder()))
    [first] = harness.deliver([alarm_of("a", retrospective=True, level=Level.RED)])
    assert (first.level, first.retrospective) == (Level.YELLOW, True)
    [second] = harness.deliver([alarm_of("b")])
    assert (second.transition, second.level, second.retrospective) == (
        ("revised", Level.YELLOW, False)
    )
    revised: dict[str, Any] = {
        "version": 2,
        "transition": AlarmTransition.REVISED,
        "level": Level.RED,
    }
    assert of(harness.deliver([alarm_of("a", **revised)])) == [("upgraded", "red")]


def test_each_level_waits_for_itself() -> None:
    harness = EngineHarness(a_rule("x", ladder(clear_for_s=600)))
    harness.deliver([alarm_of("a", level=Level.RED), alarm_of("b")])
    events = harness.deliver([clearing_of("b", 5), clearing_of("a", 8)])
    cause = EpisodeCause("tick", "tick", at(60), T0)
    harness.engine.advance_clock(region_of(Status.ACTUAL, VILLAGE), at(60), cause)
    events += harness.deliver([])
    assert of(events) == [("downgraded", "yellow"), ("cleared", "yellow")]
    assert [event.occurred_at for event in events] == [at(15), at(18)]


def test_a_rule_of_one_level_is_a_ladder_of_one() -> None:
    single = CompositeRule(scope="site", when=A, level=Level.RED)
    assert single.ladder == rungs_of((Level.RED, A))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"when": A, "level": Level.RED}, "level and when together, or rungs"),
        ({"rungs": ()}, "level and when together, or rungs"),
        ({"rungs": (), "when": A}, "level and when together, or rungs"),
        ({"rungs": rungs_of((Level.RED, A), (Level.YELLOW, B))}, "levels must rise"),
        ({"rungs": rungs_of((Level.RED, A), (Level.RED, B))}, "levels must rise"),
        ({"rungs": rungs_of((Level.BLUE, A), (Level.RED, Not(of=B)))}, "without any alarm"),
    ],
)
def test_no_ladder(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ladder(**changes)


@given(histories(), st.data())
def test_the_order_of_arrival_never_changes_the_level_in_the_end(
    messages: list[Any], data: st.DataObject
) -> None:
    rules = [
        a_rule("x", ladder()),
        a_rule("y", ladder(clear_for_s=900, linger_s=300, scope="town")),
    ]
    straight, turned = EngineHarness(*rules), EngineHarness(*rules)
    straight.deliver(messages)
    turned.deliver(data.draw(shuffled(messages)))
    later = max(message.occurred_at for message in messages) + timedelta(minutes=30)
    levels = []
    for harness in (straight, turned):
        for village in ("500118118201", "500118117201"):
            cause = EpisodeCause("t", "t", later, T0)
            harness.engine.advance_clock(region_of(Status.ACTUAL, village), later, cause)
        levels.append(
            {
                (key, episode.result.level)
                for key, episode in harness.engine.episodes.items()
                if episode.is_open and episode.result is not None
            }
        )
    assert levels[0] == levels[1]
