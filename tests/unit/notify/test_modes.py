"""Response modes: calls for signatures, announcements, and the effect of a mode on calls."""

from __future__ import annotations

import pytest

from services.notify.core.escalation.escalation import Purpose
from services.notify.core.escalation.states import EscalationState
from services.notify.core.working_set import WorkingSet
from shared.contracts.fields import Level, Post, ResponseMode, Status
from shared.contracts.modes import ProposalState
from shared.contracts.pages import AnswerVerb, Channel, Officer, Page, SubjectKind
from shared.domain.response_modes.effective import Effective, Modes
from shared.domain.roster.post_holders import Roster
from tests.unit.notify.builders import (
    CITY,
    DISTRICT,
    TOWN,
    VILLAGE,
    a_mode,
    a_proposal,
    a_slot,
    an_answer,
    an_assignment,
    full_roster,
    name_of,
)
from tests.unit.notify.core_harness import a_core, a_working_set

EMERGENCY, STANDBY = ResponseMode.EMERGENCY, ResponseMode.STANDBY
SIGNERS = (Post.A, Post.COMMANDER)


def in_mode(mode: ResponseMode, status: Status = Status.ACTUAL) -> Modes:
    return Modes([(status, Effective(mode, 3, DISTRICT))])


def first_pages(working_set: WorkingSet) -> list[tuple[str, Post, Channel]]:
    """First versions of pages."""
    return [
        (event.unit, event.post, event.channel)
        for event in working_set.events
        if event.version == 1
    ]


def called(working_set: WorkingSet) -> list[tuple[str, Post]]:
    """The called officers in order, each once for all channels."""
    return list(dict.fromkeys((unit, post) for unit, post, _ in first_pages(working_set)))


def page_of(working_set: WorkingSet, officer: str) -> Page:
    return next(
        page_row.page
        for page_row in working_set.pages.values()
        if page_row.page.officer_id == officer
    )


def test_a_rules_proposal_calls_the_deciding_unit() -> None:
    working_set = a_working_set()
    a_core(full_roster(), working_set).on_proposal(a_proposal())
    assert first_pages(working_set) == [(DISTRICT, Post.B, Channel.CONSOLE)]
    (page,) = working_set.events
    assert (page.subject_kind, page.subject_id) == (SubjectKind.MODE, "mod-1")
    assert page.text.startswith(
        "系统建议：永川区 转入急时状态，至 8月19日 15:00 自动结束。需两人签批"
    )


def test_a_half_approved_proposal_calls_a_post_that_may_sign_and_has_not() -> None:
    working_set = a_working_set()
    core = a_core(full_roster(), working_set)
    core.on_proposal(a_proposal())
    half = ProposalState.HALF_APPROVED
    core.on_proposal(a_proposal(half, 2, (name_of(DISTRICT, Post.A),), SIGNERS))
    assert first_pages(working_set)[1:] == [(DISTRICT, Post.COMMANDER, Channel.CONSOLE)]
    first, second = working_set.escalations.values()
    assert (first.state, second.state) == (EscalationState.CLOSED, EscalationState.OPEN)


@pytest.mark.parametrize(
    "state", [ProposalState.DECIDED, ProposalState.REJECTED, ProposalState.EXPIRED]
)
def test_nobody_is_called_about_a_settled_proposal(state: ProposalState) -> None:
    working_set = a_working_set()
    core = a_core(full_roster(), working_set)
    core.on_proposal(a_proposal())
    core.on_proposal(a_proposal(state, 2, posts=()))
    assert [escalation.state for escalation in working_set.escalations.values()] == [
        EscalationState.CLOSED
    ]
    assert len(first_pages(working_set)) == 1


def test_a_decided_mode_informs_every_unit_of_its_subtree() -> None:
    working_set = a_working_set()
    core = a_core(full_roster(), working_set)
    core.on_mode(a_mode())
    assert first_pages(working_set) == [
        (unit, Post.B, Channel.CONSOLE) for unit in (DISTRICT, TOWN, VILLAGE)
    ]
    assert {escalation.purpose for escalation in working_set.escalations.values()} == {
        Purpose.INFORM
    }
    assert {page.level for page in working_set.events} == {Level.RED}
    for escalation in list(working_set.escalations.values()):
        core.on_timer(escalation.escalation_id, "answer", escalation.step)
    assert len(first_pages(working_set)) == 3, (
        "silence does not climb: every unit above was informed"
    )
    core.on_mode(a_mode(mode=ResponseMode.NORMAL, version=2))
    assert len(first_pages(working_set)) == 6
    assert {page.level for page in working_set.events[-3:]} == {Level.BLUE}


