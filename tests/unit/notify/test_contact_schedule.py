"""The schedule of communication tests: spread, within the hours, by durable timers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.core.contact_tests.plans import (
    ContactTestPlans,
    TestedPost,
    is_quiet,
    next_due,
)
from services.notify.loops.contact_test_schedule import ContactTestScheduler
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Post, Status
from shared.contracts.pages import Channel
from shared.contracts.topics import REACHABILITY
from shared.runtime.errors import Reject
from tests.unit.notify.builders import CITY, TOWN, VILLAGE, an_answer, full_roster
from tests.unit.notify.harness import NotifyHarness
from tests.unit.notify.test_contact_tests import MIDDAY, a_request, a_test_plan

SHANGHAI = ZoneInfo("Asia/Shanghai")


@given(
    st.datetimes(
        datetime(2024, 1, 1),  # noqa: DTZ001
        datetime(2030, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    st.integers(1, 60),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns"]),
    st.sampled_from(
        [TestedPost("weekly", unit, post) for unit in (CITY, TOWN, VILLAGE) for post in Post]
    ),
)
def test_the_next_time_is_later_within_the_hours_and_no_more_than_a_period_away(
    after: datetime, days: int, zone: str, place: TestedPost
) -> None:
    plan = a_test_plan(every_days=days, zone=zone, begin=time(9, 30), end=time(11, 0))
    due = next_due(plan, place, after)
    assert after < due <= after + timedelta(days=days, hours=2)
    assert not is_quiet(plan, due)
    assert next_due(plan, place, due - timedelta(seconds=1)) == due, "whenever it is asked"


def test_posts_are_spread_over_days_and_minutes() -> None:
    plan = a_test_plan()
    dues = {
        next_due(plan, TestedPost("weekly", f"5001181182{n:02}", Post.B), MIDDAY).astimezone(
            SHANGHAI
        )
        for n in range(60)
    }
    assert len({due.weekday() for due in dues}) == 7
    assert len({due.time() for due in dues}) > 40


def test_a_disabled_or_removed_plan_tests_nobody() -> None:
    roster, plans = full_roster(), ContactTestPlans([a_test_plan()])
    assert len(list(plans.schedule(roster, MIDDAY))) == 8
    plans.replace([a_test_plan(version=2, enabled=False)])
    assert (list(plans.schedule(roster, MIDDAY)), plans.get("weekly")) == ([], None)
    plans.replace([])
    assert list(plans.schedule(roster, MIDDAY)) == []


async def _scheduled(notify: NotifyHarness) -> int:
    query = "SELECT count(*) FROM notify.timer WHERE kind = 'contact_test' AND state = 'armed'"
    return int(await notify.value(query))


@pytest.mark.e2e
async def test_a_schedule_is_durable_and_evidence_is_published_once(notify: NotifyHarness) -> None:
    notify.fill_posts(TOWN, channels=(Channel.CONSOLE, Channel.WEBHOOK))
    notify.reference.test_plans.replace(
        [a_test_plan(begin=time(0, 0), end=time(23, 59), zone="UTC", every_days=2)]
    )
    scheduler = ContactTestScheduler(notify.database, notify.reference)
    await scheduler.schedule_all()
    await scheduler.schedule_all()
    assert await _scheduled(notify) == 2
    await _make_due(notify)
    pages = await notify.pass_time(0)
    assert {page.status for page in pages} == {Status.TEST}
    assert len(pages) == 4
    assert await _scheduled(notify) == 2, "each post has its next time at once"
    assert await notify.escalations_without_timer() == 0
    console = next(page for page in pages if page.channel is Channel.CONSOLE)
    await notify.deliver(an_answer(console))
    record = await _newest_record(notify, console.officer_id)
    assert [(reach["channel"], reach["last"], reach["tested"]) for reach in record["channels"]] == [
        ("console", "answered", "answered")
    ]
    notify.reference.test_plans.replace([])  # The next test may be due within the half hour.
    await notify.pass_time(1_800)
    record = await _newest_record(notify, console.officer_id)
    assert record["version"] == 1, "the webhook's page never left: it shows nothing"
    assert await notify.value("SELECT count(*) FROM notify.delivery WHERE state = 'queued'") == 0


async def _make_due(notify: NotifyHarness) -> None:
    async with notify.database.transaction() as transaction:
        await transaction.connection.execute(
            "UPDATE notify.timer SET due_at = now() WHERE kind = 'contact_test'"
        )


async def _newest_record(notify: NotifyHarness, officer: str) -> dict[str, Any]:
    rows = await notify.rows(
        "SELECT value FROM notify.outbox WHERE topic = $1 AND key = $2 ORDER BY seq",
        REACHABILITY.name,
        officer,
    )
    results: dict[str, Any] = json.loads(rows[-1]["value"])
    assert len(rows) == results["version"], "each version once"
    return results


@pytest.mark.e2e
async def test_a_request_is_applied_or_refused_with_a_reason(notify: NotifyHarness) -> None:
    notify.fill_posts(TOWN)
    assert len(await notify.deliver(a_request())) == 3
    for wrong, reason in (
        (a_request(TOWN, by=VILLAGE, number=2), Reason.NOT_ALLOWED),
        (a_request(of="o-nobody", number=3), Reason.UNKNOWN_SUBJECT),
    ):
        with pytest.raises(Reject) as refused:
            await notify.deliver(wrong)
        assert refused.value.reason is reason
