"""A post that will stand empty is told once, a week before, and no more when it is covered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from services.notify.core.book import Book
from services.notify.core.desk import Desk
from services.notify.core.ladders import LadderState
from services.notify.core.roster_calls import subject_of
from shared.contracts.duty import DutyCoverage, Gap
from shared.contracts.fields import Level, Post
from shared.contracts.pages import Page, PageState, SubjectKind
from shared.contracts.units import tier_of
from tests.unit.notify.builders import T0, TOWN, a_book, a_desk, a_slot, full_roster
from tests.unit.notify.harness import Desk as Service
from tests.unit.notify.harness import a_service_on

DAY = timedelta(days=1)


def a_coverage(*begins: datetime, at: datetime = T0, post: Post = Post.B) -> DutyCoverage:
    return DutyCoverage(
        id=f"cov-{at:%Y%m%dT%H%M%S}",
        occurred_at=at,
        sent_at=at,
        origin_unit=TOWN,
        tier=tier_of(TOWN),
        unit=TOWN,
        post=post,
        begin=at,
        end=at + 30 * DAY,
        gaps=tuple(Gap(begin=moment, end=moment + DAY) for moment in begins),
        headline="朱沱镇 B岗 空班",
    )


def told(book: Book) -> list[Page]:
    return [event for event in book.events if event.version == 1]


@pytest.fixture
def book() -> Book:
    return a_book()


@pytest.fixture
def desk(book: Book) -> Desk:
    return a_desk(full_roster(), book)


def test_a_gap_within_a_week_is_told_once_to_the_commander(book: Book, desk: Desk) -> None:
    desk.on_coverage(a_coverage(T0 + DAY, T0 + 3 * DAY, T0 + 20 * DAY))
    (page,) = told(book)
    assert (page.unit, page.post, page.level) == (TOWN, Post.COMMANDER, Level.NOTICE)
    assert page.subject_kind is SubjectKind.ROSTER
    assert page.text.count("至") == 2, "the gaps of the coming week"
    desk.on_coverage(a_coverage(T0 + DAY, T0 + 4 * DAY, at=T0 + timedelta(hours=1)))
    assert told(book) == [page]


@pytest.mark.parametrize("empty", [Post.COMMANDER, Post.A])
def test_whoever_is_there_is_told(book: Book, empty: Post) -> None:
    roster = full_roster()
    roster.put(a_slot(TOWN, empty))
    a_desk(roster, book).on_coverage(a_coverage(T0 + DAY, post=empty))
    assert told(book)[0].post is (Post.A if empty is Post.COMMANDER else Post.COMMANDER)


def test_silence_calls_nobody_else(book: Book, desk: Desk) -> None:
    desk.on_coverage(a_coverage(T0 + DAY))
    (ladder,) = book.ladders.values()
    desk.on_timer(ladder.ladder_id, "answer", ladder.step)
    assert (ladder.state, len(told(book))) == (LadderState.CLOSED, 1)


def test_covered_it_needs_no_answer_and_opened_again_it_is_told_again(
    book: Book, desk: Desk
) -> None:
    desk.on_coverage(a_coverage(T0 + DAY))
    desk.on_coverage(a_coverage(at=T0 + timedelta(hours=1)))
    assert book.events[-1].state is PageState.WITHDRAWN
    desk.on_coverage(a_coverage(T0 + DAY, at=T0 + timedelta(hours=2)))
    assert len(told(book)) == 2


def test_an_older_word_changes_nothing(book: Book, desk: Desk) -> None:
    desk.on_coverage(a_coverage(at=T0 + timedelta(hours=2)))
    desk.on_coverage(a_coverage(T0 + DAY))
    assert told(book) == []


def test_a_far_gap_waits_for_its_time_and_a_long_one_is_told_each_week(
    book: Book, desk: Desk
) -> None:
    event = a_coverage(T0 + 9 * DAY, T0 + 18 * DAY)
    subject = subject_of(event)
    desk.on_coverage(event)
    assert told(book) == []
    for days in (2, 9, 16):
        due = book.gaps[subject].due_at(book.now)
        assert due == T0 + days * DAY
        book.now = due
        desk.tell_gaps(subject)
    assert len({page.page_id for page in told(book)}) == 3
    book.now = T0 + 20 * DAY
    assert book.gaps[subject].due_at(book.now) is None


def test_a_gap_that_has_passed_is_no_gap(book: Book, desk: Desk) -> None:
    desk.on_coverage(a_coverage(T0 + DAY))
    book.now = T0 + 3 * DAY
    desk.on_coverage(a_coverage(T0 + DAY, at=book.now))
    assert book.events[-1].state is PageState.WITHDRAWN


@pytest.fixture(name="service")
async def a_service(dsn: str) -> AsyncIterator[Service]:
    async with a_service_on(dsn) as service:
        yield service


@pytest.mark.e2e
async def test_the_time_to_tell_is_a_durable_timer(service: Service) -> None:

    service.staff(TOWN)
    now = await service.value("SELECT now()")
    assert await service.takes(a_coverage(now + 9 * DAY, at=now)) == []
    armed = "SELECT count(*) FROM notify.timer WHERE kind = 'gap' AND state = 'armed'"
    assert await service.value(armed) == 1
    async with service.database.transaction() as work:
        await work.connection.execute(
            "UPDATE notify.duty_gap SET body = replace(body, $1, $2)",
            f"{now + 9 * DAY:%Y-%m-%d}",
            f"{now + 6 * DAY:%Y-%m-%d}",
        )
    (page,) = await service.passes(3 * DAY.total_seconds())
    assert (page.post, page.subject_kind) == (Post.COMMANDER, SubjectKind.ROSTER)
    assert (
        await service.value("SELECT count(*) FROM notify.duty_gap WHERE told_at IS NOT NULL") == 1
    )
    assert await service.unguarded() == 0
    covered = await service.takes(a_coverage(at=now + timedelta(hours=1)))
    assert [page.state for page in covered] == [PageState.WITHDRAWN]
    assert await service.value(armed) == 0
