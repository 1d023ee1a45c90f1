"""A sender that dies anywhere: nobody is paged_officers twice unmarked, and nobody is forgotten."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict

import pytest

from services.notify.loops.delivery import DeliveryLoop
from services.notify.store import deliveries
from tests.support.carrier import Received, Receiver, receiving
from tests.unit.notify.builders import BOTH, an_assignment
from tests.unit.notify.harness import NotifyHarness

pytestmark = pytest.mark.e2e

PAGES = 60
"""A sender takes ten at a time: each of the dying ones finds some."""
POINTS = ("before the claim", "after the claim", "in the request", "before settling", "settling")


class Killed(BaseException):
    """As a signal would: no handler of the loop sees it."""


def doomed(
    notify: NotifyHarness, receiver: Receiver, point: str, patch: pytest.MonkeyPatch
) -> DeliveryLoop:
    """A sender that dies at that point of its next round; what it had not committed is gone."""
    loop = notify.webhook_loop(receiver)

    async def die(*_: object, **__: object) -> None:
        raise Killed

    if point == "before the claim":
        patch.setattr(deliveries, "claim", die)
    elif point == "after the claim":
        patch.setattr(loop, "_attempt", die)
    elif point == "before settling":
        patch.setattr(loop, "_settle_with_retries", die)
    elif point == "settling":
        patch.setattr(deliveries, "settle", die)
    return loop


async def dies(notify: NotifyHarness, receiver: Receiver, point: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        loop = doomed(notify, receiver, point, patch)
        if point != "in the request":
            with pytest.raises(Killed):
                await loop.deliver_batch()
            return
        known = len(receiver.received)
        receiver.behaviours.append("slow")
        task = asyncio.create_task(loop.deliver_batch())
        while len(receiver.received) == known:
            await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("seed", range(5))
async def test_wherever_a_sender_dies_each_page_arrives_and_a_repeat_is_marked(
    notify: NotifyHarness, seed: int
) -> None:
    dice = random.Random(seed)
    units = [f"500118118{n}" for n in range(201, 201 + PAGES)]
    notify.fill_posts(*units, channels=BOTH)
    await notify.deliver(*(an_assignment(unit) for unit in units))
    async with receiving() as receiver:
        for point in dice.sample(POINTS, k=len(POINTS)):
            await dies(notify, receiver, point)
            if dice.random() < 0.5:
                await notify.make_deliveries_due()
        receiver.behaviours.clear()
        for _ in range(20):
            await notify.make_deliveries_due()
            await notify.webhook_loop(receiver).deliver_batch()
    by_page: dict[str, list[Received]] = defaultdict(list)
    for one in receiver.received:
        by_page[one.data["page_id"]].append(one)
    wanted = await notify.rows("SELECT page_id FROM notify.page WHERE channel = 'webhook'")
    assert set(by_page) == {row["page_id"] for row in wanted}, "none is missing"
    assert len(by_page) == PAGES
    for received in by_page.values():
        unmarked = [one for one in received if not one.data["resend"]]
        assert len(unmarked) <= 1, "nobody is paged_officers twice without a mark"
    states = await notify.rows("SELECT state FROM notify.delivery")
    assert Counter(row["state"] for row in states) == {"sent": PAGES}
