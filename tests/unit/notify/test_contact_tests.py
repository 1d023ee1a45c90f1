"""Communication tests: when they are, what they send, what an answer or its absence teaches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.core import channel_plan
from services.notify.core.book import Book
from services.notify.core.contact_tests import (
    ContactTester,
    NotAbove,
    Place,
    UnknownOfficer,
    is_quiet,
)
from services.notify.core.ladders import LadderState
from services.notify.core.reaches import Reaches, taught
from services.notify.core.roster import Roster
from services.notify.core.states import PageStep
from shared.contracts.calls import ContactTestPlan
from shared.contracts.fields import Level, Post, ResponseMode, Status
from shared.contracts.pages import AnswerVerb, Channel, Page, PageState, SubjectKind
from shared.contracts.reachability import ContactTestRequest, Outcome
from shared.contracts.units import tier_of
from shared.domain.channel_health.score import Reach, reach_of
from shared.domain.response_modes.effective import Modes
from tests.unit.notify.builders import (
    CITY,
    DISTRICT,
    T0,
    TOWN,
    VILLAGE,
    a_book,
    a_desk,
    a_mode,
    a_slot,
    an_alert,
    an_answer,
    full_roster,
    name_of,
)

WAYS = (Channel.CONSOLE, Channel.SMS, Channel.EMAIL)
PLACE = Place("weekly", TOWN, Post.B)
SHANGHAI = ZoneInfo("Asia/Shanghai")
MIDDAY = datetime(2026, 7, 1, 4, 0, tzinfo=UTC)


def a_test_plan(**change: object) -> ContactTestPlan:
    fields: dict[str, object] = {
        "id": "ctp-1",
        "occurred_at": T0,
        "sent_at": T0,
        "origin_unit": CITY,
        "tier": "city",
        "test_id": "weekly",
        "version": 1,
        "posts": (Post.B, Post.A),
        "every_days": 7,
        "source": "test",
    }
    return ContactTestPlan.model_validate({**fields, **change}, strict=False)


def a_request(
    unit: str = TOWN, by: str = TOWN, of: str | None = None, number: int = 1
) -> ContactTestRequest:
    return ContactTestRequest(
        id=f"ctr-{number}",
        occurred_at=T0,
        sent_at=T0,
        origin_unit=by,
        tier=tier_of(by),
        unit=unit,
        of=of,
        officer_id="o-9",
        post=Post.A,
    )


def a_tester(book: Book, modes: Modes | None = None, roster: Roster | None = None) -> ContactTester:
    return ContactTester(
        full_roster(channels=WAYS) if roster is None else roster, modes or Modes(), book
    )


def first(book: Book) -> list[Page]:
    return [page for page in book.events if page.version == 1]


def outcomes(book: Book) -> list[tuple[Channel, Outcome]]:
    return [(one.channel, one.outcome) for one in book.evidence]


def test_each_channel_is_tested_at_once_and_by_itself() -> None:
    book = a_book()
    a_tester(book).asked(a_request(of=name_of(TOWN, Post.B)))
    pages = first(book)
    assert [page.channel for page in pages] == list(WAYS)
    assert len(book.ladders) == 3
    assert {line.send_at for line in book.new_pages.values()} == {T0}, (
        "no channel waits for another"
    )
    for page in pages:
        assert (page.status, page.level) == (Status.TEST, Level.NOTICE)
        assert page.subject_kind is SubjectKind.CONTACT_TEST
        assert page.headline.startswith("【测试】通信测试：")
        assert "[TEST] Communication test: " in page.headline
        assert "没有险情" in page.text
        assert "no alert" in page.text


def test_an_answer_on_one_channel_says_nothing_of_the_others() -> None:
    book = a_book()
    roster = full_roster(channels=WAYS)
    a_tester(book, roster=roster).asked(a_request(of=name_of(TOWN, Post.B)))
    desk = a_desk(roster, book)
    by_channel = {page.channel: page for page in first(book)}
    desk.on_answer(an_answer(by_channel[Channel.EMAIL], AnswerVerb.DELIVERED))
    desk.on_answer(an_answer(by_channel[Channel.SMS]))
    assert outcomes(book) == [(Channel.SMS, Outcome.ANSWERED)]
    for ladder in list(book.ladders.values()):
        desk.on_timer(ladder.ladder_id, "answer", ladder.step)
    assert sorted(outcomes(book)) == [
        (Channel.CONSOLE, Outcome.SILENT),
        (Channel.EMAIL, Outcome.DELIVERED),
        (Channel.SMS, Outcome.ANSWERED),
    ]
    assert {one.test for one in book.evidence} == {True}
    assert {ladder.state for ladder in book.ladders.values()} == {LadderState.CLOSED}
    assert len(first(book)) == 3, "nobody is called again and nobody instead"
    assert book.ran_out == []


@pytest.mark.parametrize("verb", [AnswerVerb.CANNOT, AnswerVerb.HAND_OVER])
def test_any_answer_is_an_answer_and_hands_nothing_over(verb: AnswerVerb) -> None:
    book = a_book()
    roster = full_roster(channels=WAYS)
    a_tester(book, roster=roster).asked(a_request(of=name_of(TOWN, Post.B)))
    page = first(book)[1]
    named = {"hand_to_post": Post.A} if verb is AnswerVerb.HAND_OVER else {}
    a_desk(roster, book).on_answer(an_answer(page, verb, **named))
    assert outcomes(book) == [(Channel.SMS, Outcome.ANSWERED)]
    assert len(first(book)) == 3


def test_a_failed_channel_ends_its_test_and_calls_nobody_else() -> None:
    book = a_book()
    roster = full_roster(channels=(Channel.SMS,))
    a_tester(book, roster=roster).asked(a_request(of=name_of(TOWN, Post.B)))
    line = next(
        page_line for page_line in book.pages.values() if page_line.page.channel is Channel.SMS
    )
    a_desk(roster, book).on_failure(line, "no such number")
    assert outcomes(book) == [(Channel.SMS, Outcome.FAILED)]
    assert book.ladders[line.ladder_id].state is LadderState.CLOSED
    assert len(first(book)) == 2


def test_a_late_answer_still_counts() -> None:
    book = a_book()
    roster = full_roster(channels=(Channel.SMS,))
    a_tester(book, roster=roster).asked(a_request(of=name_of(TOWN, Post.B)))
    desk = a_desk(roster, book)
    line = next(
        page_line for page_line in book.pages.values() if page_line.page.channel is Channel.SMS
    )
    book.advance(line, PageStep.SENT)
    desk.on_timer(line.ladder_id, "answer", 1)
    desk.on_answer(an_answer(line.page))
    assert outcomes(book)[-2:] == [(Channel.SMS, Outcome.SILENT), (Channel.SMS, Outcome.ANSWERED)]


def test_who_may_test_whom() -> None:
    with pytest.raises(NotAbove):
        a_tester(a_book()).asked(a_request(TOWN, by=VILLAGE))
    with pytest.raises(UnknownOfficer):
        a_tester(a_book()).asked(a_request(of="o-nobody"))
    book = a_book()
    a_tester(book).asked(a_request(TOWN, by=DISTRICT))
    assert {page.officer_id for page in first(book)} == {name_of(TOWN, post) for post in Post}


def test_nobody_is_tested_at_night_in_an_emergency_or_on_an_empty_post() -> None:
    plan = a_test_plan()
    book = a_book(MIDDAY)
    a_tester(book).due(plan, PLACE, MIDDAY)
    assert len(first(book)) == 3
    night = a_book(MIDDAY + timedelta(hours=12))
    assert is_quiet(plan, night.now)
    a_tester(night).due(plan, PLACE, MIDDAY)
    assert first(night) == []
    for mode in (ResponseMode.STANDBY, ResponseMode.EMERGENCY):
        modes = Modes()
        modes.put(a_mode(mode=mode))
        busy = a_book(MIDDAY)
        a_tester(busy, modes).due(plan, PLACE, MIDDAY)
        assert first(busy) == []
    empty = a_book(MIDDAY)
    a_tester(empty, roster=Roster([a_slot(TOWN, Post.B)])).due(plan, PLACE, MIDDAY)
    assert first(empty) == []


def test_a_plan_may_name_channels() -> None:
    book = a_book(MIDDAY)
    a_tester(book).due(a_test_plan(channels=(Channel.SMS,)), PLACE, MIDDAY)
    assert [page.channel for page in first(book)] == [Channel.SMS]


def test_real_pages_teach_and_those_of_a_drill_do_not() -> None:
    for status, count in ((Status.ACTUAL, 4), (Status.EXERCISE, 0), (Status.TEST, 0)):
        book = a_book()
        desk = a_desk(full_roster(channels=(Channel.SMS,)), book)
        desk.on_alert(an_alert(status=status))
        for line in list(book.pages.values()):
            if line.page.channel is Channel.SMS:
                book.advance(line, PageStep.SENT)
        for ladder in list(book.ladders.values()):
            desk.on_timer(ladder.ladder_id, "answer", ladder.step)
        assert len(book.evidence) == count, status


def test_an_answer_elsewhere_is_no_evidence_of_silence() -> None:
    book = a_book()
    desk = a_desk(full_roster(channels=(Channel.SMS,)), book)
    desk.on_alert(an_alert())
    sms = next(
        page_line for page_line in book.pages.values() if page_line.page.channel is Channel.SMS
    )
    book.advance(sms, PageStep.SENT)
    console = next(
        page_line.page
        for page_line in book.pages.values()
        if page_line.page.channel is Channel.CONSOLE
        and page_line.page.officer_id == sms.page.officer_id
    )
    desk.on_answer(an_answer(console))
    assert outcomes(book) == [(Channel.CONSOLE, Outcome.ANSWERED)]
    assert sms.page.state is PageState.ANSWERED


def known(*dead: Channel) -> Reaches:
    """What is known when these channels of the town's B post have failed thrice."""
    result = None
    for _ in range(3):
        book = a_book()
        a_tester(book, roster=full_roster(channels=WAYS)).asked(a_request(of=name_of(TOWN, Post.B)))
        for line in list(book.pages.values()):
            if line.page.channel in dead:
                missed = (
                    PageStep.TIMED_OUT if line.page.state is PageState.SENT else PageStep.FAILED
                )
                book.advance(line, missed)
        result = taught(result, book.evidence, T0)
    assert result is not None
    reaches = Reaches()
    reaches.put(result)
    return reaches


