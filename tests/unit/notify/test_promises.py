"""An answer is a promise: kept, lapsed, prolonged, handed over; and a call that reaches nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from services.notify.core.book import Book
from services.notify.core.desk import Desk
from services.notify.core.ladders import Ladder, LadderState
from services.notify.core.profiles import LONGEST_PROMISE_S, MOST_LAPSES, PROFILES
from services.notify.core.roster import Roster
from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.commands import AssignmentState
from shared.contracts.fields import Level, Post, Status
from shared.contracts.pages import AnswerVerb, Channel, Page, PageState
from tests.unit.notify.builders import (
    BOTH,
    CITY,
    DISTRICT,
    T0,
    TOWN,
    VILLAGE,
    a_book,
    a_desk,
    a_slot,
    an_alert,
    an_answer,
    an_assignment,
    full_roster,
    name_of,
)

THREE = (Channel.CONSOLE, Channel.DINGTALK, Channel.SMS)


def fresh(book: Book, since: int = 0) -> list[Page]:
    return [event for event in book.events[since:] if event.version == 1]


def only(book: Book) -> Ladder:
    (ladder,) = book.ladders.values()
    return ladder


def time_over(book: Book, desk: Desk, kind: str) -> list[Page]:
    """The ladder's own timer fires; the new pages."""
    ladder, before = only(book), len(book.events)
    assert ladder.due_at is not None
    book.now = ladder.due_at
    desk.on_timer(ladder.ladder_id, kind, ladder.step)
    return fresh(book, before)


@pytest.fixture
def book() -> Book:
    return a_book()


@pytest.fixture
def desk(book: Book) -> Desk:
    return a_desk(full_roster(), book)


def test_a_promise_lasts_as_the_level_says_or_as_the_officer_says(book: Book) -> None:
    desk = a_desk(full_roster(), book, "standard")
    desk.on_assignment(an_assignment())
    (page,) = fresh(book)
    desk.on_answer(an_answer(page))
    usual = timedelta(seconds=PROFILES["standard"][Level.ORANGE].promise_s)
    assert only(book).due_at == T0 + usual
    later = T0 + timedelta(minutes=90)
    desk.on_answer(an_answer(page, arrive_by=later, id="ans-2"))
    assert only(book).due_at == later, "he names another time"
    desk.on_answer(an_answer(page, arrive_by=T0 + timedelta(days=9), id="ans-3"))
    assert only(book).due_at == T0 + timedelta(seconds=LONGEST_PROMISE_S)


def test_a_lapsed_promise_pages_again_marked_and_then_climbs(book: Book, desk: Desk) -> None:
    desk.on_assignment(an_assignment())
    (page,) = fresh(book)
    desk.on_answer(an_answer(page))
    (again,) = time_over(book, desk, "promise")
    assert (again.officer_id, again.round) == (page.officer_id, 2)
    assert again.headline.startswith("【承诺超时】")
    assert again.text.startswith("【承诺超时】")
    assert only(book).state is LadderState.OPEN
    (onward,) = time_over(book, desk, "answer")
    assert onward.post is Post.A


def test_a_drills_lapsed_promise_is_marked_as_a_drill_first(book: Book, desk: Desk) -> None:
    desk.on_assignment(an_assignment(status=Status.EXERCISE))
    desk.on_answer(an_answer(fresh(book)[0]))
    (again,) = time_over(book, desk, "promise")
    assert again.headline.startswith("【演练】【承诺超时】")


def test_settled_in_time_nobody_is_called_again(book: Book, desk: Desk) -> None:
    desk.on_assignment(an_assignment())
    desk.on_answer(an_answer(fresh(book)[0]))
    step = only(book).step
    desk.on_assignment(an_assignment(state=AssignmentState.SIGNED, version=2))
    assert (only(book).state, only(book).due_at) == (LadderState.CLOSED, None)
    before = len(book.events)
    desk.on_timer(only(book).ladder_id, "promise", step)
    assert book.events[before:] == []


def test_who_has_verified_the_alert_has_kept_his_promise(book: Book, desk: Desk) -> None:
    desk.on_alert(an_alert(place=DISTRICT))
    officer = name_of(DISTRICT, Post.B)
    desk.on_answer(an_answer(fresh(book)[0]))
    assert only(book).due_at is not None
    verified = AlertTransition.VERIFIED, AlertState.VERIFIED
    desk.on_alert(an_alert(2, *verified, place=DISTRICT, actor="somebody-else"))
    assert only(book).due_at is not None
    desk.on_alert(an_alert(3, *verified, place=DISTRICT, actor=officer))
    assert only(book).due_at is None


def test_to_have_heard_the_news_is_no_promise(book: Book, desk: Desk) -> None:
    issued = AlertTransition.ISSUED, AlertState.ISSUED
    desk.on_alert(an_alert(1, *issued, place=DISTRICT, level=Level.YELLOW))
    desk.on_answer(an_answer(fresh(book)[0]))
    assert (only(book).state, only(book).due_at) == (LadderState.ANSWERED, None)


def test_after_many_lapses_the_next_post_is_called_and_no_promise_counts(
    book: Book, desk: Desk
) -> None:
    desk.on_assignment(an_assignment())
    pages = fresh(book)
    for _ in range(MOST_LAPSES):
        desk.on_answer(an_answer(pages[-1]))
        pages = time_over(book, desk, "promise")
    assert pages[-1].post is Post.A
    desk.on_answer(an_answer(pages[-1]))
    assert (only(book).state, only(book).due_at) == (LadderState.ANSWERED, None)


