"""Two thousand blue pages wait for a slow carrier, or a timer each; one red page overtakes them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from services.notify.channels.port import DELIVERED, Attempt
from services.notify.core.digests.budgets import BUDGETS, Budget, Budgets
from shared.contracts.fields import Language, Level, Post
from shared.contracts.pages import Channel, Page
from tests.unit.notify.builders import CONSOLE_AND_WEBHOOK, TOWN, VILLAGE, an_alert, an_assignment
from tests.unit.notify.harness import NotifyHarness

pytestmark = pytest.mark.e2e

BACKLOG = 2_100
UNLIMITED = Budgets(
    Budget(10**6, 60, 2), Budget(10**6, 60, 2), dict.fromkeys(Level, Budget(10**6, 60, 2))
)
"""Budgets that no backlog exhausts, so that it has pages and not a few digests."""


class SlowCarrier:
    """Delays each blue page until it is released, and records the order of all pages."""

    channel = Channel.WEBHOOK

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.released = asyncio.Event()

    async def deliver(
        self, page: Page, address: str | None, *, resend: bool, language: Language = Language.ZH
    ) -> Attempt:
        self.pages.append(page)
        if page.level is Level.BLUE:
            await self.released.wait()
        return DELIVERED

    async def close(self) -> None:
        self.released.set()


async def a_backlog(notify: NotifyHarness) -> None:
    notify.reference.budgets = UNLIMITED
    notify.fill_posts(VILLAGE, TOWN, channels=CONSOLE_AND_WEBHOOK)
    blue = [an_assignment(command=f"cmd-{n}", level=Level.BLUE) for n in range(BACKLOG)]
    for start in range(0, BACKLOG, 1_000):
        await notify.deliver(*blue[start : start + 1_000])


async def test_a_red_page_goes_out_while_every_other_attempt_waits_for_the_carrier(
    notify: NotifyHarness,
) -> None:
    await a_backlog(notify)
    carrier = SlowCarrier()
    running = asyncio.create_task(notify.delivery_loop(carrier).run())
    try:
        async with asyncio.timeout(30):
            while len(carrier.pages) < 40:
                await asyncio.sleep(0.05)
        await notify.deliver(an_alert(place=TOWN, proposed=Level.RED, approver=TOWN))
        async with asyncio.timeout(30):
            while carrier.pages[-1].level is not Level.RED:
                await asyncio.sleep(0.05)
        assert len(carrier.pages) == 41, "not one blue page more has gone before it"
        assert not carrier.released.is_set()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_free_place_is_for_red_first(notify: NotifyHarness) -> None:
    await a_backlog(notify)
    await notify.deliver(an_alert(place=TOWN, proposed=Level.RED, approver=TOWN))
    carrier = SlowCarrier()
    carrier.released.set()
    await notify.delivery_loop(carrier).deliver_batch()
    assert carrier.pages[0].level is Level.RED


async def test_timers_of_a_backlog_do_not_starve_a_red_escalation(notify: NotifyHarness) -> None:
    """2,100 blue calls and one red are due; a sweep takes 2,000, so two sweeps fire all."""
    notify.reference.budgets = replace(UNLIMITED, levels=BUDGETS["demo"].levels)
    notify.fill_posts(VILLAGE, TOWN)
    blue = [an_assignment(command=f"cmd-{n}", level=Level.BLUE) for n in range(BACKLOG)]
    for start in range(0, BACKLOG, 1_000):
        await notify.deliver(*blue[start : start + 1_000])
    await notify.deliver(an_alert(place=TOWN, proposed=Level.RED, approver=TOWN))
    called: list[Page] = []
    for seconds in (6, 0):
        called += await notify.pass_time(seconds)
    assert {
        (page.unit, page.post) for page in called if page.version == 1 and page.level is Level.RED
    } == {(TOWN, Post.A)}
