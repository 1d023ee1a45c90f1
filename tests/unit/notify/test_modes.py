"""Response modes at the desk: who decides is called, who has to know is told, a mode changes the call."""

from __future__ import annotations

import pytest

from services.notify.core.book import Book
from services.notify.core.ladders import LadderState, Purpose
from services.notify.core.roster import Roster
from shared.contracts.fields import Level, Post, ResponseMode, Status
from shared.contracts.modes import ProposalState
from shared.contracts.pages import AnswerVerb, Channel, Officer, Page, SubjectKind
from shared.domain.response_modes.effective import Effective, Modes
from tests.unit.notify.builders import (
    CITY,
    DISTRICT,
    TOWN,
    VILLAGE,
    a_book,
    a_desk,
    a_mode,
    a_proposal,
    a_slot,
    an_answer,
    an_assignment,
    full_roster,
    name_of,
)

EMERGENCY, STANDBY = ResponseMode.EMERGENCY, ResponseMode.STANDBY
SIGNERS = (Post.A, Post.COMMANDER)


def in_mode(mode: ResponseMode, status: Status = Status.ACTUAL) -> Modes:
    return Modes([(status, Effective(mode, 3, DISTRICT))])


def rung(book: Book) -> list[tuple[str, Post, Channel]]:
    """First versions of pages."""
    return [(event.unit, event.post, event.channel) for event in book.events if event.version == 1]


def called(book: Book) -> list[tuple[str, Post]]:
    """Whom, in order, on however many channels."""
    return list(dict.fromkeys((unit, post) for unit, post, _ in rung(book)))


def page_of(book: Book, officer: str) -> Page:
    return next(line.page for line in book.pages.values() if line.page.officer_id == officer)


def test_the_rules_proposal_calls_the_deciding_units_desk() -> None:
    book = a_book()
    a_desk(full_roster(), book).on_proposal(a_proposal())
    assert rung(book) == [(DISTRICT, Post.B, Channel.CONSOLE)]
    (page,) = book.events
    assert (page.subject_kind, page.subject_id) == (SubjectKind.MODE, "mod-1")
    assert page.text.startswith(
        "系统建议：永川区 转入急时状态，至 8月19日 15:00 自动结束。需两人签批"
    )


def test_half_approved_it_calls_a_post_that_may_decide_and_not_who_has_signed() -> None:
    book = a_book()
    desk = a_desk(full_roster(), book)
    desk.on_proposal(a_proposal())
    half = ProposalState.HALF_APPROVED
    desk.on_proposal(a_proposal(half, 2, (name_of(DISTRICT, Post.A),), SIGNERS))
    assert rung(book)[1:] == [(DISTRICT, Post.COMMANDER, Channel.CONSOLE)]
    first, second = book.ladders.values()
    assert (first.state, second.state) == (LadderState.CLOSED, LadderState.OPEN)


@pytest.mark.parametrize(
    "state", [ProposalState.DECIDED, ProposalState.REJECTED, ProposalState.EXPIRED]
)
def test_nobody_is_called_any_more_once_it_is_settled(state: ProposalState) -> None:
    book = a_book()
    desk = a_desk(full_roster(), book)
    desk.on_proposal(a_proposal())
    desk.on_proposal(a_proposal(state, 2, posts=()))
    assert [ladder.state for ladder in book.ladders.values()] == [LadderState.CLOSED]
    assert len(rung(book)) == 1


def test_a_decided_mode_is_told_to_every_desk_of_its_subtree_and_to_no_other() -> None:
    book = a_book()
    desk = a_desk(full_roster(), book)
    desk.on_mode(a_mode())
    assert rung(book) == [(unit, Post.B, Channel.CONSOLE) for unit in (DISTRICT, TOWN, VILLAGE)]
    assert {ladder.purpose for ladder in book.ladders.values()} == {Purpose.INFORM}
    assert {page.level for page in book.events} == {Level.RED}
    for ladder in list(book.ladders.values()):
        desk.on_timer(ladder.ladder_id, "answer", ladder.step)
    assert len(rung(book)) == 3, "silence does not climb: everybody above was told"
    desk.on_mode(a_mode(mode=ResponseMode.NORMAL, version=2))
    assert len(rung(book)) == 6
    assert {page.level for page in book.events[-3:]} == {Level.BLUE}


