"""Rules over several sources that hold in a place, a season or at hours of the day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.alerting.core.alarms.scopes import region_of
from services.alerting.core.multi_source.episode import EpisodeCause
from shared.contracts.alarms import AlarmEvent
from shared.contracts.fields import Position, Status
from shared.contracts.geofences import Circle
from shared.contracts.reports import ReporterRole
from shared.contracts.rules import RuleDefinition
from shared.contracts.seasons import HourSpan
from tests.unit.alerting.builders import T0, VILLAGE, a_report, a_rule, all_of, at, sources_of
from tests.unit.alerting.engine_harness import (
    EngineHarness,
    alarm_of,
    clearing_of,
    histories,
    shuffled,
    transitions,
)

INSIDE, OUTSIDE = Position(lat=29.0, lon=105.8), Position(lat=29.2, lon=105.8)
NEAR = (Circle(centre=INSIDE, radius_m=1_000),)
# T0 is 16:00 in Shanghai; minutes count from there.
EVENING, MORNING = 4 * 60, 14 * 60
NIGHT = (HourSpan(begin="20:00", end="06:00"),)


def move_clock(harness: EngineHarness, minutes: float) -> list[AlarmEvent]:
    """Let event time pass, as a record of the region or a timer does."""
    cause = EpisodeCause("tick", "tick", at(minutes), T0)
    harness.engine.advance_clock(region_of(Status.ACTUAL, VILLAGE), at(minutes), cause)
    return harness.deliver([])


def pair(**changes: Any) -> RuleDefinition:
    return a_rule("x", all_of("a", "b"), **changes)


def test_a_composite_reads_the_alarms_of_its_place() -> None:
    harness = EngineHarness(pair(geofences=NEAR))
    assert harness.deliver([alarm_of("a", position=INSIDE), alarm_of("b", position=OUTSIDE)]) == []
    assert harness.deliver([alarm_of("b", 2, position=None)]) == []
    [event] = harness.deliver([alarm_of("b", 3, position=INSIDE)])
    assert event.rule_id == "x"
    assert "仅适用于" in (event.evidence.note or "")
    [cleared] = harness.deliver([clearing_of("b", 5, number=3, position=INSIDE)])
    assert cleared.transition == "cleared"


def test_reports_count_where_they_were_made_and_warnings_in_their_units() -> None:
    harness = EngineHarness(a_rule("y", sources_of(), geofences=NEAR))
    role = ReporterRole.GRID_WORKER
    far = [a_report(f"p{n}", reporter_role=role, position=OUTSIDE) for n in range(3)]
    unplaced = [a_report(f"q{n}", reporter_role=role) for n in range(3)]
    assert harness.deliver([*far, *unplaced]) == []
    near = [a_report(f"r{n}", reporter_role=role, position=INSIDE) for n in range(2)]
    [event] = harness.deliver(near)
    assert set(event.references) == {report.id for report in near}


def test_a_composite_waits_for_its_hours_and_ends_with_them() -> None:
    harness = EngineHarness(pair(hours=NIGHT))
    assert harness.deliver([alarm_of("a"), alarm_of("b")]) == []
    [raised] = move_clock(harness, EVENING + 1)
    assert (raised.transition, raised.occurred_at) == ("raised", at(EVENING))
    assert raised.started_at == at(EVENING)
    [cleared] = move_clock(harness, MORNING)
    assert (cleared.transition, cleared.occurred_at) == ("cleared", at(MORNING))
    assert "outside the seasons or hours" in (cleared.evidence.note or "")
    [second] = move_clock(harness, EVENING + 24 * 60)
    assert second.transition == "raised"
    assert second.alarm_id != raised.alarm_id, "each night has an alarm of its own"


def test_what_ends_before_its_hours_never_was() -> None:
    harness = EngineHarness(pair(hours=NIGHT))
    harness.deliver([alarm_of("a"), alarm_of("b"), clearing_of("b", 10)])
    assert move_clock(harness, EVENING + 1) == []


def test_sources_before_the_hours_count_while_their_window_lasts() -> None:
    rule = a_rule("y", sources_of(window_s=3600), hours=NIGHT)
    harness = EngineHarness(rule)
    reports = [a_report(f"r{n}", occurred_at=at(EVENING - 10 + n)) for n in range(2)]
    assert harness.deliver(reports) == []
    assert transitions(move_clock(harness, EVENING + 1)) == [("y", "raised")]
    harness = EngineHarness(rule)
    early = [a_report(f"s{n}", occurred_at=at(EVENING - 90 + n)) for n in range(2)]
    assert harness.deliver(early) == []
    assert move_clock(harness, EVENING + 1) == []


@given(histories(), st.data())
def test_the_order_of_arrival_never_changes_what_is_open(
    messages: list[Any], data: st.DataObject
) -> None:
    half = HourSpan(begin="16:20", end="17:10")
    rules = [
        pair(hours=(half,)),
        a_rule("z", all_of("a", "b", linger_s=900, scope="town"), hours=(half,), geofences=NEAR),
        a_rule("y", sources_of(), hours=(half,)),
    ]
    straight, turned = EngineHarness(*rules), EngineHarness(*rules)
    straight.deliver(messages)
    turned.deliver(data.draw(shuffled(messages)))
    for minutes in (130, 200):
        for harness in (straight, turned):
            for village in ("500118118201", "500118117201"):
                cause = EpisodeCause("t", "t", T0 + timedelta(minutes=minutes), T0)
                region = region_of(Status.ACTUAL, village)
                harness.engine.advance_clock(region, at(minutes), cause)
        assert straight.open_episodes == turned.open_episodes