def test_a_dead_channel_is_tried_but_not_waited_for() -> None:
    def send(*dead: Channel) -> dict[Channel, float]:
        book = Book(frozenset(Channel), T0, known(*dead) if dead else Reaches())
        a_desk(full_roster(channels=WAYS), book, "standard").on_alert(an_alert(place=TOWN))
        return {
            line.page.channel: ((line.send_at or T0) - T0).total_seconds()
            for line in book.new_pages.values()
            if line.page.unit == TOWN
        }

    usual = send()
    assert usual[Channel.CONSOLE] == 0 < usual[Channel.EMAIL] < usual[Channel.SMS]
    without_console = send(Channel.CONSOLE)
    assert without_console[Channel.EMAIL] == 0
    assert without_console[Channel.SMS] == usual[Channel.SMS] - usual[Channel.EMAIL]
    assert set(send(*WAYS)) == set(WAYS), "what is known may be wrong: all are tried"
    assert set(send(*WAYS).values()) == {0.0}


@given(
    st.lists(st.sampled_from(list(Channel)), min_size=1, unique=True),
    st.sets(st.sampled_from(list(Channel))),
    st.sampled_from(list(Level)),
)
def test_no_channel_is_left_out_or_made_later(
    channels: list[Channel], dead: set[Channel], level: Level
) -> None:
    usual = channel_plan.waits(channels, channel_plan.built_in(level), 600)
    result = channel_plan.waits(channels, channel_plan.built_in(level), 600, dead)
    assert set(result) == set(channels)
    assert all(result[channel] <= usual[channel] for channel in channels)
    assert any(
        wait == 0
        for channel, wait in result.items()
        if channel not in dead or dead >= set(channels)
    )


def test_three_misses_are_what_dead_means() -> None:
    assert known(Channel.SMS).dead(name_of(TOWN, Post.B), T0) == {Channel.SMS}
    assert known(Channel.SMS).dead(name_of(TOWN, Post.A), T0) == frozenset()
    assert reach_of(None, T0) is Reach.UNKNOWN
