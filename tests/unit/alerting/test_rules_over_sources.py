"""Composite and corroboration rules: the order of messages never changes the open alarms."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerting.core.multi_source.rule_registry import MultiSourceRules
from shared.contracts.alarms import AlarmTransition
from shared.contracts.conditions import (
    AllOf,
    Not,
)
from shared.contracts.fields import Level, Status
from shared.contracts.reports import ReporterRole
from tests.unit.alerting.builders import (
    OTHER_TOWN,
    TOWN,
    VILLAGE,
    a_report,
    a_rule,
    all_of,
    at,
    sources_of,
)
from tests.unit.alerting.engine_harness import (
    RULES,
    A,
    B,
    EngineHarness,
    alarm_of,
    clearing_of,
    histories,
    shuffled,
    transitions,
)

CLEARED, RAISED, REVISED = (
    AlarmTransition.CLEARED,
    AlarmTransition.RAISED,
    AlarmTransition.REVISED,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_order_of_arrival_never_changes_what_is_open(data: st.DataObject) -> None:
    messages = data.draw(histories((Status.ACTUAL, Status.EXERCISE)))
    reordered = data.draw(shuffled(messages))
    harness, shuffled_harness = EngineHarness(*RULES), EngineHarness(*RULES)
    harness.deliver(messages)
    shuffled_harness.deliver(reordered)
    assert harness.open_episodes == shuffled_harness.open_episodes


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_late_rules_open_equal_episodes(data: st.DataObject) -> None:
    messages = data.draw(histories())
    early, late = EngineHarness(*RULES), EngineHarness()
    early.deliver(messages)
    late.deliver(messages)
    late.deliver(RULES)
    assert late.open_episodes == early.open_episodes


@settings(max_examples=60, deadline=None)
@given(histories((Status.ACTUAL, Status.EXERCISE, Status.TEST)))
def test_a_drill_never_supports_a_real_episode(messages: list[Any]) -> None:
    together, alone = EngineHarness(*RULES), EngineHarness(*RULES)
    together.deliver(messages)
    alone.deliver(message for message in messages if message.status is Status.ACTUAL)
    real = {episode for episode in together.open_episodes if episode[1] is Status.ACTUAL}
    assert real == alone.open_episodes


@settings(max_examples=100, deadline=None)
@given(histories(), st.integers(0, 3), st.floats(0.05, 0.6))
def test_more_trust_never_finds_less(messages: list[Any], which: int, more: float) -> None:
    body = sources_of(need=1.4, kinds=2, sources=sources_of().sources[:3])
    classes = list(body.sources)
    if which < 3:
        trust = min(1.0, classes[which].trust + more)
        classes[which] = classes[which].model_copy(update={"trust": trust})
    few = EngineHarness(a_rule("y", body))
    many = EngineHarness(a_rule("y", body.model_copy(update={"sources": tuple(classes)})))
    few.deliver(messages)
    many.deliver(messages)
    assert few.open_episodes <= many.open_episodes


@settings(max_examples=100, deadline=None)
@given(histories(), st.data())
def test_a_further_report_never_ends_anything(messages: list[Any], data: st.DataObject) -> None:
    last = max(message.occurred_at for message in messages)
    further = a_report("phone-9", reporter_role=ReporterRole.HOTLINE, occurred_at=last)
    rules = [RULE for RULE in RULES if RULE.rule_id.startswith("y")]
    without_report, with_report = EngineHarness(*rules), EngineHarness(*rules)
    without_report.deliver(messages)
    place = data.draw(st.integers(0, len(messages)))
    with_report.deliver([*messages[:place], further, *messages[place:]])
    assert without_report.open_episodes <= with_report.open_episodes


def test_a_composite_begins_and_ends_with_its_alarms() -> None:
    harness = EngineHarness(a_rule("x", all_of("a", "b")))
    assert harness.deliver([alarm_of("a")]) == []
    [raised] = harness.deliver([alarm_of("b", occurred_at=at(5))])
    assert (raised.transition, raised.kind, raised.place) == (RAISED, "composite", VILLAGE)
    assert (raised.sensor_id, raised.site, raised.level) == (None, None, Level.ORANGE)
    assert (raised.occurred_at, raised.started_at) == (at(5), at(5))
    assert (raised.evidence.metric, raised.evidence.value, raised.evidence.limit) == (
        "conditions",
        2.0,
        1.0,
    )
    assert set(raised.references) == {alarm_of("a").id, alarm_of("b").id}
    assert raised.parts is not None
    assert raised.score == raised.parts.level + raised.parts.excess == 61 + 7
    [cleared] = harness.deliver([clearing_of("a", 9)])
    assert (cleared.transition, cleared.version, cleared.score) == (CLEARED, 2, 0)
    assert (cleared.alarm_id, cleared.occurred_at) == (raised.alarm_id, at(9))
    [reordered] = harness.deliver([alarm_of("a", 2, occurred_at=at(12))])
    assert (reordered.transition, reordered.version) == (RAISED, 1)
    assert reordered.alarm_id != raised.alarm_id


def test_the_id_does_not_depend_on_which_partition_was_read_first() -> None:
    events = [alarm_of("a"), alarm_of("b", occurred_at=at(5)), alarm_of("a", 2, occurred_at=at(1))]
    ids = {
        event.alarm_id
        for order in (events[:2], events[1::-1])
        for event in EngineHarness(a_rule("x", all_of("a", "b"))).deliver(order)
    }
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("scope", "changes", "holds"),
    [
        ("village", {"place": VILLAGE}, True),
        ("village", {"place": "500118118202"}, False),
        ("town", {"place": "500118118202"}, True),
        ("town", {"place": OTHER_TOWN}, False),
        ("district", {"place": OTHER_TOWN}, True),
        ("village", {"place": TOWN}, False),
        ("site", {"site": "plant-1", "place": TOWN}, True),
        ("site", {"site": "plant-2"}, False),
        ("site", {}, False),
        ("town", {"status": Status.EXERCISE}, False),
    ],
)
def test_alarms_of_one_scope_count_together(
    scope: str, changes: dict[str, Any], holds: bool
) -> None:
    harness = EngineHarness(a_rule("x", all_of("a", "b", scope=scope)))
    assert bool(harness.deliver([alarm_of("a", site="plant-1"), alarm_of("b", **changes)])) is holds


def test_an_alarm_without_a_site_stands_for_its_sensor() -> None:
    harness = EngineHarness(a_rule("x", all_of("a", "b", scope="site")))
    [event] = harness.deliver([alarm_of("a", sensor_id="s-1"), alarm_of("b", sensor_id="s-1")])
    assert (event.site, event.place) == (None, VILLAGE)


def test_a_cleared_alarm_counts_for_its_linger_time() -> None:
    harness = EngineHarness(a_rule("x", all_of("a", "b", linger_s=600)))
    assert transitions(harness.deliver([alarm_of("a"), clearing_of("a", 5)])) == []
    assert transitions(harness.deliver([alarm_of("b", occurred_at=at(14))])) == [("x", RAISED)]
    [cleared] = harness.deliver([alarm_of("c", occurred_at=at(40))])
    assert (cleared.transition, cleared.occurred_at) == (CLEARED, at(15))
    late = EngineHarness(a_rule("x", all_of("a", "b", linger_s=600)))
    assert (
        late.deliver([alarm_of("a"), clearing_of("a", 5), alarm_of("b", occurred_at=at(15))]) == []
    )


def test_a_tree_with_not_waits_for_the_linger_time() -> None:
    body = all_of("a", linger_s=600).model_copy(update={"when": AllOf(of=(A, Not(of=B)))})
    harness = EngineHarness(a_rule("x", body))
    assert transitions(harness.deliver([alarm_of("b"), alarm_of("a"), clearing_of("b", 5)])) == []
    [raised] = harness.deliver([alarm_of("c", occurred_at=at(20))])
    assert raised.transition is RAISED
    assert transitions(harness.deliver([alarm_of("b", 2, occurred_at=at(21))])) == [("x", CLEARED)]


def test_a_withdrawn_alarm_does_not_count() -> None:
    harness = EngineHarness(
        a_rule("x", all_of("a", "b", linger_s=600)), a_rule("y", sources_of(need=0.8))
    )
    harness.deliver([alarm_of("a"), clearing_of("a", 1, withdrawn=True)])
    assert harness.deliver([alarm_of("b", occurred_at=at(2))]) != []
    assert harness.open_episodes == {("y", Status.ACTUAL, TOWN)}
    assert transitions(harness.deliver([clearing_of("b", 3, withdrawn=True)])) == [("y", CLEARED)]


def test_a_retrospective_result_is_revised_when_it_lasts() -> None:
    harness = EngineHarness(a_rule("x", all_of("a", "b")))
    [raised] = harness.deliver([alarm_of("a"), alarm_of("b", retrospective=True)])
    assert raised.retrospective
    [revised] = harness.deliver([alarm_of("b", version=2, transition=REVISED, retrospective=False)])
    assert (revised.transition, revised.retrospective) == (REVISED, False)
    assert (revised.alarm_id, revised.version) == (raised.alarm_id, 2)


def test_a_new_version_changes_what_is_open_and_a_retired_rule_ends_it() -> None:
    harness = EngineHarness(a_rule("x", all_of("a", "b")))
    harness.deliver([alarm_of("a"), alarm_of("b")])
    [up] = harness.deliver([a_rule("x", all_of("a", "b", level=Level.RED), 2)])
    assert (up.transition, up.level, up.previous_level) == ("upgraded", Level.RED, Level.ORANGE)
    assert harness.deliver([a_rule("x", all_of("a", "b"), 1)]) == []
    [moved, elsewhere] = harness.deliver([a_rule("x", all_of("a", "b", scope="town"), 3)])
    assert {moved.transition, elsewhere.transition} == {RAISED, CLEARED}
    [ended] = harness.deliver([a_rule("x", all_of("a", "b"), 4, enabled=False)])
    assert (ended.transition, ended.place) == (CLEARED, TOWN)
    assert harness.deliver([clearing_of("a", 9), alarm_of("a", 2, occurred_at=at(12))]) == []


def test_a_candidate_is_counted_and_never_alarms() -> None:
    harness = EngineHarness(a_rule("x", all_of("a", "b"), shadow_of="y"))
    assert harness.deliver([alarm_of("a"), alarm_of("b"), clearing_of("a", 1)]) == []
    assert harness.engine.shadow_counts == {("raised", "Actual"): 1, ("cleared", "Actual"): 1}


def test_a_cycle_of_composites_is_reported() -> None:
    book = MultiSourceRules([a_rule("x", all_of("y", "a")), a_rule("y", all_of("z", "a"))])
    assert book.cycle(a_rule("z", all_of("x", "b"))) == ["z", "x", "y", "z"]
    assert book.cycle(a_rule("z", all_of("z", "b"))) == ["z", "z"]
    assert book.cycle(a_rule("z", all_of("a", "b"))) == []
    assert book.cycle(a_rule("z", all_of("x", "b"), enabled=False)) == []
