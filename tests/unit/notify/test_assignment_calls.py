"""Calls about assignments and their supervision, case by case."""

from __future__ import annotations

import pytest

from services.notify.core.escalation.escalation import Escalation
from services.notify.core.escalation.states import EscalationState
from services.notify.core.working_set import WorkingSet
from shared.contracts.alerts import AlertTransition
from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Post
from shared.contracts.pages import Page, PageState
from shared.contracts.supervision import SupervisionKind
from shared.domain.roster.post_holders import Roster
from tests.unit.notify.builders import (
    DISTRICT,
    GRID,
    TOWN,
    VILLAGE,
    a_slot,
    a_supervision,
    an_assignment,
    full_roster,
)
from tests.unit.notify.core_harness import CoreHarness, a_core, a_working_set

OPENED, UPDATED = AlertTransition.OPENED, AlertTransition.UPDATED


def called(working_set: WorkingSet, since: int = 0) -> list[tuple[str, Post]]:
    """(unit, post) of the first versions of pages, in order."""
    return [(event.unit, event.post) for event in working_set.events[since:] if event.version == 1]


def only_escalation(working_set: WorkingSet) -> Escalation:
    (escalation,) = working_set.escalations.values()
    return escalation


def newest(working_set: WorkingSet) -> Page:
    return [event for event in working_set.events if event.version == 1][-1]


@pytest.fixture
def working_set() -> WorkingSet:
    return a_working_set()


@pytest.fixture
def core(working_set: WorkingSet) -> CoreHarness:
    return a_core(full_roster(), working_set)


def test_a_delivered_assignment_calls_its_unit(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_assignment(an_assignment())
    assert called(working_set) == [(VILLAGE, Post.B)]
    page = newest(working_set)
    assert page.assignment_id == an_assignment().assignment_id
    assert page.alert_id == "alt-1"


def test_a_department_is_called_itself_and_without_officers_its_own_unit(
    working_set: WorkingSet,
) -> None:
    water = f"{DISTRICT}/water"
    staffed = Roster([a_slot(water, Post.B, "o-water-b"), a_slot(DISTRICT, Post.B, "o-district-b")])
    a_core(staffed, working_set).on_assignment(an_assignment(water))
    assert called(working_set) == [(water, Post.B)]
    other_book = a_working_set()
    a_core(full_roster(), other_book).on_assignment(an_assignment(water))
    assert called(other_book) == [(DISTRICT, Post.B)]


@pytest.mark.parametrize("unit", [GRID, f"{GRID}/02"])
def test_grids_are_not_called(working_set: WorkingSet, core: CoreHarness, unit: str) -> None:
    core.on_assignment(an_assignment(unit))
    assert working_set.events == []


def test_another_version_of_the_same_delivery_calls_nobody(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_assignment(an_assignment())
    core.on_assignment(an_assignment(version=2))
    assert len(called(working_set)) == 1


def test_a_second_attempt_is_called_again(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_assignment(an_assignment())
    core.on_assignment(an_assignment(state=AssignmentState.RETURNED, version=2))
    core.on_assignment(an_assignment(version=3, attempt=2))
    assert called(working_set) == [(VILLAGE, Post.B), (VILLAGE, Post.B)]
    assert len({event.page_id for event in working_set.events}) == 2


@pytest.mark.parametrize("state", [s for s in AssignmentState if s not in {"queued", "delivered"}])
def test_every_state_after_the_signature_ends_the_calls(
    working_set: WorkingSet, core: CoreHarness, state: AssignmentState
) -> None:
    core.on_assignment(an_assignment())
    core.on_assignment(an_assignment(state=state, version=2))
    assert only_escalation(working_set).state is EscalationState.CLOSED
    assert only_escalation(working_set).due_at is None


def test_a_suspension_ends_the_calls_and_resuming_causes_none(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_assignment(an_assignment())
    core.on_assignment(an_assignment(state=AssignmentState.SUSPENDED, version=2))
    core.on_supervision(a_supervision())
    core.on_supervision(a_supervision(clock="finish"))
    assert len(called(working_set)) == 1
    core.on_assignment(an_assignment(version=3))
    assert len(called(working_set)) == 1
    # The command's own timer goes on: its next supervision calls.
    core.on_supervision(a_supervision())
    assert len(called(working_set)) == 2


def test_supervision_calls_the_target_and_replaces_the_previous_escalation(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_supervision(a_supervision())
    core.on_supervision(a_supervision(target=TOWN, kind=SupervisionKind.ESCALATED, rung=3))
    assert called(working_set) == [(VILLAGE, Post.B), (TOWN, Post.B)]
    assert newest(working_set).rung == 3
    states = [escalation.state for escalation in working_set.escalations.values()]
    assert states == [EscalationState.CLOSED, EscalationState.OPEN]


@pytest.mark.parametrize(("late_by_s", "is_named"), [(0, False), (59, False), (1_200, True)])
def test_supervision_that_fell_due_during_an_outage_says_so(
    working_set: WorkingSet, core: CoreHarness, late_by_s: float, is_named: bool
) -> None:
    core.on_supervision(a_supervision().model_copy(update={"late_by_s": late_by_s}))
    text = newest(working_set).text
    assert ("【系统中断】到期时系统中断，本次呼叫迟了 20 分钟。" in text) is is_named
    assert ("the call is 20 minutes late." in text) is is_named


@pytest.mark.parametrize("kind", [SupervisionKind.DUE_SOON, SupervisionKind.OVERDUE])
def test_a_mere_fact_of_supervision_calls_nobody(
    working_set: WorkingSet, core: CoreHarness, kind: SupervisionKind
) -> None:
    core.on_supervision(a_supervision(kind=kind))
    assert working_set.events == []


def test_supervision_that_comes_after_the_signature_calls_nobody(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_assignment(an_assignment(state=AssignmentState.SIGNED, version=2))
    core.on_supervision(a_supervision())
    assert working_set.events == []
    core.on_supervision(a_supervision(clock="finish"))
    assert called(working_set) == [(VILLAGE, Post.B)]


def test_supervision_of_an_empty_post_calls_the_next_filled_one(working_set: WorkingSet) -> None:
    roster = full_roster()
    roster.add(a_slot(VILLAGE, Post.A))
    a_core(roster, working_set).on_supervision(a_supervision(post=Post.A))
    assert called(working_set) == [(VILLAGE, Post.COMMANDER)]


def test_after_silence_under_supervision_only_the_command_service_calls(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_supervision(a_supervision())
    core.on_timer(only_escalation(working_set).escalation_id, "answer", 1)
    assert only_escalation(working_set).state is EscalationState.CLOSED
    assert working_set.events[-1].state is PageState.NO_ANSWER
    assert len(called(working_set)) == 1


def test_urging_calls_the_desk_of_the_unit_and_asks_to_act(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_supervision(a_supervision(kind=SupervisionKind.URGED))
    assert called(working_set) == [(VILLAGE, Post.B)]
    page = newest(working_set)
    assert "催办" in page.headline
    assert "请尽快办理" in page.text
    core.on_assignment(an_assignment(state=AssignmentState.SIGNED, version=2))
    core.on_supervision(a_supervision(kind=SupervisionKind.URGED))
    assert len(called(working_set)) == 1
