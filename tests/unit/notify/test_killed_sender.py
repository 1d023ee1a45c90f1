"""A sender that crashes at any point: no page is lost, and no repeat is unmarked."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict

import pytest

from services.notify.loops.delivery import DeliveryLoop
from services.notify.loops.settlement import Settlement
from services.notify.store import deliveries
from tests.support.carrier import CarrierRequest, Receiver, running_receiver
from tests.unit.notify.builders import CONSOLE_AND_WEBHOOK, an_assignment
from tests.unit.notify.harness import NotifyHarness

pytestmark = pytest.mark.e2e

PAGES = 60
"""A sender claims ten pages at a time, so that each crashing sender has some."""
POINTS = ("before the claim", "after the claim", "in the request", "before settling", "settling")


class Killed(BaseException):
    """Ends the loop as a signal does: no handler of the loop catches it."""


def crashing_loop(
    notify: NotifyHarness, receiver: Receiver, point: str, patch: pytest.MonkeyPatch
) -> DeliveryLoop:
    """A sender that crashes at that point of its next batch; uncommitted work is lost."""
    loop = notify.webhook_loop(receiver)

    async def raise_killed(*_: object, **__: object) -> None:
        raise Killed

    if point == "before the claim":
        patch.setattr(deliveries, "claim", raise_killed)
    elif point == "after the claim":
        patch.setattr(loop, "_attempt", raise_killed)
    elif point == "before settling":
        patch.setattr(Settlement, "settle", raise_killed)
    elif point == "settling":
        patch.setattr(deliveries, "settle", raise_killed)
    return loop


async def crash(notify: NotifyHarness, receiver: Receiver, point: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        loop = crashing_loop(notify, receiver, point, patch)
        if point != "in the request":
            with pytest.raises(Killed):
                await loop.deliver_batch()
            return
        count = len(receiver.requests)
        receiver.behaviours.append("slow")
        task = asyncio.create_task(loop.deliver_batch())
        while len(receiver.requests) == count:
            await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("seed", range(5))
async def test_a_sender_may_crash_at_any_point_and_each_page_arrives_with_repeats_marked(
    notify: NotifyHarness, seed: int
) -> None:
    dice = random.Random(seed)
    units = [f"500118118{n}" for n in range(201, 201 + PAGES)]
    notify.fill_posts(*units, channels=CONSOLE_AND_WEBHOOK)
    await notify.deliver(*(an_assignment(unit) for unit in units))
    async with running_receiver() as receiver:
        for point in dice.sample(POINTS, k=len(POINTS)):
            await crash(notify, receiver, point)
            if dice.random() < 0.5:
                await notify.make_deliveries_due()
        receiver.behaviours.clear()
        for _ in range(20):
            await notify.make_deliveries_due()
            await notify.webhook_loop(receiver).deliver_batch()
    by_page: dict[str, list[CarrierRequest]] = defaultdict(list)
    for request in receiver.requests:
        by_page[request.data["page_id"]].append(request)
    rows = await notify.rows("SELECT page_id FROM notify.page WHERE channel = 'webhook'")
    assert set(by_page) == {row["page_id"] for row in rows}, "none is missing"
    assert len(by_page) == PAGES
    for received in by_page.values():
        unmarked = [request for request in received if not request.data["resend"]]
        assert len(unmarked) <= 1, "nobody is paged_officers twice without a mark"
    states = await notify.rows("SELECT state FROM notify.delivery")
    assert Counter(row["state"] for row in states) == {"sent": PAGES}