def test_who_has_left_the_post_is_not_called_for_his_promise(book: Book) -> None:
    roster = full_roster()
    desk = a_desk(roster, book)
    desk.on_assignment(an_assignment())
    desk.on_answer(an_answer(fresh(book)[0]))
    roster.put(a_slot(VILLAGE, Post.B, "o-new"))
    (onward,) = time_over(book, desk, "promise")
    assert onward.post is Post.A


@pytest.mark.parametrize(
    "named",
    [{"hand_to": name_of(VILLAGE, Post.COMMANDER)}, {"hand_to_post": Post.COMMANDER}],
)
def test_who_hands_over_names_whom(book: Book, desk: Desk, named: dict[str, object]) -> None:
    desk.on_assignment(an_assignment())
    page = fresh(book)[0]
    desk.on_answer(an_answer(page, AnswerVerb.HAND_OVER, **named))
    called = fresh(book)[-1]
    assert called.officer_id == name_of(VILLAGE, Post.COMMANDER)
    assert called.text.startswith(f"由 （编号 {VILLAGE}） B岗 某某 转交")
    (onward,) = time_over(book, desk, "answer")
    assert onward.unit == TOWN, "silence leads on from there"


@pytest.mark.parametrize("hand_to", ["o-nobody", name_of(VILLAGE, Post.B)])
def test_handing_over_to_nobody_known_calls_the_next(book: Book, desk: Desk, hand_to: str) -> None:
    desk.on_assignment(an_assignment())
    desk.on_answer(an_answer(fresh(book)[0], AnswerVerb.HAND_OVER, hand_to=hand_to))
    assert fresh(book)[-1].post is Post.A


def test_two_officers_cannot_hand_to_each_other_for_ever(book: Book, desk: Desk) -> None:
    desk.on_assignment(an_assignment())
    pair = {name_of(VILLAGE, Post.B), name_of(VILLAGE, Post.A)}
    while (page := fresh(book)[-1]).officer_id in pair:
        assert len(fresh(book)) <= 8
        (other,) = pair - {page.officer_id}
        desk.on_answer(an_answer(page, AnswerVerb.HAND_OVER, hand_to=other))


@pytest.mark.parametrize(
    ("verb", "more"),
    [
        (AnswerVerb.CANNOT, {"arrive_by": T0}),
        (AnswerVerb.COMING, {"hand_to": "o-1"}),
        (AnswerVerb.READ, {"hand_to_post": Post.A}),
    ],
)
def test_terms_belong_to_their_verb(
    book: Book, desk: Desk, verb: AnswerVerb, more: dict[str, object]
) -> None:
    desk.on_assignment(an_assignment())
    with pytest.raises(ValidationError):
        an_answer(fresh(book)[0], verb, **more)


def test_each_channel_has_its_time_and_a_failure_hastens_the_next(book: Book) -> None:
    desk = a_desk(full_roster(channels=THREE), book, "standard")
    desk.on_assignment(an_assignment())
    waits = {
        line.page.channel: (line.send_at - T0).total_seconds()
        for line in book.pages.values()
        if line.send_at is not None
    }
    assert waits == {Channel.CONSOLE: 0, Channel.DINGTALK: 10, Channel.SMS: 30}
    lines = {line.page.channel: line for line in book.pages.values()}
    desk.on_failure(lines[Channel.DINGTALK], "status 401")
    assert lines[Channel.SMS].page.page_id in book.hastened
    assert only(book).step == 1, "a channel is left"


def test_when_every_channel_has_failed_the_next_post_is_called_at_once_and_told(
    book: Book,
) -> None:
    desk = a_desk(full_roster(channels=THREE), book)
    desk.on_assignment(an_assignment())
    lines = [line for line in book.pages.values() if line.page.channel is not Channel.CONSOLE]
    for line in lines:
        assert only(book).step == 1
        desk.on_failure(line, f"{line.page.channel} is down")
    first = next(page for page in fresh(book) if page.post is Post.A)
    assert only(book).step == 2
    assert "此前呼叫未果" in first.text
    assert f"（编号 {VILLAGE}） B岗 某某：控制台已发送，无应答" in first.text
    assert "钉钉发送失败" in first.text
    assert "短信发送失败" in first.text


def test_a_page_that_a_console_has_shown_is_waited_for(book: Book) -> None:
    desk = a_desk(full_roster(channels=BOTH), book)
    desk.on_assignment(an_assignment())
    console, webhook = fresh(book)
    desk.on_answer(an_answer(console, AnswerVerb.DELIVERED))
    desk.on_failure(book.pages[webhook.page_id], "status 410")
    assert only(book).step == 1


def test_the_last_resort_is_told_who_was_tried_and_where_nobody_was_on_duty(book: Book) -> None:
    roster = Roster([a_slot(VILLAGE, Post.B, "o-b"), a_slot(CITY, Post.COMMANDER, "o-c")])
    desk = a_desk(roster, book)
    desk.on_assignment(an_assignment())
    while only(book).state is LadderState.OPEN:
        time_over(book, desk, "answer")
    last = fresh(book)[-1]
    assert (last.officer_id, only(book).state) == ("o-c", LadderState.EXHAUSTED)
    assert f"（编号 {VILLAGE}） B岗 某某：控制台无应答" in last.text
    assert f"（编号 {TOWN}）：无人值班" in last.text
    assert f"（编号 {DISTRICT}）：无人值班" in last.text


def test_a_settled_page_is_withdrawn_and_takes_a_late_answer(book: Book, desk: Desk) -> None:
    desk.on_assignment(an_assignment())
    desk.on_assignment(an_assignment(state=AssignmentState.SIGNED, version=2))
    page = book.events[-1]
    assert page.state is PageState.WITHDRAWN
    desk.on_answer(an_answer(page))
    assert book.events[-1].state is PageState.ANSWERED
