"""The shortest step of an operator's call plan is one second, on real timers and database time."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from shared.contracts.fields import Level, Post
from tests.unit.notify.builders import DISTRICT, TOWN, VILLAGE, an_assignment
from tests.unit.notify.harness import NotifyHarness
from tests.unit.notify.test_call_rules import a_plan

pytestmark = pytest.mark.e2e

STEP = timedelta(seconds=1)
EXPECTED = [*((VILLAGE, post) for post in Post), (TOWN, Post.B), (DISTRICT, Post.B)]
"""The calls when nobody answers: the posts of the unit, then the officers of the tiers above."""


async def test_a_plan_of_one_second_calls_the_next_post_every_second(notify: NotifyHarness) -> None:
    plan = a_plan("quick", levels=[Level.RED], first_s=1, post_s=1, tier_s=1, steps=[])
    notify.reference.call_rules.replace([plan])
    notify.fill_posts(VILLAGE, TOWN, DISTRICT)
    async with notify.sweeping():
        await notify.deliver(an_assignment(level=Level.RED))
        async with asyncio.timeout(30):
            while len(calls := await called(notify)) < len(EXPECTED):
                await asyncio.sleep(0.1)
    assert [post for post, _ in calls[: len(EXPECTED)]] == EXPECTED
    moments = [at for _, at in calls]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert min(gaps) >= STEP, "never early"


async def called(notify: NotifyHarness) -> list[tuple[tuple[str, Post], datetime]]:
    """The called posts in order, with the database time of each call."""
    pages = [page for page in await notify.pages() if page.version == 1]
    return [((page.unit, page.post), page.sent_at) for page in pages]
