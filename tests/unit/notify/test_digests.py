"""Digests on a real Postgres: collected, sent once, answered and passed on without a loss."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.notify.core.digests.budgets import BUDGETS
from services.notify.store import digests
from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import DataGrade, Language, Level, Post, Status
from shared.contracts.pages import AnswerVerb, Channel, Page, PageState, SubjectKind
from shared.domain.bilingual import in_language
from shared.domain.page_texts.graded import GRADED_ALERT
from tests.support.carrier import running_receiver
from tests.unit.notify.builders import (
    CITY,
    CONSOLE_AND_WEBHOOK,
    DISTRICT,
    TOWN,
    VILLAGE,
    a_supervision,
    an_alert,
    an_answer,
    an_assignment,
    name_of,
)
from tests.unit.notify.harness import NotifyHarness

pytestmark = pytest.mark.e2e

ALONE = BUDGETS["demo"].levels[Level.ORANGE].calls
HOLD_S = 1


def assigned(count: int, unit: str = VILLAGE, **change: Any) -> list[Any]:
    return [an_assignment(unit, command=f"cmd-{n}", **change) for n in range(count)]


def new_digests(pages: list[Page]) -> list[Page]:
    """New pages of digests."""
    return [page for page in pages if page.subject_kind is SubjectKind.DIGEST and page.version == 1]


async def test_over_budget_is_one_page_per_channel_that_says_how_many(
    notify: NotifyHarness,
) -> None:
    notify.fill_posts(VILLAGE, TOWN, channels=CONSOLE_AND_WEBHOOK)
    pages = await notify.deliver(*assigned(200), *assigned(3, TOWN))
    silent = [page for page in pages if page.digest_id]
    assert len(silent) == 200 - ALONE
    assert {page.channel for page in silent} == {Channel.CONSOLE}, "in the list, and nowhere else"
    assert len({page.digest_id for page in silent}) == 1
    assert await notify.value("SELECT count(*) FROM notify.delivery") == ALONE + 3
    assert new_digests(await notify.pass_time(HOLD_S / 2)) == [], "not early"
    sent = new_digests(await notify.pass_time(HOLD_S))
    assert [page.channel for page in sent] == [Channel.CONSOLE, Channel.WEBHOOK]
    assert f"{200 - ALONE}条" in sent[0].headline
    assert {page.subject_id for page in sent} == {page.digest_id for page in silent}
    assert sent[0].level is Level.ORANGE
    assert await notify.escalations_without_timer() == 0
    async with running_receiver() as receiver:
        while await notify.webhook_loop(receiver).deliver_batch():
            pass
    of_digest = [
        request for request in receiver.requests if request.data["subject_kind"] == "digest"
    ]
    assert len(of_digest) == 1
    assert len(receiver.requests) == ALONE + 3 + 1
    calls = await notify.value(
        "SELECT count(*) FROM notify.escalation WHERE subject_kind <> 'digest'"
    )
    assert calls == 203 == (ALONE + 3) + len(silent), "wanted = alone + in digests"


async def test_a_digest_has_the_highest_grade_of_its_contents_and_no_word_of_a_graded_alert(
    notify: NotifyHarness,
) -> None:
    """A digest of a general order, a graded order and alerts, one of them graded meanwhile."""
    notify.fill_posts(TOWN, channels=CONSOLE_AND_WEBHOOK)
    await notify.deliver(*assigned(ALONE, TOWN))  # the budget is spent
    alerts = [an_alert(alert=f"alt-{n}", proposed=Level.ORANGE) for n in range(2)]
    later = an_alert(2, AlertTransition.UPDATED, alert="alt-1", proposed=Level.ORANGE)
    graded_order = assigned(ALONE + 1, TOWN)[-1].model_copy(
        update={"data_grade": DataGrade.IMPORTANT}
    )
    pages = await notify.deliver(graded_order, *alerts)
    assert all(page.digest_id for page in pages)
    await notify.deliver(later.model_copy(update={"data_grade": DataGrade.CORE}))
    sent = new_digests(await notify.pass_time(HOLD_S))
    assert [page.channel for page in sent] == [Channel.CONSOLE, Channel.WEBHOOK]
    assert {page.data_grade for page in sent} == {DataGrade.CORE}
    words, graded = alerts[0].headline, GRADED_ALERT[:10]
    assert all(
        in_language(page.text, Language.ZH).count(text) == 1
        for page in sent
        for text in (words, graded)
    )
    assert all(graded_order.title in page.text for page in sent), "its recipient carries it out"
    async with running_receiver() as receiver:
        while await notify.webhook_loop(receiver).deliver_batch():
            pass
    sent_texts = [
        request.data for request in receiver.requests if request.data["subject_kind"] == "digest"
    ]
    assert [row["text"] for row in sent_texts] == [in_language(sent[1].text, Language.ZH)]


async def test_a_digest_of_general_contents_is_general(notify: NotifyHarness) -> None:
    notify.fill_posts(VILLAGE, channels=CONSOLE_AND_WEBHOOK)
    await notify.deliver(*assigned(ALONE + 2))
    sent = new_digests(await notify.pass_time(HOLD_S))
    assert {page.data_grade for page in sent} == {DataGrade.GENERAL}


async def test_three_thousand_overdue_assignments_of_one_command_are_one_page(
    notify: NotifyHarness,
) -> None:
    notify.fill_posts(DISTRICT, channels=CONSOLE_AND_WEBHOOK)
    units = [f"500118{town:03d}{village:03d}" for town in range(100, 103) for village in range(200)]
    for start in range(0, len(units), 200):
        await notify.deliver(
            *(a_supervision(unit, DISTRICT) for unit in units[start : start + 200])
        )
    assert await notify.value("SELECT count(*) FROM notify.delivery") == 0
    sent = [
        page
        for page in new_digests(await notify.pass_time(HOLD_S))
        if page.channel is Channel.WEBHOOK
    ]
    (page,) = sent
    assert f"{len(units)}条" in page.headline
    assert f"×{len(units)}" in page.text.splitlines()[0]


async def test_a_drill_has_a_digest_of_its_own(notify: NotifyHarness) -> None:
    notify.fill_posts(VILLAGE, channels=CONSOLE_AND_WEBHOOK)
    drill = [an_assignment(command=f"d-{n}", status=Status.EXERCISE) for n in range(ALONE + 2)]
    await notify.deliver(*drill, *assigned(ALONE + 5))
    sent = new_digests(await notify.pass_time(HOLD_S))
    heads = {page.status: page.headline for page in sent}
    assert heads[Status.EXERCISE].startswith("【演练】摘要：2条")
    assert heads[Status.ACTUAL].startswith("摘要：5条")


async def test_a_more_urgent_call_makes_the_digest_leave_earlier(notify: NotifyHarness) -> None:
    notify.reference.budgets = BUDGETS["standard"]
    notify.fill_posts(VILLAGE, channels=CONSOLE_AND_WEBHOOK)
    blue = BUDGETS["standard"].levels[Level.BLUE]
    calls = [an_assignment(command=f"b-{n}", level=Level.BLUE) for n in range(blue.calls + 1)]
    await notify.deliver(*calls)
    before = await notify.value("SELECT due_at - now() FROM notify.digest")
    news = BUDGETS["standard"].levels[Level.RED].calls
    await notify.deliver(
        *(an_assignment(command=f"r-{n}", level=Level.RED) for n in range(news + 1))
    )
    after = await notify.value("SELECT due_at - now() FROM notify.digest")
    assert before <= timedelta(seconds=3)
    assert after < before
    (sent,) = {page.level for page in new_digests(await notify.pass_time(4))}
    assert sent is Level.RED


async def test_calls_settled_meanwhile_are_not_in_the_digest(notify: NotifyHarness) -> None:
    notify.fill_posts(VILLAGE, channels=CONSOLE_AND_WEBHOOK)
    await notify.deliver(*assigned(ALONE + 2))
    await notify.deliver(*assigned(ALONE + 2, state=AssignmentState.SIGNED, version=2))
    assert new_digests(await notify.pass_time(HOLD_S)) == []
    assert await notify.value("SELECT state FROM notify.digest") == "settled"
    await notify.deliver(*assigned(ALONE + 2, version=3, attempt=2))
    assert len(new_digests(await notify.pass_time(HOLD_S))) == 2, "the next one gathers anew"


async def test_a_digest_of_settled_matters_is_withdrawn_and_nobody_was_silent(
    notify: NotifyHarness,
) -> None:
    notify.fill_posts(VILLAGE, TOWN)
    await notify.deliver(*assigned(ALONE + 2))
    await notify.pass_time(HOLD_S)
    await notify.deliver(*assigned(ALONE + 2, state=AssignmentState.SIGNED, version=2))
    ends = [
        pass_item
        for pass_item in await notify.pass_time(10)
        if pass_item.subject_kind is SubjectKind.DIGEST
    ]
    assert [end.state for end in ends] == [PageState.WITHDRAWN]
    assert await notify.value("SELECT state FROM notify.digest") == "settled"


async def test_silence_about_a_digest_leads_its_contents_to_the_next_post(
    notify: NotifyHarness,
) -> None:
    notify.fill_posts(VILLAGE, TOWN, channels=CONSOLE_AND_WEBHOOK)
    await notify.deliver(*assigned(ALONE + 4))
    await notify.pass_time(HOLD_S)
    later = await notify.pass_time(6)
    missed = [page for page in later if page.state is PageState.NO_ANSWER]
    assert {page.subject_kind for page in missed} == {SubjectKind.ASSIGNMENT, SubjectKind.DIGEST}
    assert (
        await notify.value("SELECT state FROM notify.digest WHERE state <> 'gathering'") == "lapsed"
    )
    on = [page for page in later if page.version == 1]
    assert {(page.unit, page.post) for page in on} == {(VILLAGE, Post.A)}
    assert len([page for page in on if page.channel is Channel.CONSOLE]) == ALONE + 4
    assert len([page for page in on if page.digest_id]) == 4, (
        "the A post has its own budget and digest"
    )
    assert (
        len(
            [page for page in on if "（列入摘要）" in page.text and page.channel is Channel.CONSOLE]
        )
        == 4
    )
    assert await notify.escalations_without_timer() == 0


async def test_coming_answers_what_informs_and_reads_what_asks_for_an_act(
    notify: NotifyHarness,
) -> None:
    notify.fill_posts(TOWN, DISTRICT)
    issued = [
        an_alert(1, AlertTransition.ISSUED, AlertState.ISSUED, alert=f"alt-{n}", level=Level.BLUE,
                 proposed=None, place=TOWN)
        for n in range(ALONE + 3)
    ]  # fmt: skip
    await notify.deliver(*issued, *assigned(ALONE + 2, TOWN))
    (page,) = [page for page in new_digests(await notify.pass_time(HOLD_S)) if page.unit == TOWN]
    await notify.deliver(an_answer(page))
    await notify.pass_time(0)
    rows = await notify.rows(
        "SELECT e.subject_kind, p.state, e.state AS escalation, count(*) AS n "
        "FROM notify.page AS p JOIN notify.escalation AS e USING (escalation_id) "
        "WHERE p.digest_id IS NOT NULL "
        "AND p.unit = $1 GROUP BY 1, 2, 3 ORDER BY 1",
        TOWN,
    )
    assert [tuple(row) for row in rows] == [
        ("alert", "answered", "answered", 3),
        ("assignment", "read", "open", 2),
    ]
    assert await notify.value("SELECT count(*) FROM notify.digest WHERE passing") == 0
    assert await notify.escalations_without_timer() == 0


@pytest.mark.parametrize("verb", [AnswerVerb.CANNOT, AnswerVerb.HAND_OVER])
async def test_a_refusal_passes_the_calls_of_a_digest_on_in_small_steps(
    notify: NotifyHarness, verb: AnswerVerb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "OUTCOME_PAGES", 4)
    notify.fill_posts(VILLAGE, TOWN, channels=CONSOLE_AND_WEBHOOK)
    await notify.deliver(*assigned(ALONE + 10))
    (page, _) = new_digests(await notify.pass_time(HOLD_S))
    named = {"hand_to_post": Post.COMMANDER} if verb is AnswerVerb.HAND_OVER else {}
    await notify.deliver(an_answer(page, verb, **named))
    post = Post.COMMANDER if named else Post.A
    for count in (4, 8, 10):
        await notify.pass_time(0)
        called = await notify.value(
            "SELECT count(*) FROM notify.escalation WHERE state = 'open' AND officer_id = $1 "
            "AND subject_kind = 'assignment'",
            name_of(VILLAGE, post),
        )
        assert called == count
    armed = "SELECT count(*) FROM notify.timer WHERE kind = 'tell' AND state = 'armed'"
    assert await notify.value(armed) == 0
    assert await notify.escalations_without_timer() == 0


async def test_a_digest_that_reaches_nobody_sends_its_contents_on_at_once(
    notify: NotifyHarness,
) -> None:
    notify.fill_posts(VILLAGE, TOWN, channels=CONSOLE_AND_WEBHOOK)
    await notify.deliver(*assigned(ALONE + 3))
    await notify.pass_time(HOLD_S)
    async with running_receiver(*[410] * (ALONE + 1)) as receiver:
        while await notify.webhook_loop(receiver).deliver_batch():
            pass
    await notify.pass_time(0)
    silent = await notify.rows(
        "SELECT l.post FROM notify.page AS p JOIN notify.escalation AS l USING (escalation_id) "
        "WHERE p.digest_id IS NOT NULL AND p.round = 1 AND p.post = 'B'"
    )
    assert {row["post"] for row in silent} == {"A"}
    assert await notify.escalations_without_timer() == 0


async def test_concurrent_transactions_use_one_digest(notify: NotifyHarness) -> None:
    notify.fill_posts(VILLAGE, channels=CONSOLE_AND_WEBHOOK)
    await notify.deliver(*assigned(ALONE))
    many = [[an_assignment(command=f"x-{m}-{n}") for n in range(20)] for m in range(4)]
    await asyncio.gather(*(notify.deliver(*some) for some in many))
    assert await notify.value("SELECT count(*) FROM notify.digest") == 1
    (page, _) = new_digests(await notify.pass_time(HOLD_S))
    assert "80条" in page.headline


async def test_digests_are_counted(notify: NotifyHarness) -> None:
    notify.fill_posts(VILLAGE, CITY)
    await notify.deliver(*assigned(ALONE + 3))
    await notify.pass_time(HOLD_S)
    value = notify.registry.get_sample_value
    digested = {"level": "orange", "status": "Actual"}
    assert value("fenghuo_notify_pages_digested_total", digested) == 3
    assert value("fenghuo_notify_digests_total", {"state": "sent", "status": "Actual"}) == 1
