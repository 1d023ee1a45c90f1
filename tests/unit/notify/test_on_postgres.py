"""Handlers and timers on a real Postgres."""

from __future__ import annotations

import time

import pytest

from services.notify.store import escalations
from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.assignments import AssignmentState
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import DataGrade, Level, Post, Status
from shared.contracts.pages import AnswerVerb, PageState
from shared.runtime.errors import Reject
from tests.unit.notify.builders import (
    CITY,
    CONSOLE_AND_WEBHOOK,
    DISTRICT,
    TOWN,
    VILLAGE,
    a_mode,
    a_proposal,
    a_supervision,
    an_alert,
    an_answer,
    an_assignment,
)
from tests.unit.notify.harness import NotifyHarness

pytestmark = pytest.mark.e2e


async def test_an_escalation_is_stored_from_call_to_answer(notify: NotifyHarness) -> None:
    notify.fill_posts(VILLAGE, TOWN, DISTRICT, CITY)
    (first,) = await notify.deliver(an_assignment())
    assert (first.unit, first.post, first.state) == (VILLAGE, Post.B, PageState.SENT)
    assert await notify.pass_time(1) == [], "not early"
    missed, second = await notify.pass_time(5)
    assert (missed.page_id, missed.state) == (first.page_id, PageState.NO_ANSWER)
    assert (second.post, second.rung) == (Post.A, 1)
    assert await notify.escalations_without_timer() == 0
    (answered,) = await notify.deliver(an_answer(second))
    assert (answered.page_id, answered.state) == (second.page_id, PageState.ANSWERED)
    assert await notify.pass_time(60) == []
    row = (await notify.rows("SELECT state, answered_by, due_at FROM notify.escalation"))[0]
    assert tuple(row)[:2] == ("answered", second.officer_id)
    assert row["due_at"] is not None, "an answer is a promise"
    (repeat, *_) = [page for page in await notify.pass_time(540) if page.version == 1]
    assert (repeat.post, repeat.headline[:6]) == (Post.A, "【承诺超时】")
    assert await notify.escalations_without_timer() == 0


async def test_one_transaction_may_call_and_settle(notify: NotifyHarness) -> None:
    notify.fill_posts(VILLAGE, TOWN, DISTRICT, CITY, channels=CONSOLE_AND_WEBHOOK)
    pages = await notify.deliver(
        an_assignment(), an_assignment(state=AssignmentState.SIGNED, version=2)
    )
    assert [page.state for page in pages] == ["sent", "queued", "withdrawn", "withdrawn"]
    assert await notify.value("SELECT count(*) FROM notify.delivery") == 0
    assert await notify.pass_time(60) == []
    assert await notify.deliver(a_supervision()) == []


async def test_an_alert_changes_its_approver_over_several_transactions(
    notify: NotifyHarness,
) -> None:
    notify.fill_posts(TOWN, DISTRICT, CITY)
    assert len(await notify.deliver(an_alert())) == 2
    await notify.pass_time(6)
    raised = await notify.deliver(
        an_alert(2, AlertTransition.UPDATED, proposed=Level.RED, approver=CITY)
    )
    new = [page for page in raised if page.version == 1]
    assert {(page.unit, page.post) for page in new} == {(TOWN, Post.A), (CITY, Post.B)}
    assert await notify.escalations_without_timer() == 0
    await notify.deliver(an_alert(3, AlertTransition.DISMISSED, AlertState.DISMISSED))
    assert await notify.value("SELECT count(*) FROM notify.escalation WHERE state <> 'closed'") == 0
    assert await notify.value("SELECT count(*) FROM notify.timer WHERE state = 'armed'") == 0


async def test_calls_after_an_alert_was_graded_have_none_of_its_words(
    notify: NotifyHarness,
) -> None:
    notify.fill_posts(TOWN, DISTRICT)
    pages = await notify.deliver(an_alert())
    words = pages[0].headline
    graded = an_alert(2, AlertTransition.UPDATED).model_copy(update={"data_grade": DataGrade.CORE})
    await notify.deliver(graded)
    later = [page for page in await notify.pass_time(6) if page.version == 1]
    assert later
    assert {page.data_grade for page in later} == {DataGrade.CORE}
    assert not [page for page in later if words in page.headline + page.text]
    assert (
        await notify.value("SELECT count(*) FROM notify.escalation WHERE data_grade = 'core'") == 2
    )


async def test_an_exhausted_escalation_stays_until_an_answer(notify: NotifyHarness) -> None:
    notify.fill_posts(CITY)
    pages = await notify.deliver(an_assignment())
    while more := await notify.pass_time(6):
        pages += more
        assert await notify.escalations_without_timer() == 0
    assert await notify.value("SELECT state FROM notify.escalation") == "exhausted"
    async with notify.database.transaction() as transaction:
        assert await escalations.count_live(transaction) == {("exhausted", "Actual"): 1}
    newest = {page.page_id: page for page in pages}
    assert {page.state for page in newest.values()} == {PageState.NO_ANSWER}
    calls = [(page.unit, page.post) for page in pages if page.version == 1]
    assert calls == [(CITY, Post.B)] * 3 + [(CITY, Post.COMMANDER)]
    await notify.deliver(an_answer(list(newest.values())[-1]))
    assert await notify.value("SELECT state FROM notify.escalation") == "answered"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"page_id": "pag-unknown"}, Reason.UNKNOWN_SUBJECT),
        ({"officer_id": "somebody"}, Reason.NOT_ALLOWED),
        ({"status": Status.EXERCISE}, Reason.NOT_ALLOWED),
    ],
)
async def test_a_refused_answer_is_rejected(
    notify: NotifyHarness, change: dict[str, object], reason: Reason
) -> None:
    notify.fill_posts(VILLAGE)
    (page,) = await notify.deliver(an_assignment())
    with pytest.raises(Reject) as refused:
        await notify.deliver(an_answer(page, AnswerVerb.COMING, **change))
    assert refused.value.reason is reason
    assert await notify.value("SELECT state FROM notify.escalation") == "open"


async def test_nine_hundred_assignments_are_a_handful_of_statements(notify: NotifyHarness) -> None:
    villages = [f"5001181{town:02d}{n:03d}" for town in range(10, 40) for n in range(201, 231)]
    notify.fill_posts(*villages)
    started = time.monotonic()
    pages = await notify.deliver(*(an_assignment(unit) for unit in villages))
    took = time.monotonic() - started
    assert len(pages) == len(villages) == 900
    assert took < 5, f"{took:.2f} s"
    assert await notify.escalations_without_timer() == 0
    started = time.monotonic()
    while await notify.value("SELECT count(*) FROM notify.timer WHERE state = 'armed'"):
        await notify.deliver(*(an_assignment(unit, AssignmentState.SIGNED, 2) for unit in villages))
    assert time.monotonic() - started < 5


async def test_equal_ids_on_two_topics_open_two_escalations(notify: NotifyHarness) -> None:
    """The id of a record is unique on its topic only: senders choose it."""
    notify.fill_posts(DISTRICT)
    mode = a_mode().model_copy(update={"id": "evt-1"})
    proposal = a_proposal().model_copy(update={"id": "evt-1"})
    await notify.deliver(mode)
    await notify.deliver(proposal)
    count = "SELECT count(*) FROM notify.escalation WHERE cause_id = 'evt-1' AND start_unit = $1"
    assert await notify.value(count, DISTRICT) == 2
