"""Corroboration rules: sources, weights, windows, places and ends."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.alarms import AlarmTransition
from shared.contracts.conditions import (
    CompositeRule,
    SourceClass,
)
from shared.contracts.fields import Position, Tier
from shared.contracts.reports import ReporterRole
from shared.contracts.rules import RuleDefinition
from shared.domain.geofences import metres
from tests.unit.alerting.builders import (
    DISTRICT,
    OTHER_TOWN,
    TOWN,
    a_report,
    a_rule,
    at,
    sources_of,
)
from tests.unit.alerting.engine_harness import (
    RULES,
    EngineHarness,
    alarm_of,
    clearing_of,
    transitions,
)

CLEARED, RAISED, REVISED = (
    AlarmTransition.CLEARED,
    AlarmTransition.RAISED,
    AlarmTransition.REVISED,
)


def phone(number: int, minutes: float, **changes: Any) -> Any:
    return a_report(
        f"phone-{number}",
        reporter_role=ReporterRole.HOTLINE,
        occurred_at=at(minutes),
        **changes,
    )


def test_three_messages_of_one_telephone_count_once() -> None:
    harness = EngineHarness(a_rule("y", sources_of()))
    assert harness.deliver([phone(1, 0), phone(1, 1), phone(1, 2), phone(2, 3)]) == []
    [raised] = harness.deliver([phone(3, 4)])
    assert (raised.kind, raised.place, raised.evidence.value) == ("corroboration", TOWN, 1.2)
    assert raised.evidence.limit == 1.0
    assert len(raised.references) == 5


def test_kinds_need_a_source_of_their_own() -> None:
    classes = (
        SourceClass(source="sensor", trust=1),
        SourceClass(source="sensor", sensor_kind="gas", trust=1),
    )
    harness = EngineHarness(a_rule("y", sources_of(sources=classes, kinds=2)))
    assert harness.deliver([alarm_of("a", sensor_kind="gas")]) == []
    assert transitions(harness.deliver([alarm_of("b", sensor_kind="smoke")])) == [("y", RAISED)]


def test_the_fullest_window_counts_whatever_the_order() -> None:
    for order in ([0, 20, 40], [0, 40, 20], [40, 20, 0], [20, 0, 40], [40, 0, 20]):
        harness = EngineHarness(a_rule("y", sources_of(need=0.8)))
        events = harness.deliver([phone(minutes, minutes) for minutes in order])
        assert harness.open_episodes, order
        assert events[0].transition is RAISED


def test_an_episode_ends_a_window_after_its_last_sighting() -> None:
    harness = EngineHarness(a_rule("y", sources_of(need=1.2)))
    assert transitions(harness.deliver([alarm_of("a"), phone(1, 5)])) == [("y", RAISED)]
    assert (
        harness.deliver([alarm_of("c", occurred_at=at(300), place=OTHER_TOWN, event_type="11A01")])
        == []
    )
    assert harness.deliver([clearing_of("a", 310)]) == []
    [ended] = harness.deliver([alarm_of("c", 2, occurred_at=at(400), event_type="11A01")])
    assert (ended.transition, ended.occurred_at) == (CLEARED, at(340))


def test_sightings_that_arrive_after_their_window_raise_no_alarm() -> None:
    harness = EngineHarness(a_rule("y", sources_of(need=0.8)))
    assert harness.deliver([alarm_of("c", event_type="11A01", occurred_at=at(90))]) == []
    assert harness.deliver([phone(1, 0), phone(2, 5)]) == []


def near(metres_north: float) -> Position:
    return Position(lat=29.35 + metres_north / 111_195, lon=105.9)


def test_sightings_within_a_radius_count_together() -> None:
    assert metres(near(0), near(400)) == pytest.approx(400, rel=1e-3)
    body = sources_of(need=0.8, radius_m=500)
    far = EngineHarness(a_rule("y", body))
    assert far.deliver([phone(1, 0, position=near(0)), phone(2, 1, position=near(700))]) == []
    assert transitions(far.deliver([phone(3, 2)])) == [("y", RAISED)], (
        "without a position: its unit"
    )
    close = EngineHarness(a_rule("y", body))
    assert close.deliver([phone(1, 0, position=near(0)), phone(2, 1, position=near(400))])


def test_sightings_of_different_units_do_not_count_together() -> None:
    harness = EngineHarness(a_rule("y", sources_of(need=0.8, within=Tier.VILLAGE)))
    assert (
        harness.deliver([phone(1, 0), phone(2, 1, place="500118118202"), phone(3, 1, place=TOWN)])
        == []
    )
    wide = EngineHarness(a_rule("y", sources_of(need=0.8, within=Tier.DISTRICT)))
    [raised] = wide.deliver([phone(1, 0), phone(2, 1, place=OTHER_TOWN)])
    assert raised.place == DISTRICT


def test_alarms_of_rules_are_no_sources() -> None:
    harness = EngineHarness(a_rule("y", sources_of(need=0.8)))
    assert harness.deliver([alarm_of("x", sensor_id=None, kind="composite")]) == []


def test_the_rules_of_this_file_are_valid() -> None:
    for rule in RULES:
        assert RuleDefinition.model_validate_json(rule.model_dump_json()) == rule
        if isinstance(rule.body, CompositeRule):
            assert CompositeRule.model_validate(rule.body.model_dump()) == rule.body
