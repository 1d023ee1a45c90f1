"""Composite and corroboration rules: what holds is a function of what happened, not of its order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerting.core.rulebook import RuleBook
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
from tests.unit.alerting.judging import RULES, A, B, Judge, histories, of, over, shuffled, told

CLEARED, RAISED, REVISED = (
    AlarmTransition.CLEARED,
    AlarmTransition.RAISED,
    AlarmTransition.REVISED,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_order_of_arrival_never_changes_what_is_open(data: st.DataObject) -> None:
    messages = data.draw(histories((Status.ACTUAL, Status.EXERCISE)))
    again = data.draw(shuffled(messages))
    judge, other_judge = Judge(*RULES), Judge(*RULES)
    judge.takes(messages)
    other_judge.takes(again)
    assert judge.open == other_judge.open


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_rules_that_come_late_find_the_same(data: st.DataObject) -> None:
    messages = data.draw(histories())
    early, late = Judge(*RULES), Judge()
    early.takes(messages)
    late.takes(messages)
    late.takes(RULES)
    assert late.open == early.open


@settings(max_examples=60, deadline=None)
@given(histories((Status.ACTUAL, Status.EXERCISE, Status.TEST)))
def test_a_drill_never_supports_the_real_thing(messages: list[Any]) -> None:
    together, alone = Judge(*RULES), Judge(*RULES)
    together.takes(messages)
    alone.takes(message for message in messages if message.status is Status.ACTUAL)
    real = {one for one in together.open if one[1] is Status.ACTUAL}
    assert real == alone.open


@settings(max_examples=100, deadline=None)
@given(histories(), st.integers(0, 3), st.floats(0.05, 0.6))
def test_more_trust_never_finds_less(messages: list[Any], which: int, more: float) -> None:
    body = sources_of(need=1.4, kinds=2, sources=sources_of().sources[:3])
    classes = list(body.sources)
    if which < 3:
        trust = min(1.0, classes[which].trust + more)
        classes[which] = classes[which].model_copy(update={"trust": trust})
    few = Judge(a_rule("y", body))
    many = Judge(a_rule("y", body.model_copy(update={"sources": tuple(classes)})))
    few.takes(messages)
    many.takes(messages)
    assert few.open <= many.open


@settings(max_examples=100, deadline=None)
@given(histories(), st.data())
def test_a_further_report_never_ends_anything(messages: list[Any], data: st.DataObject) -> None:
    last = max(message.occurred_at for message in messages)
    further = a_report("phone-9", reporter_role=ReporterRole.HOTLINE, occurred_at=last)
    rules = [RULE for RULE in RULES if RULE.rule_id.startswith("y")]
    without, with_it = Judge(*rules), Judge(*rules)
    without.takes(messages)
    place = data.draw(st.integers(0, len(messages)))
    with_it.takes([*messages[:place], further, *messages[place:]])
    assert without.open <= with_it.open


def test_a_composite_begins_and_ends_with_its_alarms() -> None:
    judge = Judge(a_rule("x", all_of("a", "b")))
    assert judge.takes([of("a")]) == []
    [raised] = judge.takes([of("b", occurred_at=at(5))])
    assert (raised.transition, raised.kind, raised.place) == (RAISED, "composite", VILLAGE)
    assert (raised.sensor_id, raised.site, raised.level) == (None, None, Level.ORANGE)
    assert (raised.occurred_at, raised.started_at) == (at(5), at(5))
    assert (raised.evidence.metric, raised.evidence.value, raised.evidence.limit) == (
        "conditions",
        2.0,
        1.0,
    )
    assert set(raised.references) == {of("a").id, of("b").id}
    assert raised.parts is not None
    assert raised.score == raised.parts.level + raised.parts.excess == 61 + 7
    [cleared] = judge.takes([over("a", 9)])
    assert (cleared.transition, cleared.version, cleared.score) == (CLEARED, 2, 0)
    assert (cleared.alarm_id, cleared.occurred_at) == (raised.alarm_id, at(9))
    [again] = judge.takes([of("a", 2, occurred_at=at(12))])
    assert (again.transition, again.version) == (RAISED, 1)
    assert again.alarm_id != raised.alarm_id


def test_the_id_does_not_depend_on_which_partition_was_read_first() -> None:
    events = [of("a"), of("b", occurred_at=at(5)), of("a", 2, occurred_at=at(1))]
    ids = {
        event.alarm_id
        for order in (events[:2], events[1::-1])
        for event in Judge(a_rule("x", all_of("a", "b"))).takes(order)
    }
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("scope", "other", "holds"),
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
def test_what_belongs_together(scope: str, other: dict[str, Any], holds: bool) -> None:
    judge = Judge(a_rule("x", all_of("a", "b", scope=scope)))
    assert bool(judge.takes([of("a", site="plant-1"), of("b", **other)])) is holds


def test_an_alarm_without_a_site_stands_for_its_sensor() -> None:
    judge = Judge(a_rule("x", all_of("a", "b", scope="site")))
    [event] = judge.takes([of("a", sensor_id="s-1"), of("b", sensor_id="s-1")])
    assert (event.site, event.place) == (None, VILLAGE)


def test_what_lingers_counts_for_a_while_of_event_time() -> None:
    judge = Judge(a_rule("x", all_of("a", "b", linger_s=600)))
    assert told(judge.takes([of("a"), over("a", 5)])) == []
    assert told(judge.takes([of("b", occurred_at=at(14))])) == [("x", RAISED)]
    [cleared] = judge.takes([of("c", occurred_at=at(40))])
    assert (cleared.transition, cleared.occurred_at) == (CLEARED, at(15))
    late = Judge(a_rule("x", all_of("a", "b", linger_s=600)))
    assert late.takes([of("a"), over("a", 5), of("b", occurred_at=at(15))]) == []


def test_a_tree_with_not_waits_for_what_lingers() -> None:
    body = all_of("a", linger_s=600).model_copy(update={"when": AllOf(of=(A, Not(of=B)))})
    judge = Judge(a_rule("x", body))
    assert told(judge.takes([of("b"), of("a"), over("b", 5)])) == []
    [raised] = judge.takes([of("c", occurred_at=at(20))])
    assert raised.transition is RAISED
    assert told(judge.takes([of("b", 2, occurred_at=at(21))])) == [("x", CLEARED)]


def test_what_was_withdrawn_never_was() -> None:
    judge = Judge(a_rule("x", all_of("a", "b", linger_s=600)), a_rule("y", sources_of(need=0.8)))
    judge.takes([of("a"), over("a", 1, withdrawn=True)])
    assert judge.takes([of("b", occurred_at=at(2))]) != []
    assert judge.open == {("y", Status.ACTUAL, TOWN)}
    assert told(judge.takes([over("b", 3, withdrawn=True)])) == [("y", CLEARED)]


def test_a_finding_of_a_backlog_is_told_as_such_until_it_turns_out_to_go_on() -> None:
    judge = Judge(a_rule("x", all_of("a", "b")))
    [raised] = judge.takes([of("a"), of("b", retrospective=True)])
    assert raised.retrospective
    [revised] = judge.takes([of("b", version=2, transition=REVISED, retrospective=False)])
    assert (revised.transition, revised.retrospective) == (REVISED, False)
    assert (revised.alarm_id, revised.version) == (raised.alarm_id, 2)


def test_a_new_version_changes_what_is_open_and_a_retired_rule_ends_it() -> None:
    judge = Judge(a_rule("x", all_of("a", "b")))
    judge.takes([of("a"), of("b")])
    [up] = judge.takes([a_rule("x", all_of("a", "b", level=Level.RED), 2)])
    assert (up.transition, up.level, up.previous_level) == ("upgraded", Level.RED, Level.ORANGE)
    assert judge.takes([a_rule("x", all_of("a", "b"), 1)]) == []
    [moved, elsewhere] = judge.takes([a_rule("x", all_of("a", "b", scope="town"), 3)])
    assert {moved.transition, elsewhere.transition} == {RAISED, CLEARED}
    [ended] = judge.takes([a_rule("x", all_of("a", "b"), 4, enabled=False)])
    assert (ended.transition, ended.place) == (CLEARED, TOWN)
    assert judge.takes([over("a", 9), of("a", 2, occurred_at=at(12))]) == []


def test_a_candidate_is_counted_and_never_alarms() -> None:
    judge = Judge(a_rule("x", all_of("a", "b"), shadow_of="y"))
    assert judge.takes([of("a"), of("b"), over("a", 1)]) == []
    assert judge.board.shadowed == {("raised", "Actual"): 1, ("cleared", "Actual"): 1}


def test_a_composite_that_looks_at_itself_is_found() -> None:
    book = RuleBook([a_rule("x", all_of("y", "a")), a_rule("y", all_of("z", "a"))])
    assert book.cycle(a_rule("z", all_of("x", "b"))) == ["z", "x", "y", "z"]
    assert book.cycle(a_rule("z", all_of("z", "b"))) == ["z", "z"]
    assert book.cycle(a_rule("z", all_of("a", "b"))) == []
    assert book.cycle(a_rule("z", all_of("x", "b"), enabled=False)) == []
