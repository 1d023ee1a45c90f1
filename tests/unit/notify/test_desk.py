"""The desk, case by case: who is called about what, and what stops the calling."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.notify.core.answers import Refusal
from services.notify.core.book import Book
from services.notify.core.calling import Refused
from services.notify.core.desk import Desk
from services.notify.core.ladders import Ladder, LadderState
from services.notify.core.roster import Roster
from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.commands import AssignmentState, SupervisionKind
from shared.contracts.fields import Level, Post, Status
from shared.contracts.pages import AnswerVerb, Channel, Page, PageState
from tests.unit.notify.builders import (
    BOTH,
    CITY,
    DISTRICT,
    GRID,
    T0,
    TOWN,
    VILLAGE,
    a_book,
    a_desk,
    a_slot,
    a_supervision,
    an_alert,
    an_answer,
    an_assignment,
    full_roster,
    name_of,
)

OPENED, UPDATED = AlertTransition.OPENED, AlertTransition.UPDATED


def called(book: Book, since: int = 0) -> list[tuple[str, Post]]:
    """(unit, post) of the first versions of pages, in order."""
    return [(event.unit, event.post) for event in book.events[since:] if event.version == 1]


def only_ladder(book: Book) -> Ladder:
    (ladder,) = book.ladders.values()
    return ladder


def newest(book: Book) -> Page:
    return [event for event in book.events if event.version == 1][-1]


@pytest.fixture
def book() -> Book:
    return a_book()


@pytest.fixture
def desk(book: Book) -> Desk:
    return a_desk(full_roster(), book)


def test_an_opened_alert_calls_the_town_and_the_approver(book: Book, desk: Desk) -> None:
    desk.on_alert(an_alert())
    assert called(book) == [(TOWN, Post.B), (DISTRICT, Post.B)]
    first = book.events[0]
    assert (first.state, first.level) == (PageState.SENT, Level.YELLOW)
    assert first.references == (an_alert().id,)
    assert first.answer_by == T0 + timedelta(seconds=6)


def test_one_person_for_place_and_approver_is_called_once(book: Book, desk: Desk) -> None:
    desk.on_alert(an_alert(place=DISTRICT))
    assert called(book) == [(DISTRICT, Post.B)]


def test_more_evidence_for_the_same_proposal_calls_nobody(book: Book, desk: Desk) -> None:
    desk.on_alert(an_alert())
    before = len(book.events)
    desk.on_alert(an_alert(2, UPDATED))
    desk.on_alert(an_alert(3, AlertTransition.VERIFIED, AlertState.VERIFIED, actor="o-1"))
    assert book.events[before:] == []


def test_a_new_proposal_goes_on_where_the_calling_is(book: Book, desk: Desk) -> None:
    desk.on_alert(an_alert())
    for ladder in list(book.ladders.values()):
        desk.on_timer(ladder.ladder_id, "answer", ladder.step)
    book.now = T0 + timedelta(seconds=2)
    before = len(book.events)
    desk.on_alert(an_alert(2, UPDATED, proposed=Level.ORANGE, approver=CITY))
    assert called(book, before) == [(TOWN, Post.A), (CITY, Post.B)]
    living = [ladder for ladder in book.ladders.values() if ladder.state is LadderState.OPEN]
    town = next(ladder for ladder in living if ladder.start_unit == TOWN)
    assert (town.rung, town.due_at) == (1, T0 + timedelta(seconds=6)), "the clock runs on"
    assert town.level is Level.ORANGE


def test_issuing_stops_the_calling_and_tells_the_place_but_not_the_signer(
    book: Book, desk: Desk
) -> None:
    desk.on_alert(an_alert())
    before = len(book.events)
    desk.on_alert(
        an_alert(
            2,
            AlertTransition.ISSUED,
            AlertState.ISSUED,
            level=Level.YELLOW,
            actor=name_of(DISTRICT, Post.B),
        )
    )
    assert called(book, before) == [(TOWN, Post.B)]
    withdrawn = [event for event in book.events[before:] if event.version == 2]
    assert {page.state for page in withdrawn} == {PageState.WITHDRAWN}
    assert all(page.text.startswith("无需答复") for page in withdrawn)


@pytest.mark.parametrize(
    ("transition", "state"),
    [
        (AlertTransition.DISMISSED, AlertState.DISMISSED),
        (AlertTransition.REJECTED, AlertState.REJECTED),
    ],
)
def test_a_moot_proposal_stops_the_calling(
    book: Book, desk: Desk, transition: AlertTransition, state: AlertState
) -> None:
    desk.on_alert(an_alert())
    desk.on_alert(an_alert(2, transition, state))
    assert {ladder.state for ladder in book.ladders.values()} == {LadderState.CLOSED}
    assert len(called(book)) == 2


def test_a_dropped_proposal_of_an_issued_alert_stops_the_calling(book: Book, desk: Desk) -> None:
    issued = AlertTransition.ISSUED, AlertState.ISSUED
    desk.on_alert(an_alert(1, *issued, level=Level.YELLOW))
    desk.on_alert(
        an_alert(2, UPDATED, AlertState.ISSUED, level=Level.YELLOW, proposed=Level.ORANGE)
    )
    deciding = [ladder for ladder in book.ladders.values() if ladder.state is LadderState.OPEN]
    assert deciding
    desk.on_alert(an_alert(3, AlertTransition.REJECTED, AlertState.ISSUED, level=Level.YELLOW))
    assert all(ladder.state is LadderState.CLOSED for ladder in deciding)


def test_an_old_version_is_dropped(book: Book, desk: Desk) -> None:
    desk.on_alert(an_alert(3))
    before = len(book.events)
    desk.on_alert(an_alert(2, proposed=Level.RED))
    assert book.events[before:] == []


def test_a_delivered_assignment_calls_its_unit(book: Book, desk: Desk) -> None:
    desk.on_assignment(an_assignment())
    assert called(book) == [(VILLAGE, Post.B)]
    page = newest(book)
    assert page.assignment_id == an_assignment().assignment_id
    assert page.alert_id == "alt-1"


def test_a_department_is_called_itself_and_without_officers_its_own_unit(book: Book) -> None:
    water = f"{DISTRICT}/water"
    staffed = Roster([a_slot(water, Post.B, "o-water-b"), a_slot(DISTRICT, Post.B, "o-district-b")])
    a_desk(staffed, book).on_assignment(an_assignment(water))
    assert called(book) == [(water, Post.B)]
    other_book = a_book()
    a_desk(full_roster(), other_book).on_assignment(an_assignment(water))
    assert called(other_book) == [(DISTRICT, Post.B)]


@pytest.mark.parametrize("unit", [GRID, f"{GRID}/02"])
def test_grids_are_not_called(book: Book, desk: Desk, unit: str) -> None:
    desk.on_assignment(an_assignment(unit))
    assert book.events == []


def test_the_same_delivery_told_again_calls_nobody_again(book: Book, desk: Desk) -> None:
    desk.on_assignment(an_assignment())
    desk.on_assignment(an_assignment(version=2))
    assert len(called(book)) == 1


def test_a_second_attempt_is_called_again(book: Book, desk: Desk) -> None:
    desk.on_assignment(an_assignment())
    desk.on_assignment(an_assignment(state=AssignmentState.RETURNED, version=2))
    desk.on_assignment(an_assignment(version=3, attempt=2))
    assert called(book) == [(VILLAGE, Post.B), (VILLAGE, Post.B)]
    assert len({event.page_id for event in book.events}) == 2


@pytest.mark.parametrize("state", [s for s in AssignmentState if s not in {"queued", "delivered"}])
def test_whatever_follows_the_signature_stops_the_calling(
    book: Book, desk: Desk, state: AssignmentState
) -> None:
    desk.on_assignment(an_assignment())
    desk.on_assignment(an_assignment(state=state, version=2))
    assert only_ladder(book).state is LadderState.CLOSED
    assert only_ladder(book).due_at is None


def test_a_suspension_silences_everything_and_resuming_calls_nobody_a_second_time(
    book: Book, desk: Desk
) -> None:
    desk.on_assignment(an_assignment())
    desk.on_assignment(an_assignment(state=AssignmentState.SUSPENDED, version=2))
    desk.on_supervision(a_supervision())
    desk.on_supervision(a_supervision(clock="finish"))
    assert len(called(book)) == 1
    desk.on_assignment(an_assignment(version=3))
    assert len(called(book)) == 1
    # the command's own clock has gone on: from now on it is called about again
    desk.on_supervision(a_supervision())
    assert len(called(book)) == 2


def test_supervision_calls_the_target_and_replaces_the_rung_below(book: Book, desk: Desk) -> None:
    desk.on_supervision(a_supervision())
    desk.on_supervision(a_supervision(target=TOWN, kind=SupervisionKind.ESCALATED, rung=3))
    assert called(book) == [(VILLAGE, Post.B), (TOWN, Post.B)]
    assert newest(book).rung == 3
    states = [ladder.state for ladder in book.ladders.values()]
    assert states == [LadderState.CLOSED, LadderState.OPEN]


@pytest.mark.parametrize("kind", [SupervisionKind.DUE_SOON, SupervisionKind.OVERDUE])
def test_a_fact_told_by_supervision_calls_nobody(
    book: Book, desk: Desk, kind: SupervisionKind
) -> None:
    desk.on_supervision(a_supervision(kind=kind))
    assert book.events == []


def test_supervision_that_comes_after_the_signature_calls_nobody(book: Book, desk: Desk) -> None:
    desk.on_assignment(an_assignment(state=AssignmentState.SIGNED, version=2))
    desk.on_supervision(a_supervision())
    assert book.events == []
    desk.on_supervision(a_supervision(clock="finish"))
    assert called(book) == [(VILLAGE, Post.B)]


def test_supervision_of_an_empty_post_calls_the_next_filled_one(book: Book) -> None:
    roster = full_roster()
    roster.put(a_slot(VILLAGE, Post.A))
    a_desk(roster, book).on_supervision(a_supervision(post=Post.A))
    assert called(book) == [(VILLAGE, Post.COMMANDER)]


def test_silence_under_supervision_is_left_to_the_command_service(book: Book, desk: Desk) -> None:
    desk.on_supervision(a_supervision())
    desk.on_timer(only_ladder(book).ladder_id, "answer", 1)
    assert only_ladder(book).state is LadderState.CLOSED
    assert book.events[-1].state is PageState.NO_ANSWER
    assert len(called(book)) == 1


def test_coming_stops_the_ladder_and_the_other_channel(book: Book) -> None:
    desk = a_desk(full_roster(channels=BOTH), book)
    desk.on_assignment(an_assignment())
    console, webhook = book.events
    assert (console.state, webhook.state) == (PageState.SENT, PageState.QUEUED)
    desk.on_answer(an_answer(console))
    assert {line.page.state for line in book.pages.values()} == {PageState.ANSWERED}
    assert only_ladder(book).state is LadderState.ANSWERED
    assert only_ladder(book).answered_by == console.officer_id
    before = len(book.events)
    desk.on_timer(only_ladder(book).ladder_id, "answer", 1)
    assert book.events[before:] == []


@pytest.mark.parametrize("verb", [AnswerVerb.CANNOT, AnswerVerb.HAND_OVER])
def test_who_cannot_come_is_replaced_at_once(book: Book, desk: Desk, verb: AnswerVerb) -> None:
    desk.on_assignment(an_assignment())
    desk.on_answer(an_answer(newest(book), verb))
    assert called(book) == [(VILLAGE, Post.B), (VILLAGE, Post.A)]
    assert only_ladder(book).state is LadderState.OPEN
    assert only_ladder(book).step == 2


def test_who_said_he_comes_and_then_cannot_opens_the_ladder_again(book: Book, desk: Desk) -> None:
    desk.on_assignment(an_assignment())
    page = newest(book)
    desk.on_answer(an_answer(page))
    desk.on_answer(an_answer(page, AnswerVerb.CANNOT))
    assert only_ladder(book).state is LadderState.OPEN
    assert called(book)[-1] == (VILLAGE, Post.A)


def test_a_late_answer_of_an_earlier_rung_counts(book: Book, desk: Desk) -> None:
    desk.on_assignment(an_assignment())
    late = newest(book)
    desk.on_timer(only_ladder(book).ladder_id, "answer", 1)
    assert book.pages[late.page_id].page.state is PageState.NO_ANSWER
    desk.on_answer(an_answer(late))
    assert book.pages[late.page_id].page.state is PageState.ANSWERED
    assert only_ladder(book).state is LadderState.ANSWERED
    assert newest(book).officer_id == name_of(VILLAGE, Post.A)
    assert book.pages[newest(book).page_id].page.state is PageState.WITHDRAWN


def test_receipts_move_the_page_and_not_the_ladder(book: Book, desk: Desk) -> None:
    desk.on_assignment(an_assignment())
    page = newest(book)
    desk.on_answer(an_answer(page, AnswerVerb.DELIVERED))
    desk.on_answer(an_answer(page, AnswerVerb.READ))
    assert [event.state for event in book.events] == [
        PageState.SENT,
        PageState.DELIVERED,
        PageState.READ,
    ]
    assert only_ladder(book).state is LadderState.OPEN
    desk.on_answer(an_answer(page, AnswerVerb.DELIVERED))
    assert book.events[-1].state is PageState.READ, "a fact never goes backwards"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"page_id": "pag-unknown"}, Refusal.UNKNOWN_PAGE),
        ({"officer_id": "somebody"}, Refusal.NOT_THE_OFFICER),
        ({"status": Status.EXERCISE}, Refusal.OTHER_STATUS),
    ],
)
def test_an_answer_that_does_not_count_changes_nothing(
    book: Book, desk: Desk, change: dict[str, object], reason: Refusal
) -> None:
    desk.on_assignment(an_assignment())
    before = len(book.events)
    with pytest.raises(Refused) as refused:
        desk.on_answer(an_answer(newest(book), AnswerVerb.COMING, **change))
    assert refused.value.reason is reason
    assert book.events[before:] == []


def test_the_top_is_called_three_times_then_the_citys_commander(book: Book, desk: Desk) -> None:
    desk.on_assignment(an_assignment())
    ladder = only_ladder(book)
    while ladder.state is LadderState.OPEN:
        assert ladder.due_at is not None
        book.now = ladder.due_at
        desk.on_timer(ladder.ladder_id, "answer", ladder.step)
    assert only_ladder(book).state is LadderState.EXHAUSTED
    assert called(book)[-4:] == [(CITY, Post.B)] * 3 + [(CITY, Post.COMMANDER)]
    rounds = [(event.rung, event.round) for event in book.events if event.version == 1][-4:]
    assert rounds == [(5, 1), (5, 2), (5, 3), (6, 1)]
    desk.on_timer(ladder.ladder_id, "last", ladder.step)
    assert {line.page.state for line in book.pages.values()} == {PageState.NO_ANSWER}
    assert ladder.due_at is None
    desk.on_answer(an_answer(newest(book)))
    assert only_ladder(book).state is LadderState.ANSWERED, "even then an answer counts"


def test_without_any_roster_the_ladder_is_exhausted_at_once(book: Book) -> None:
    a_desk(full_roster(()), book).on_assignment(an_assignment())
    assert only_ladder(book).state is LadderState.EXHAUSTED
    assert book.events == []


def test_a_drill_is_marked_and_stays_a_drill(book: Book, desk: Desk) -> None:
    desk.on_alert(an_alert(status=Status.EXERCISE))
    assert {event.status for event in book.events} == {Status.EXERCISE}
    assert all(event.headline.startswith("【演练】") for event in book.events)


def test_a_channel_that_is_off_is_left_out() -> None:
    book = a_book()
    book.channels = frozenset({Channel.CONSOLE})
    a_desk(full_roster(channels=BOTH), book).on_assignment(an_assignment())
    assert [event.channel for event in book.events] == [Channel.CONSOLE]