def test_in_emergency_b_and_a_are_called_at_once_and_the_waits_are_halved() -> None:
    book = a_book()
    desk = a_desk(full_roster(), book, modes=in_mode(EMERGENCY))
    desk.on_assignment(an_assignment(VILLAGE))
    assert called(book) == [(VILLAGE, Post.B), (VILLAGE, Post.A)]
    (ladder,) = book.ladders.values()
    assert ladder.due_at is not None
    assert (ladder.due_at - book.now).total_seconds() == 3
    assert {(event.mode, event.mode_version, event.mode_unit) for event in book.events} == {
        (EMERGENCY, 3, DISTRICT)
    }
    desk.on_timer(ladder.ladder_id, "answer", ladder.step)
    assert called(book)[2:] == [(VILLAGE, Post.COMMANDER)]


@pytest.mark.parametrize("post", [Post.B, Post.A])
def test_either_of_the_crew_ends_the_calling(post: Post) -> None:
    book = a_book()
    desk = a_desk(full_roster(), book, modes=in_mode(EMERGENCY))
    desk.on_assignment(an_assignment(VILLAGE))
    desk.on_answer(an_answer(page_of(book, name_of(VILLAGE, post))))
    (ladder,) = book.ladders.values()
    assert ladder.state is LadderState.ANSWERED
    assert not book.waiting(ladder)


def test_who_cannot_come_leaves_the_other_of_the_crew_called() -> None:
    book = a_book()
    desk = a_desk(full_roster(), book, modes=in_mode(EMERGENCY))
    desk.on_assignment(an_assignment(VILLAGE))
    desk.on_answer(an_answer(page_of(book, name_of(VILLAGE, Post.A)), AnswerVerb.CANNOT))
    (ladder,) = book.ladders.values()
    assert (ladder.state, ladder.officer_id) == (LadderState.OPEN, name_of(VILLAGE, Post.B))
    assert {line.page.post for line in book.waiting(ladder)} == {Post.B}


def test_an_empty_b_post_leaves_a_alone_and_nobody_is_called_twice() -> None:
    roster = full_roster()
    roster.put(a_slot(VILLAGE, Post.B))
    book = a_book()
    desk = a_desk(roster, book, modes=in_mode(EMERGENCY))
    desk.on_assignment(an_assignment(VILLAGE))
    (ladder,) = book.ladders.values()
    desk.on_timer(ladder.ladder_id, "answer", ladder.step)
    assert [post for _, post in called(book)] == [Post.A, Post.COMMANDER]


def test_a_stricter_mode_uses_more_channels_where_the_officer_has_an_address() -> None:
    officer = Officer(officer_id="o-1", name="某某", phone="13800000000")
    slot = a_slot(VILLAGE, Post.B, "o-1").model_copy(update={"officer": officer})
    for mode, expected in (
        (ResponseMode.NORMAL, [Channel.CONSOLE]),
        (STANDBY, [Channel.CONSOLE, Channel.SMS]),
        (EMERGENCY, [Channel.CONSOLE, Channel.SMS, Channel.WEBHOOK]),
    ):
        book = a_book()
        a_desk(Roster([slot]), book, modes=in_mode(mode)).on_assignment(an_assignment(VILLAGE))
        assert [channel for _, _, channel in rung(book)] == expected
    book = a_book()
    nameless = Roster([a_slot(VILLAGE, Post.B, "o-1")])
    a_desk(nameless, book, modes=in_mode(STANDBY)).on_assignment(an_assignment(VILLAGE))
    assert [channel for _, _, channel in rung(book)] == [Channel.CONSOLE]


def test_a_mode_changes_no_call_outside_its_subtree_or_its_world() -> None:
    for unit, modes, status in (
        (CITY, in_mode(EMERGENCY), Status.ACTUAL),
        (VILLAGE, in_mode(EMERGENCY, Status.EXERCISE), Status.ACTUAL),
        (VILLAGE, in_mode(EMERGENCY), Status.EXERCISE),
    ):
        with_mode, without = a_book(), a_book()
        event = an_assignment(unit, status=status)
        a_desk(full_roster(), with_mode, modes=modes).on_assignment(event)
        a_desk(full_roster(), without).on_assignment(event)
        assert with_mode.events == without.events
        assert with_mode.ladders == without.ladders


def test_a_ladder_keeps_the_mode_it_was_opened_in() -> None:
    book, modes = a_book(), in_mode(EMERGENCY)
    desk = a_desk(full_roster(), book, modes=modes)
    desk.on_assignment(an_assignment(VILLAGE))
    modes.decide(Status.ACTUAL, Effective(ResponseMode.NORMAL, 4, DISTRICT))
    (ladder,) = book.ladders.values()
    desk.on_timer(ladder.ladder_id, "answer", ladder.step)
    assert ladder.due_at is not None
    assert (ladder.due_at - book.now).total_seconds() == 3
    assert book.events[-1].mode_version == 3
