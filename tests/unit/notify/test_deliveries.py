"""Deliveries on a real Postgres: leased before the request, settled after it."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from services.notify.channels.off import SwitchedOff
from services.notify.channels.port import DELIVERED, Attempt
from services.notify.loops import settlement
from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.fields import Language, Level, Post, ResponseMode, Status
from shared.contracts.modes import ProposalState
from shared.contracts.pages import Channel, Page, PageState
from shared.contracts.reports import DutyState
from shared.domain.bilingual import in_language
from tests.support.carrier import Behaviour, running_receiver
from tests.unit.notify.builders import (
    CITY,
    CONSOLE_AND_WEBHOOK,
    DISTRICT,
    TOWN,
    VILLAGE,
    a_mode,
    a_proposal,
    an_alert,
    an_answer,
    an_assignment,
    name_of,
)
from tests.unit.notify.harness import NotifyHarness
from tests.unit.notify.test_reports import a_call, a_duty, at

pytestmark = pytest.mark.e2e


async def states(notify: NotifyHarness) -> Counter[tuple[str, str]]:
    rows = await notify.rows(
        "SELECT d.state, p.state AS page FROM notify.delivery AS d JOIN notify.page AS p "
        "USING (page_id)"
    )
    return Counter((row["state"], row["page"]) for row in rows)


async def test_a_delivery_is_leased_before_and_settled_after_the_request(
    notify: NotifyHarness,
) -> None:
    notify.fill_posts(VILLAGE, channels=CONSOLE_AND_WEBHOOK)
    await notify.deliver(an_assignment())
    assert await states(notify) == {("queued", "queued"): 1}
    async with running_receiver() as receiver:
        assert await notify.webhook_loop(receiver).deliver_batch() == 1
        assert await notify.webhook_loop(receiver).deliver_batch() == 0
    assert await states(notify) == {("sent", "sent"): 1}
    assert len(receiver.requests) == 1


async def test_after_a_restore_of_the_database_each_message_is_marked_as_a_repeat(
    notify: NotifyHarness,
) -> None:
    notify.fill_posts(VILLAGE, channels=CONSOLE_AND_WEBHOOK)
    notify.fill_posts(TOWN, channels=CONSOLE_AND_WEBHOOK)
    await notify.rows("INSERT INTO notify.restore (until) VALUES (now() + interval '1 hour')")
    async with running_receiver() as receiver:
        await notify.deliver(an_assignment(unit=VILLAGE))
        await notify.webhook_loop(receiver).deliver_batch()
        await notify.rows("UPDATE notify.restore SET until = now()")
        await notify.deliver(an_assignment(unit=TOWN))
        await notify.webhook_loop(receiver).deliver_batch()
    assert [request.data["resend"] for request in receiver.requests] == [True, False]


@pytest.mark.parametrize("behaviour", [500, "slow", "close", "lose"])
async def test_an_unknown_outcome_is_sent_again_and_marked(
    notify: NotifyHarness, behaviour: Behaviour
) -> None:
    notify.fill_posts(VILLAGE, channels=CONSOLE_AND_WEBHOOK)
    await notify.deliver(an_assignment())
    async with running_receiver(behaviour) as receiver:
        sender = notify.webhook_loop(receiver)
        await sender.deliver_batch()
        assert await states(notify) == {("queued", "queued"): 1}
        assert await sender.deliver_batch() == 0, "after a pause, not at once"
        await notify.make_deliveries_due()
        await sender.deliver_batch()
    assert await states(notify) == {("sent", "sent"): 1}
    last = receiver.requests[-1]
    assert last.data["resend"] is True
    assert last.data["text"].startswith("【重发】")
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    page = (await notify.pages())[-1]
    assert (page.state, page.resend) == (PageState.SENT, True)


async def test_a_drill_holds_up_no_real_page(notify: NotifyHarness) -> None:
    """A batch has ten deliveries: those of a drill come last, however many and however old."""
    notify.fill_posts(VILLAGE, TOWN, channels=CONSOLE_AND_WEBHOOK)
    await notify.deliver(
        *(
            an_assignment(unit, command=f"drill-{n}", status=Status.EXERCISE)
            for unit in (VILLAGE, TOWN)
            for n in range(10)
        ),
        an_assignment(TOWN, command="real"),
    )
    async with running_receiver() as receiver:
        await notify.webhook_loop(receiver).deliver_batch()
        assert len(receiver.requests) == 10
        shares = Counter(request.data["status"] for request in receiver.requests)
        assert shares["Actual"] == 1
        for _ in range(2):
            await notify.webhook_loop(receiver).deliver_batch()
    drills = [request.data for request in receiver.requests if request.data["status"] == "Exercise"]
    assert len(drills) == 20
    assert all(drill["headline"].startswith("【演练】") for drill in drills)


async def test_a_sender_that_crashes_after_the_request_loses_no_page(
    notify: NotifyHarness,
) -> None:
    notify.fill_posts(VILLAGE, channels=CONSOLE_AND_WEBHOOK)
    await notify.deliver(an_assignment())
    async with running_receiver("slow") as receiver:
        crashing = asyncio.create_task(notify.webhook_loop(receiver).deliver_batch())
        while not receiver.requests:
            await asyncio.sleep(0.01)
        crashing.cancel()
        await asyncio.gather(crashing, return_exceptions=True)
        assert await states(notify) == {("sending", "queued"): 1}
        assert await notify.webhook_loop(receiver).deliver_batch() == 0, "the lease still runs"
        await notify.make_deliveries_due()
        assert await notify.webhook_loop(receiver).deliver_batch() == 1
    assert [request.data["resend"] for request in receiver.requests] == [False, True]
    assert await states(notify) == {("sent", "sent"): 1}


async def test_a_refusal_is_final_and_shown(notify: NotifyHarness) -> None:
    notify.fill_posts(VILLAGE, channels=CONSOLE_AND_WEBHOOK)
    await notify.deliver(an_assignment())
    async with running_receiver(410) as receiver:
        await notify.webhook_loop(receiver).deliver_batch()
    assert await states(notify) == {("failed", "failed"): 1, ("queued", "queued"): 1}
    (page,) = [page for page in await notify.pages() if page.state is PageState.FAILED]
    assert page.reason == "status 410"
    fresh = (await notify.pages())[-1]
    assert fresh.post is Post.A, "the next post is called at once"
    earlier = in_language(fresh.text, Language.ZH).splitlines()[-1]
    assert earlier.startswith(f"（编号 {VILLAGE}） B岗 某某 ")
    assert earlier.endswith("：控制台已发送，无应答；消息网关发送失败")
    assert await notify.escalations_without_timer() == 0, "the escalation goes on"


async def test_an_answer_on_the_console_stops_the_webhook(notify: NotifyHarness) -> None:
    notify.fill_posts(VILLAGE, channels=CONSOLE_AND_WEBHOOK)
    console, _ = await notify.deliver(an_assignment())
    await notify.deliver(an_answer(console))
    async with running_receiver() as receiver:
        assert await notify.webhook_loop(receiver).deliver_batch() == 0
    assert receiver.requests == []
    assert await states(notify) == {("cancelled", "answered"): 1}


async def test_several_senders_share_the_work(notify: NotifyHarness) -> None:
    towns = [f"5001181{n:02d}000" for n in range(10, 50)]
    notify.fill_posts(*towns, channels=CONSOLE_AND_WEBHOOK)
    await notify.deliver(*(an_assignment(unit) for unit in towns))
    async with running_receiver() as receiver:
        senders = [notify.webhook_loop(receiver) for _ in range(4)]
        while sum(await asyncio.gather(*(sender.deliver_batch() for sender in senders))):
            pass
    assert len(receiver.requests) == 40
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 40
    assert await states(notify) == {("sent", "sent"): 40}


async def test_pages_of_a_switched_off_channel_fail_and_the_calls_go_on(
    notify: NotifyHarness,
) -> None:
    notify.fill_posts(VILLAGE, TOWN, channels=CONSOLE_AND_WEBHOOK)
    await notify.deliver(an_assignment())
    other_channels = [channel for channel in Channel if channel is not Channel.WEBHOOK]
    off = notify.delivery_loop(SwitchedOff(), *other_channels)
    assert await off.deliver_batch() == 0, "it is somebody else's channel"
    off = notify.delivery_loop(SwitchedOff(), Channel.WEBHOOK)
    assert await off.deliver_batch() == 1
    assert await states(notify) == {("failed", "failed"): 1, ("queued", "queued"): 1}
    error = await notify.value("SELECT last_error FROM notify.delivery WHERE state = 'failed'")
    assert error == "the channel webhook is switched off"
    assert await notify.escalations_without_timer() == 0


class Broken:
    """A channel with a bug: it raises for one officer's page and sends all others."""

    channel = Channel.WEBHOOK

    def __init__(self, victim: str) -> None:
        self.victim = victim
        self.sent: list[str] = []

    async def deliver(
        self,
        page: Page,
        address: str | None,
        *,
        resend: bool,
        language: Language = Language.ZH,
    ) -> Attempt:
        if page.officer_id == self.victim:
            raise UnicodeEncodeError("ascii", "预警\x00", 0, 1, "planted")
        self.sent.append(page.officer_id)
        return DELIVERED

    async def close(self) -> None:
        pass


