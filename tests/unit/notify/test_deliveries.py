"""Deliveries on a real Postgres: leased before the request, settled after it."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from services.notify import loops
from services.notify.channels.off import Off
from services.notify.channels.port import DELIVERED, Attempt
from services.notify.loops import DeliveryLoop
from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.fields import Language, Level, Post, ResponseMode, Status
from shared.contracts.modes import ProposalState
from shared.contracts.pages import Channel, Page, PageState
from shared.contracts.reports import DutyState
from tests.support.carrier import Behaviour, receiving
from tests.unit.notify.builders import (
    BOTH,
    CITY,
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
from tests.unit.notify.harness import Desk
from tests.unit.notify.test_reports import a_call, a_duty, at

pytestmark = pytest.mark.e2e


async def states(desk: Desk) -> Counter[tuple[str, str]]:
    rows = await desk.rows(
        "SELECT d.state, p.state AS page FROM notify.delivery AS d JOIN notify.page AS p "
        "USING (page_id)"
    )
    return Counter((row["state"], row["page"]) for row in rows)


async def test_a_delivery_is_leased_before_and_settled_after_the_request(desk: Desk) -> None:
    desk.staff(VILLAGE, channels=BOTH)
    await desk.takes(an_assignment())
    assert await states(desk) == {("queued", "queued"): 1}
    async with receiving() as receiver:
        assert await desk.sender(receiver).round() == 1
        assert await desk.sender(receiver).round() == 0
    assert await states(desk) == {("sent", "sent"): 1}
    assert len(receiver.received) == 1


@pytest.mark.parametrize("behaviour", [500, "slow", "close", "lose"])
async def test_an_unknown_outcome_is_sent_again_and_marked(
    desk: Desk, behaviour: Behaviour
) -> None:
    desk.staff(VILLAGE, channels=BOTH)
    await desk.takes(an_assignment())
    async with receiving(behaviour) as receiver:
        sender = desk.sender(receiver)
        await sender.round()
        assert await states(desk) == {("queued", "queued"): 1}
        assert await sender.round() == 0, "after a pause, not at once"
        await desk.hurry()
        await sender.round()
    assert await states(desk) == {("sent", "sent"): 1}
    last = receiver.received[-1]
    assert last.data["resend"] is True
    assert last.data["text"].startswith("【重发】")
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 1
    page = (await desk.pages())[-1]
    assert (page.state, page.resend) == (PageState.SENT, True)


async def test_a_drill_holds_up_no_real_page(desk: Desk) -> None:
    """A round takes ten deliveries: those of the drill wait, however many and however old."""
    desk.staff(VILLAGE, TOWN, channels=BOTH)
    await desk.takes(
        *(
            an_assignment(unit, command=f"drill-{n}", status=Status.EXERCISE)
            for unit in (VILLAGE, TOWN)
            for n in range(10)
        ),
        an_assignment(TOWN, command="real"),
    )
    async with receiving() as receiver:
        await desk.sender(receiver).round()
        assert len(receiver.received) == 10
        shares = Counter(one.data["status"] for one in receiver.received)
        assert shares["Actual"] == 1
        for _ in range(2):
            await desk.sender(receiver).round()
    drills = [one.data for one in receiver.received if one.data["status"] == "Exercise"]
    assert len(drills) == 20
    assert all(drill["headline"].startswith("【演练】") for drill in drills)


async def test_a_sender_that_dies_after_the_request_does_not_lose_the_page(desk: Desk) -> None:
    desk.staff(VILLAGE, channels=BOTH)
    await desk.takes(an_assignment())
    async with receiving("slow") as receiver:
        dying = asyncio.create_task(desk.sender(receiver).round())
        while not receiver.received:
            await asyncio.sleep(0.01)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        assert await states(desk) == {("sending", "queued"): 1}
        assert await desk.sender(receiver).round() == 0, "the lease still runs"
        await desk.hurry()
        assert await desk.sender(receiver).round() == 1
    assert [one.data["resend"] for one in receiver.received] == [False, True]
    assert await states(desk) == {("sent", "sent"): 1}


async def test_a_refusal_is_final_and_shown(desk: Desk) -> None:
    desk.staff(VILLAGE, channels=BOTH)
    await desk.takes(an_assignment())
    async with receiving(410) as receiver:
        await desk.sender(receiver).round()
    assert await states(desk) == {("failed", "failed"): 1, ("queued", "queued"): 1}
    (page,) = [page for page in await desk.pages() if page.state is PageState.FAILED]
    assert page.reason == "status 410"
    fresh = (await desk.pages())[-1]
    assert fresh.post is Post.A, "the next post is called at once"
    assert f"（编号 {VILLAGE}） B岗 某某：控制台已发送，无应答；消息网关发送失败 ‖" in fresh.text
    assert await desk.unguarded() == 0, "the ladder goes on"


async def test_an_answer_on_the_console_stops_the_webhook(desk: Desk) -> None:
    desk.staff(VILLAGE, channels=BOTH)
    console, _ = await desk.takes(an_assignment())
    await desk.takes(an_answer(console))
    async with receiving() as receiver:
        assert await desk.sender(receiver).round() == 0
    assert receiver.received == []
    assert await states(desk) == {("cancelled", "answered"): 1}


async def test_several_senders_share_the_work(desk: Desk) -> None:
    towns = [f"5001181{n:02d}000" for n in range(10, 50)]
    desk.staff(*towns, channels=BOTH)
    await desk.takes(*(an_assignment(unit) for unit in towns))
    async with receiving() as receiver:
        senders = [desk.sender(receiver) for _ in range(4)]
        while sum(await asyncio.gather(*(sender.round() for sender in senders))):
            pass
    assert len(receiver.received) == 40
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 40
    assert await states(desk) == {("sent", "sent"): 40}


async def test_a_channel_that_was_switched_off_fails_and_the_ladder_goes_on(desk: Desk) -> None:
    desk.staff(VILLAGE, TOWN, channels=BOTH)
    await desk.takes(an_assignment())
    other_channels = [channel for channel in Channel if channel is not Channel.WEBHOOK]
    off = DeliveryLoop(desk.database, other_channels, Off(), desk.consumer, desk.metrics)
    assert await off.round() == 0, "it is somebody else's channel"
    off = DeliveryLoop(desk.database, [Channel.WEBHOOK], Off(), desk.consumer, desk.metrics)
    assert await off.round() == 1
    assert await states(desk) == {("failed", "failed"): 1, ("queued", "queued"): 1}
    error = await desk.value("SELECT last_error FROM notify.delivery WHERE state = 'failed'")
    assert error == "the channel webhook is switched off"
    assert await desk.unguarded() == 0


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


async def test_a_channel_that_raises_fails_its_own_page_only(desk: Desk) -> None:
    desk.staff(VILLAGE, TOWN, channels=BOTH)
    await desk.takes(an_assignment(VILLAGE), an_assignment(TOWN))
    pages = await desk.rows(
        "SELECT p.officer_id FROM notify.delivery AS d JOIN notify.page AS p USING (page_id)"
    )
    victim, other = sorted({row["officer_id"] for row in pages})
    broken = Broken(victim)
    loop = DeliveryLoop(desk.database, [Channel.WEBHOOK], broken, desk.consumer, desk.metrics)
    assert await loop.round() == 2
    assert broken.sent == [other]
    assert await states(desk) == {("sent", "sent"): 1, ("queued", "queued"): 1}
    for _ in range(7):
        await desk.rows("UPDATE notify.delivery SET next_at = now() WHERE state = 'queued'")
        await loop.round()
    error = await desk.value("SELECT last_error FROM notify.delivery WHERE state = 'failed'")
    assert "planted" in error
    assert broken.sent[0] == other


async def test_a_page_that_cannot_be_settled_ends_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.staff(VILLAGE, TOWN, channels=BOTH)
    await desk.takes(an_assignment(VILLAGE), an_assignment(TOWN))
    pages = await desk.rows("SELECT page_id FROM notify.delivery ORDER BY page_id")
    victim = pages[0]["page_id"]
    real = loops._verdict

    def verdict(book: Any, result: Any) -> Any:
        if result[0].page.page_id == victim:
            raise KeyError("planted\x00")
        return real(book, result)

    monkeypatch.setattr(loops, "_verdict", verdict)
    async with receiving() as receiver:
        assert await desk.sender(receiver).round() == 2
        assert await desk.sender(receiver).round() == 0
    assert len(receiver.received) == 2
    rows = await desk.rows("SELECT page_id, state, last_error FROM notify.delivery")
    results = {row["page_id"]: (row["state"], row["last_error"]) for row in rows}
    assert results.pop(victim) == ("failed", "KeyError('planted\\x00')")
    assert list(results.values()) == [("sent", None)]


async def test_modes_are_stored_with_the_ladders_and_settle_their_own(desk: Desk) -> None:
    desk.staff(CITY, DISTRICT, TOWN, VILLAGE)
    (asked,) = await desk.takes(a_proposal())
    assert (asked.unit, asked.post) == (DISTRICT, Post.B)
    settled = await desk.takes(a_proposal(ProposalState.DECIDED, 2, posts=()))
    assert [page.page_id for page in settled] == [asked.page_id]
    pages = await desk.takes(a_mode())
    assert {page.unit for page in pages} == {DISTRICT, TOWN, VILLAGE}
    desk.consumer.modes.put(a_mode())
    await desk.takes(an_assignment(VILLAGE))
    rows = await desk.value(
        "SELECT array_agg(DISTINCT mode || mode_version) FROM notify.ladder "
        "WHERE subject_kind = 'assignment'"
    )
    assert rows == ["emergency1"]
    onward = await desk.passes(3)
    assert Post.COMMANDER in {
        page.post for page in onward if page.assignment_id and page.version == 1
    }
    again = await desk.takes(a_mode(mode=ResponseMode.NORMAL, version=2))
    assert {page.unit for page in again if page.version == 1} == {DISTRICT, TOWN, VILLAGE}


async def test_a_recall_finds_all_who_were_paged_and_overtakes_what_waits(desk: Desk) -> None:
    desk.staff(TOWN, DISTRICT, VILLAGE, channels=BOTH)
    await desk.takes(an_alert(2, AlertTransition.ISSUED, AlertState.ISSUED, level=Level.YELLOW))
    await desk.takes(an_assignment(VILLAGE))
    await desk.takes(an_alert(alert="alt-2"))
    before = {page.officer_id for page in await desk.pages()}
    assert name_of(VILLAGE, Post.B) in before
    told = await desk.takes(
        an_alert(3, AlertTransition.RECALLED, AlertState.RECALLED, level=Level.YELLOW)
    )
    fresh = [page for page in told if page.version == 1]
    assert {page.officer_id for page in fresh} == before
    assert len(fresh) == len(BOTH) * len(before), "each once per channel"
    order = await desk.rows(
        "SELECT d.priority, p.officer_id FROM notify.delivery AS d JOIN notify.page AS p "
        "USING (page_id) WHERE d.state = 'queued' ORDER BY priority, next_at"
    )
    urgent = [row["officer_id"] for row in order if row["priority"] == 0]
    assert sorted(urgent) == sorted(before)
    assert order[-1]["priority"] > 0, "something else waits behind them"
    assert await desk.unguarded() == 0


async def test_a_report_settles_the_calls_about_it_across_transactions(desk: Desk) -> None:
    desk.staff(TOWN, DISTRICT)
    await desk.takes(a_duty(DutyState.OWED, 1))
    (page,) = await desk.takes(a_call("report_phone", 15))
    assert (page.unit, page.state) == (TOWN, PageState.SENT)
    (over,) = await desk.takes(a_duty(DutyState.PHONED, 2, phone_at=at(16)))
    assert (over.page_id, over.state) == (page.page_id, PageState.WITHDRAWN)
    assert await desk.takes(a_call("report_phone", 17)) == []
    (written,) = await desk.takes(a_call("report_written", 30))
    assert "超期未书面初报" in written.text
