"""A page leaves only while it is true: also after a pause of its sender or its carrier."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import pytest

from services.notify.channels.port import DELIVERED, Attempt, DeliveryOutcome
from services.notify.loops.delivery import DeliveryLoop
from services.notify.store import deliveries
from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.fields import Language, Level
from shared.contracts.pages import Channel, Page, PageState
from tests.unit.notify.builders import (
    CONSOLE_AND_WEBHOOK,
    TOWN,
    VILLAGE,
    an_alert,
    an_answer,
    an_assignment,
)
from tests.unit.notify.harness import NotifyHarness

pytestmark = pytest.mark.e2e

ISSUED = an_alert(2, AlertTransition.ISSUED, AlertState.ISSUED, place=TOWN, level=Level.YELLOW)
RECALLED = an_alert(
    3, AlertTransition.RECALLED, AlertState.RECALLED, place=TOWN, level=Level.YELLOW
)
NO_COMMAND = {"alert_id": "alt-2"}
"""An alert of which no assignment is."""


class Carrier:
    """A carrier that may be away; it has the pages that it took."""

    channel = Channel.WEBHOOK

    def __init__(self) -> None:
        self.away = False
        self.pages: list[Page] = []
        self.came = asyncio.Event()

    async def deliver(
        self, page: Page, address: str | None, *, resend: bool, language: Language = Language.ZH
    ) -> Attempt:
        if self.away:
            return Attempt(DeliveryOutcome.NOT_SENT, "ConnectError")
        self.pages.append(page)
        self.came.set()
        return DELIVERED

    async def close(self) -> None:
        pass


async def delivery_states(notify: NotifyHarness) -> Counter[str]:
    return Counter(row["state"] for row in await notify.rows("SELECT state FROM notify.delivery"))


async def attempt_all(notify: NotifyHarness, loop: DeliveryLoop, times: int = 1) -> None:
    for _ in range(times):
        await notify.make_deliveries_due()
        while await loop.deliver_batch():
            pass


@pytest.fixture(autouse=True)
def staffed(notify: NotifyHarness) -> None:
    notify.fill_posts(VILLAGE, TOWN, channels=CONSOLE_AND_WEBHOOK)


async def test_a_page_claimed_before_the_recall_is_not_sent_after_it(
    notify: NotifyHarness,
) -> None:
    await notify.deliver(ISSUED)
    carrier = Carrier()
    loop = notify.delivery_loop(carrier)
    claimed = await loop._claim()
    assert claimed
    checked = await loop._check(claimed)
    await notify.deliver(RECALLED)
    # The sender was stopped between its check and the request, as by SIGSTOP.
    checked = checked._replace(began_at=time.monotonic() - 1)
    attempts = [await loop._attempt(delivery, checked) for delivery in claimed]
    await loop._settlement.settle(attempts)
    assert carrier.pages == []
    await attempt_all(notify, loop)
    assert carrier.pages
    assert all("撤回" in page.text for page in carrier.pages)


async def test_a_sender_that_wakes_after_its_lease_sends_nothing(notify: NotifyHarness) -> None:
    await notify.deliver(ISSUED)
    frozen, second = Carrier(), Carrier()
    loop = notify.delivery_loop(frozen)
    claimed = await loop._claim()
    checked = await loop._check(claimed)
    await attempt_all(notify, notify.delivery_loop(second))
    assert len(second.pages) == len(claimed)
    checked = checked._replace(began_at=time.monotonic() - 30)
    attempts = [await loop._attempt(delivery, checked) for delivery in claimed]
    await loop._settlement.settle(attempts)
    assert frozen.pages == []
    assert await delivery_states(notify) == {"sent": len(claimed)}


async def test_a_request_begins_only_while_it_can_end_within_the_lease(
    notify: NotifyHarness,
) -> None:
    await notify.deliver(an_assignment(VILLAGE))
    carrier = Carrier()
    loop = notify.delivery_loop(carrier)
    claimed = await loop._claim()
    await notify.rows("UPDATE notify.delivery SET lease_until = now() + interval '3 seconds'")
    checked = await loop._check(claimed)
    await loop._settlement.settle([await loop._attempt(item, checked) for item in claimed])
    assert carrier.pages == []
    rows = await notify.rows("SELECT state, resend FROM notify.delivery")
    assert [tuple(row) for row in rows] == [("queued", False)]


async def test_an_answer_given_after_the_claim_stops_the_page(notify: NotifyHarness) -> None:
    console, _ = await notify.deliver(an_assignment(VILLAGE))
    carrier = Carrier()
    loop = notify.delivery_loop(carrier)
    claimed = await loop._claim()
    await notify.deliver(an_answer(console))
    checked = await loop._check(claimed)
    await loop._settlement.settle([await loop._attempt(item, checked) for item in claimed])
    assert carrier.pages == []
    assert await delivery_states(notify) == {"cancelled": 1}


async def test_a_carrier_that_returns_gets_what_is_still_true_and_nothing_else(
    notify: NotifyHarness,
) -> None:
    carrier = Carrier()
    carrier.away = True
    loop = notify.delivery_loop(carrier)
    await notify.deliver(an_assignment(VILLAGE, command="answered"))
    await notify.deliver(an_assignment(VILLAGE, command="open"))
    await notify.deliver(ISSUED.model_copy(update=NO_COMMAND))
    await attempt_all(notify, loop, times=12)
    failed = [page for page in await notify.pages() if page.state is PageState.FAILED]
    assert failed, "the failure is told while the carrier is away"
    answered = [
        page
        for page in await notify.pages()
        if page.command_id == "answered" and page.channel is Channel.CONSOLE
    ]
    await notify.deliver(an_answer(answered[-1]))
    await notify.deliver(RECALLED.model_copy(update=NO_COMMAND))
    await notify.pass_time(7)
    await attempt_all(notify, loop, times=2)
    assert await notify.value("SELECT max(attempts) FROM notify.delivery") > 8
    carrier.away = False
    await attempt_all(notify, loop)
    rows = await notify.rows(
        "SELECT p.state, p.round, p.officer_id, e.state AS calls, e.command_id "
        "FROM notify.delivery AS d JOIN notify.page AS p USING (page_id) "
        "JOIN notify.escalation AS e ON e.escalation_id = p.escalation_id WHERE d.state = 'sent'"
    )
    assert len(rows) == len(carrier.pages)
    assert {row["calls"] for row in rows} <= {"open", "exhausted"}
    assert "answered" not in {row["command_id"] for row in rows}
    assert "open" in {row["command_id"] for row in rows}
    about_alert = [page.text for page in carrier.pages if page.alert_id == "alt-2"]
    assert about_alert
    assert all("撤回" in text for text in about_alert)
    assert {row["state"] for row in rows} <= {"sent", "no_answer"}
    assert "sent" in {row["state"] for row in rows}, "a page that had failed is sent after all"
    assert await delivery_states(notify) == {
        "sent": len(rows),
        "cancelled": (await delivery_states(notify))["cancelled"],
    }


async def test_of_two_calls_to_one_officer_the_returned_carrier_gets_the_newest(
    notify: NotifyHarness,
) -> None:
    carrier = Carrier()
    carrier.away = True
    loop = notify.delivery_loop(carrier)
    await notify.deliver(an_assignment(VILLAGE))
    for _ in range(30):
        await attempt_all(notify, loop)
        await notify.pass_time(7)
    assert await notify.value("SELECT max(round) FROM notify.page WHERE channel = 'webhook'") > 1
    carrier.away = False
    await attempt_all(notify, loop, times=2)
    officers = [page.officer_id for page in carrier.pages]
    assert officers
    assert len(officers) == len(set(officers))


async def test_one_loop_is_idle_until_a_page_is_queued(
    notify: NotifyHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed_at: list[float] = []
    claim = deliveries.claim

    async def noted(*arguments: Any, **more: Any) -> Any:
        claimed_at.append(time.monotonic())
        return await claim(*arguments, **more)

    monkeypatch.setattr(deliveries, "claim", noted)
    carrier = Carrier()
    running = asyncio.create_task(notify.delivery_loop(carrier).run())
    try:
        async with asyncio.timeout(30):
            while len(claimed_at) < 3:
                await asyncio.sleep(0.02)
            assert claimed_at[2] - claimed_at[0] > 1.8, "one look in a second, not forty"
            await notify.deliver(an_assignment(VILLAGE))
            await carrier.came.wait()
            while await delivery_states(notify) != {"sent": 1}:
                await asyncio.sleep(0.02)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
