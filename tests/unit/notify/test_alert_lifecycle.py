"""Calls about the later life of an alert: recalls, ratification, flapping, merges, any order."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.core.escalation.escalation import Purpose
from services.notify.core.escalation.states import EscalationState
from services.notify.core.working_set import WorkingSet
from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition, Callee, Debt
from shared.contracts.fields import Level, Post
from shared.contracts.pages import PageState
from tests.unit.notify.builders import (
    CITY,
    DISTRICT,
    T0,
    TOWN,
    VILLAGE,
    an_alert,
    full_roster,
    name_of,
)
from tests.unit.notify.core_harness import CoreHarness, a_core, a_working_set

ISSUED, RECALLED = AlertTransition.ISSUED, AlertTransition.RECALLED


def called(working_set: WorkingSet, since: int) -> list[str]:
    return [event.officer_id for event in working_set.events[since:] if event.version == 1]


def with_calls(event: AlertEvent, *calls: Callee, **more: Any) -> AlertEvent:
    return event.model_copy(update={"calls": calls, **more})


def in_force(version: int, transition: AlertTransition, **more: Any) -> AlertEvent:
    state = {
        AlertTransition.RECALLED: AlertState.RECALLED,
        AlertTransition.EXPIRED: AlertState.EXPIRED,
        AlertTransition.LIFTED: AlertState.LIFTED,
    }.get(transition, AlertState.ISSUED)
    values: dict[str, Any] = {"level": Level.YELLOW, "proposed": Level.YELLOW, **more}
    return an_alert(version, transition, state, **values)


def test_a_recall_reaches_every_paged_officer_once_and_goes_first(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_alert(an_alert())
    core.on_alert(in_force(2, ISSUED, actor="o-signer"))
    village, former = name_of(VILLAGE, Post.B), "o-who-left"
    working_set.paged_officers["alt-1"] = {
        (TOWN, Post.B, name_of(TOWN, Post.B)),
        (VILLAGE, Post.B, village),
        (VILLAGE, Post.A, former),
    }
    before = len(working_set.events)
    core.on_alert(in_force(3, RECALLED, actor="o-recaller"))
    officers = called(working_set, before)
    assert sorted(officers) == sorted(
        [name_of(TOWN, Post.B), name_of(DISTRICT, Post.B), village, former]
    )
    pages = [event for event in working_set.events[before:] if event.version == 1]
    assert all("撤回" in page.text for page in pages)
    living = [
        escalation
        for escalation in working_set.escalations.values()
        if escalation.state is EscalationState.OPEN
    ]
    assert {escalation.priority for escalation in living} == {0}, "a recall goes before everything"
    withdrawn = [event for event in working_set.events[before:] if event.version > 1]
    assert {page.state for page in withdrawn} == {PageState.WITHDRAWN}


def test_a_recall_to_an_officer_does_not_climb(working_set: WorkingSet, core: CoreHarness) -> None:
    working_set.paged_officers["alt-1"] = {(VILLAGE, Post.B, name_of(VILLAGE, Post.B))}
    core.on_alert(in_force(3, RECALLED))
    (recall,) = (
        escalation
        for escalation in working_set.escalations.values()
        if escalation.purpose is Purpose.RECALL
    )
    for _ in range(10):
        if recall.state is EscalationState.OPEN:
            core.on_timer(recall.escalation_id, "answer", recall.step)
    assert recall.state is EscalationState.CLOSED
    officers = [page_row.page.officer_id for page_row in working_set.pages_of(recall.escalation_id)]
    assert set(officers) == {name_of(VILLAGE, Post.B)}


def test_an_emergency_calls_the_approver_and_its_overdue_ratification_calls_again(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    owed = Debt(unit=CITY, approvals=1, by_officer="o", by_unit=TOWN, due_at=T0, next_at=T0)
    gate = Callee(unit=CITY)
    core.on_alert(with_calls(in_force(2, ISSUED, actor="o"), gate, debt=owed))
    assert name_of(CITY, Post.B) in called(working_set, 0)
    before = len(working_set.events)
    core.on_alert(with_calls(in_force(3, AlertTransition.DEBT_DUE), gate, debt=owed))
    assert called(working_set, before) == [name_of(CITY, Post.B)]
    page = [event for event in working_set.events if event.version == 1][-1]
    assert "追认" in page.text
    asking = [
        escalation
        for escalation in working_set.escalations.values()
        if escalation.purpose is Purpose.DECIDE
    ]
    # More evidence does not end the calling; the ratification does.
    update = in_force(4, AlertTransition.UPDATED).model_copy(update={"debt": owed})
    core.on_alert(update)
    assert [escalation.state for escalation in asking] == [EscalationState.OPEN]
    core.on_alert(in_force(5, AlertTransition.RATIFIED))
    assert [escalation.state for escalation in asking] == [EscalationState.CLOSED]


def test_an_emergency_that_expires_unratified_says_so(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    owed = Debt(unit=CITY, approvals=1, by_officer="o", by_unit=TOWN, due_at=T0, next_at=T0)
    core.on_alert(in_force(2, AlertTransition.EXPIRED, actor="o").model_copy(update={"debt": owed}))
    texts = [event.text for event in working_set.events]
    assert texts
    assert all("始终未追认" in name and "按期追认" not in name for name in texts)


def test_the_owner_of_a_silence_is_called_beside_the_place(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    calls = (Callee(unit=DISTRICT, post=Post.A), Callee(unit=VILLAGE))
    core.on_alert(with_calls(an_alert(), *calls))
    assert called(working_set, 0) == [
        name_of(TOWN, Post.B),
        name_of(DISTRICT, Post.B),
        name_of(DISTRICT, Post.A),
    ]


def test_about_a_known_alert_only_the_named_posts_are_called(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_alert(an_alert())
    before = len(working_set.events)
    core.on_alert(
        with_calls(an_alert(2, AlertTransition.UPDATED), Callee(unit=CITY, post=Post.COMMANDER))
    )
    assert called(working_set, before) == [name_of(CITY, Post.COMMANDER)]
    assert (
        sum(
            escalation.state is EscalationState.OPEN
            for escalation in working_set.escalations.values()
        )
        == 3
    )


@pytest.mark.parametrize(
    ("transition", "times"), [(AlertTransition.FLAPPING, 1), (AlertTransition.UPDATED, 0)]
)
def test_flapping_causes_one_call_and_a_flip_none(
    working_set: WorkingSet, core: CoreHarness, transition: AlertTransition, times: int
) -> None:
    core.on_alert(an_alert())
    before = len(working_set.events)
    core.on_alert(an_alert(2, transition))
    assert len(called(working_set, before)) == 2 * times
    before = len(working_set.events)
    for version in range(3, 8):
        core.on_alert(an_alert(version, AlertTransition.UPDATED))
    assert called(working_set, before) == []


@pytest.mark.parametrize("state", [AlertState.MERGED, AlertState.ABSORBED, AlertState.EXPIRED])
def test_nobody_is_called_about_a_merged_or_ended_alert(
    working_set: WorkingSet, core: CoreHarness, state: AlertState
) -> None:
    core.on_alert(an_alert())
    core.on_alert(an_alert(2, AlertTransition.MERGED, state))
    assert {escalation.state for escalation in working_set.escalations.values()} == {
        EscalationState.CLOSED
    }


def test_an_unmerged_alert_causes_new_calls(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_alert(an_alert())
    core.on_alert(an_alert(2, AlertTransition.MERGED, AlertState.MERGED))
    before = len(working_set.events)
    core.on_alert(an_alert(3, AlertTransition.UNMERGED))
    assert called(working_set, before) == [name_of(TOWN, Post.B), name_of(DISTRICT, Post.B)]


CHAIN = [
    an_alert(),
    in_force(2, ISSUED),
    in_force(3, AlertTransition.ADJUSTED, level=Level.BLUE, proposed=Level.BLUE),
    in_force(4, AlertTransition.EXPIRED, level=Level.BLUE, proposed=Level.BLUE),
]


def last_word(events: list[AlertEvent]) -> tuple[Any, ...]:
    working_set = a_working_set()
    core = a_core(full_roster(), working_set)
    for event in events:
        core.on_alert(event)
    snapshot = working_set.alerts["alt-1"]
    open_ones = [
        escalation
        for escalation in working_set.escalations.values()
        if escalation.state is EscalationState.OPEN
    ]
    texts = {escalation.text for escalation in open_ones}
    return snapshot, texts


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_newest_version_decides_in_any_order_of_arrival(
    order: tuple[int, ...],
) -> None:
    assert last_word([CHAIN[n] for n in order]) == last_word(CHAIN)


@given(st.lists(st.sampled_from(CHAIN), min_size=1, max_size=12))
def test_repeats_change_nothing(events: list[AlertEvent]) -> None:
    snapshot, _ = last_word(events)
    assert snapshot.version == max(event.version for event in events)


@pytest.mark.parametrize(("late_s", "says_so"), [(1, False), (1_200, True)])
def test_an_expiry_that_fell_due_during_an_outage_says_so(
    working_set: WorkingSet, core: CoreHarness, late_s: int, says_so: bool
) -> None:
    core.on_alert(in_force(1, ISSUED))
    times = {"expires_at": T0, "sent_at": T0 + timedelta(seconds=late_s)}
    core.on_alert(in_force(2, AlertTransition.EXPIRED).model_copy(update=times))
    text = working_set.events[-1].text
    assert "失效" in text
    assert ("【系统中断】到期时系统中断，本次呼叫迟了 20 分钟。" in text) is says_so
    assert ("the call is 20 minutes late." in text) is says_so