async def test_a_channel_that_raises_fails_its_own_page_only(notify: NotifyHarness) -> None:
    notify.fill_posts(VILLAGE, TOWN, channels=CONSOLE_AND_WEBHOOK)
    await notify.deliver(an_assignment(VILLAGE), an_assignment(TOWN))
    pages = await notify.rows(
        "SELECT p.officer_id FROM notify.delivery AS d JOIN notify.page AS p USING (page_id)"
    )
    victim, second = sorted({row["officer_id"] for row in pages})
    broken = Broken(victim)
    loop = notify.delivery_loop(broken)
    assert await loop.deliver_batch() == 2
    assert broken.sent == [second]
    assert await states(notify) == {("sent", "sent"): 1, ("queued", "queued"): 1}
    for _ in range(7):
        await notify.rows("UPDATE notify.delivery SET next_at = now() WHERE state = 'queued'")
        await loop.deliver_batch()
    error = await notify.value("SELECT last_error FROM notify.delivery WHERE state = 'failed'")
    assert "planted" in error
    assert broken.sent[0] == second


async def test_a_page_that_cannot_be_settled_ends_alone(
    notify: NotifyHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    notify.fill_posts(VILLAGE, TOWN, channels=CONSOLE_AND_WEBHOOK)
    await notify.deliver(an_assignment(VILLAGE), an_assignment(TOWN))
    pages = await notify.rows("SELECT page_id FROM notify.delivery ORDER BY page_id")
    victim = pages[0]["page_id"]
    real = settlement._result

    def verdict(working_set: Any, result: Any) -> Any:
        if result[0].page.page_id == victim:
            raise KeyError("planted\x00")
        return real(working_set, result)

    monkeypatch.setattr(settlement, "_result", verdict)
    async with running_receiver() as receiver:
        assert await notify.webhook_loop(receiver).deliver_batch() == 2
        assert await notify.webhook_loop(receiver).deliver_batch() == 0
    assert len(receiver.requests) == 2
    rows = await notify.rows("SELECT page_id, state, last_error FROM notify.delivery")
    results = {row["page_id"]: (row["state"], row["last_error"]) for row in rows}
    assert results.pop(victim) == ("failed", "KeyError('planted\\x00')")
    assert list(results.values()) == [("sent", None)]


async def test_modes_are_stored_with_the_escalations(
    notify: NotifyHarness,
) -> None:
    notify.fill_posts(CITY, DISTRICT, TOWN, VILLAGE)
    (request,) = await notify.deliver(a_proposal())
    assert (request.unit, request.post) == (DISTRICT, Post.B)
    settled = await notify.deliver(a_proposal(ProposalState.DECIDED, 2, posts=()))
    assert [page.page_id for page in settled] == [request.page_id]
    pages = await notify.deliver(a_mode())
    assert {page.unit for page in pages} == {DISTRICT, TOWN, VILLAGE}
    notify.reference.modes.put(a_mode())
    await notify.deliver(an_assignment(VILLAGE))
    rows = await notify.value(
        "SELECT array_agg(DISTINCT mode || mode_version) FROM notify.escalation "
        "WHERE subject_kind = 'assignment'"
    )
    assert rows == ["emergency1"]
    onward = await notify.pass_time(3)
    assert Post.COMMANDER in {
        page.post for page in onward if page.assignment_id and page.version == 1
    }
    informed = await notify.deliver(a_mode(mode=ResponseMode.NORMAL, version=2))
    assert {page.unit for page in informed if page.version == 1} == {DISTRICT, TOWN, VILLAGE}


async def test_a_recall_reaches_all_paged_officers_and_overtakes_queued_pages(
    notify: NotifyHarness,
) -> None:
    notify.fill_posts(TOWN, DISTRICT, VILLAGE, channels=CONSOLE_AND_WEBHOOK)
    await notify.deliver(an_alert(2, AlertTransition.ISSUED, AlertState.ISSUED, level=Level.YELLOW))
    await notify.deliver(an_assignment(VILLAGE))
    await notify.deliver(an_alert(alert="alt-2"))
    before = {page.officer_id for page in await notify.pages()}
    assert name_of(VILLAGE, Post.B) in before
    published = await notify.deliver(
        an_alert(3, AlertTransition.RECALLED, AlertState.RECALLED, level=Level.YELLOW)
    )
    fresh = [page for page in published if page.version == 1]
    assert {page.officer_id for page in fresh} == before
    assert len(fresh) == len(CONSOLE_AND_WEBHOOK) * len(before), "each once per channel"
    order = await notify.rows(
        "SELECT d.priority, p.officer_id FROM notify.delivery AS d JOIN notify.page AS p "
        "USING (page_id) WHERE d.state = 'queued' ORDER BY priority, next_at"
    )
    urgent = [row["officer_id"] for row in order if row["priority"] == 0]
    assert sorted(urgent) == sorted(before)
    assert order[-1]["priority"] > 0, "something else waits behind them"
    assert await notify.escalations_without_timer() == 0


async def test_a_report_settles_the_calls_about_it_across_transactions(
    notify: NotifyHarness,
) -> None:
    notify.fill_posts(TOWN, DISTRICT)
    await notify.deliver(a_duty(DutyState.OWED, 1))
    (page,) = await notify.deliver(a_call("report_phone", 15))
    assert (page.unit, page.state) == (TOWN, PageState.SENT)
    (withdrawn,) = await notify.deliver(a_duty(DutyState.PHONED, 2, phone_at=at(16)))
    assert (withdrawn.page_id, withdrawn.state) == (page.page_id, PageState.WITHDRAWN)
    assert await notify.deliver(a_call("report_phone", 17)) == []
    (written,) = await notify.deliver(a_call("report_written", 30))
    assert "超期未书面初报" in written.text
