"""Calls about alerts, case by case: the officers who are called, and the end of the calls."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.notify.core.escalation.escalation import Escalation
from services.notify.core.escalation.states import EscalationState
from services.notify.core.working_set import WorkingSet
from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.fields import Level, Post
from shared.contracts.pages import Page, PageState
from tests.unit.notify.builders import (
    CITY,
    DISTRICT,
    T0,
    TOWN,
    an_alert,
    name_of,
)
from tests.unit.notify.core_harness import CoreHarness

OPENED, UPDATED = AlertTransition.OPENED, AlertTransition.UPDATED


def called(working_set: WorkingSet, since: int = 0) -> list[tuple[str, Post]]:
    """(unit, post) of the first versions of pages, in order."""
    return [(event.unit, event.post) for event in working_set.events[since:] if event.version == 1]


def only_escalation(working_set: WorkingSet) -> Escalation:
    (escalation,) = working_set.escalations.values()
    return escalation


def newest(working_set: WorkingSet) -> Page:
    return [event for event in working_set.events if event.version == 1][-1]


def test_an_opened_alert_calls_the_town_and_the_approver(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_alert(an_alert())
    assert called(working_set) == [(TOWN, Post.B), (DISTRICT, Post.B)]
    first = working_set.events[0]
    assert (first.state, first.level) == (PageState.SENT, Level.YELLOW)
    assert first.references == (an_alert().id,)
    assert first.answer_by == T0 + timedelta(seconds=6)


def test_one_person_for_place_and_approver_is_called_once(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_alert(an_alert(place=DISTRICT))
    assert called(working_set) == [(DISTRICT, Post.B)]


def test_more_evidence_for_the_same_proposal_calls_nobody(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_alert(an_alert())
    before = len(working_set.events)
    core.on_alert(an_alert(2, UPDATED))
    core.on_alert(an_alert(3, AlertTransition.VERIFIED, AlertState.VERIFIED, actor="o-1"))
    assert working_set.events[before:] == []


def test_a_new_proposal_continues_the_present_calls(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_alert(an_alert())
    for escalation in list(working_set.escalations.values()):
        core.on_timer(escalation.escalation_id, "answer", escalation.step)
    working_set.now = T0 + timedelta(seconds=2)
    before = len(working_set.events)
    core.on_alert(an_alert(2, UPDATED, proposed=Level.ORANGE, approver=CITY))
    assert called(working_set, before) == [(TOWN, Post.A), (CITY, Post.B)]
    living = [
        escalation
        for escalation in working_set.escalations.values()
        if escalation.state is EscalationState.OPEN
    ]
    town = next(escalation for escalation in living if escalation.start_unit == TOWN)
    assert (town.escalation_level, town.due_at) == (1, T0 + timedelta(seconds=6)), (
        "the clock runs on"
    )
    assert town.level is Level.ORANGE


def test_issuing_ends_the_calls_and_informs_the_place_but_not_the_signer(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_alert(an_alert())
    before = len(working_set.events)
    core.on_alert(
        an_alert(
            2,
            AlertTransition.ISSUED,
            AlertState.ISSUED,
            level=Level.YELLOW,
            actor=name_of(DISTRICT, Post.B),
        )
    )
    assert called(working_set, before) == [(TOWN, Post.B)]
    withdrawn = [event for event in working_set.events[before:] if event.version == 2]
    assert {page.state for page in withdrawn} == {PageState.WITHDRAWN}
    assert all(page.text.startswith("无需答复") for page in withdrawn)


@pytest.mark.parametrize(
    ("transition", "state"),
    [
        (AlertTransition.DISMISSED, AlertState.DISMISSED),
        (AlertTransition.REJECTED, AlertState.REJECTED),
    ],
)
def test_a_moot_proposal_ends_the_calls(
    working_set: WorkingSet, core: CoreHarness, transition: AlertTransition, state: AlertState
) -> None:
    core.on_alert(an_alert())
    core.on_alert(an_alert(2, transition, state))
    assert {escalation.state for escalation in working_set.escalations.values()} == {
        EscalationState.CLOSED
    }
    assert len(called(working_set)) == 2


def test_a_dropped_proposal_of_an_issued_alert_ends_the_calls(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    issued = AlertTransition.ISSUED, AlertState.ISSUED
    core.on_alert(an_alert(1, *issued, level=Level.YELLOW))
    core.on_alert(
        an_alert(2, UPDATED, AlertState.ISSUED, level=Level.YELLOW, proposed=Level.ORANGE)
    )
    deciding = [
        escalation
        for escalation in working_set.escalations.values()
        if escalation.state is EscalationState.OPEN
    ]
    assert deciding
    core.on_alert(an_alert(3, AlertTransition.REJECTED, AlertState.ISSUED, level=Level.YELLOW))
    assert all(escalation.state is EscalationState.CLOSED for escalation in deciding)


def test_an_old_version_is_dropped(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_alert(an_alert(3))
    before = len(working_set.events)
    core.on_alert(an_alert(2, proposed=Level.RED))
    assert working_set.events[before:] == []