def test_in_emergency_b_and_a_are_called_at_once_and_the_waits_are_halved() -> None:
    working_set = a_working_set()
    core = a_core(full_roster(), working_set, modes=in_mode(EMERGENCY))
    core.on_assignment(an_assignment(VILLAGE))
    assert called(working_set) == [(VILLAGE, Post.B), (VILLAGE, Post.A)]
    (escalation,) = working_set.escalations.values()
    assert escalation.due_at is not None
    assert (escalation.due_at - working_set.now).total_seconds() == 3
    assert {(event.mode, event.mode_version, event.mode_unit) for event in working_set.events} == {
        (EMERGENCY, 3, DISTRICT)
    }
    core.on_timer(escalation.escalation_id, "answer", escalation.step)
    assert called(working_set)[2:] == [(VILLAGE, Post.COMMANDER)]


@pytest.mark.parametrize("post", [Post.B, Post.A])
def test_an_answer_of_either_crew_member_ends_the_calls(post: Post) -> None:
    working_set = a_working_set()
    core = a_core(full_roster(), working_set, modes=in_mode(EMERGENCY))
    core.on_assignment(an_assignment(VILLAGE))
    core.on_answer(an_answer(page_of(working_set, name_of(VILLAGE, post))))
    (escalation,) = working_set.escalations.values()
    assert escalation.state is EscalationState.ANSWERED
    assert not working_set.unanswered_pages(escalation)


def test_after_a_refusal_the_second_crew_member_is_still_called() -> None:
    working_set = a_working_set()
    core = a_core(full_roster(), working_set, modes=in_mode(EMERGENCY))
    core.on_assignment(an_assignment(VILLAGE))
    core.on_answer(an_answer(page_of(working_set, name_of(VILLAGE, Post.A)), AnswerVerb.CANNOT))
    (escalation,) = working_set.escalations.values()
    assert (escalation.state, escalation.officer_id) == (
        EscalationState.OPEN,
        name_of(VILLAGE, Post.B),
    )
    assert {page_row.page.post for page_row in working_set.unanswered_pages(escalation)} == {Post.B}


def test_an_empty_b_post_leaves_a_alone_and_nobody_is_called_twice() -> None:
    roster = full_roster()
    roster.add(a_slot(VILLAGE, Post.B))
    working_set = a_working_set()
    core = a_core(roster, working_set, modes=in_mode(EMERGENCY))
    core.on_assignment(an_assignment(VILLAGE))
    (escalation,) = working_set.escalations.values()
    core.on_timer(escalation.escalation_id, "answer", escalation.step)
    assert [post for _, post in called(working_set)] == [Post.A, Post.COMMANDER]


def test_a_stricter_mode_uses_more_channels_where_the_officer_has_an_address() -> None:
    officer = Officer(officer_id="o-1", name="某某", phone="13800000000")
    slot = a_slot(VILLAGE, Post.B, "o-1").model_copy(update={"officer": officer})
    for mode, expected in (
        (ResponseMode.NORMAL, [Channel.CONSOLE]),
        (STANDBY, [Channel.CONSOLE, Channel.SMS]),
        (EMERGENCY, [Channel.CONSOLE, Channel.SMS, Channel.WEBHOOK]),
    ):
        working_set = a_working_set()
        a_core(Roster([slot]), working_set, modes=in_mode(mode)).on_assignment(
            an_assignment(VILLAGE)
        )
        assert [channel for _, _, channel in first_pages(working_set)] == expected
    working_set = a_working_set()
    nameless = Roster([a_slot(VILLAGE, Post.B, "o-1")])
    a_core(nameless, working_set, modes=in_mode(STANDBY)).on_assignment(an_assignment(VILLAGE))
    assert [channel for _, _, channel in first_pages(working_set)] == [Channel.CONSOLE]


def test_a_mode_changes_no_call_outside_its_subtree_or_its_world() -> None:
    for unit, modes, status in (
        (CITY, in_mode(EMERGENCY), Status.ACTUAL),
        (VILLAGE, in_mode(EMERGENCY, Status.EXERCISE), Status.ACTUAL),
        (VILLAGE, in_mode(EMERGENCY), Status.EXERCISE),
    ):
        with_mode, without = a_working_set(), a_working_set()
        event = an_assignment(unit, status=status)
        a_core(full_roster(), with_mode, modes=modes).on_assignment(event)
        a_core(full_roster(), without).on_assignment(event)
        assert with_mode.events == without.events
        assert with_mode.escalations == without.escalations


def test_an_escalation_keeps_the_mode_of_its_opening() -> None:
    working_set, modes = a_working_set(), in_mode(EMERGENCY)
    core = a_core(full_roster(), working_set, modes=modes)
    core.on_assignment(an_assignment(VILLAGE))
    modes.decide(Status.ACTUAL, Effective(ResponseMode.NORMAL, 4, DISTRICT))
    (escalation,) = working_set.escalations.values()
    core.on_timer(escalation.escalation_id, "answer", escalation.step)
    assert escalation.due_at is not None
    assert (escalation.due_at - working_set.now).total_seconds() == 3
    assert working_set.events[-1].mode_version == 3
