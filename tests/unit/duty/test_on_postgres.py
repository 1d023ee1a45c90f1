"""Changes of plans, handovers and the daily evaluation on a real Postgres."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from services.duty.app import build
from services.duty.settings import Settings
from shared.contracts.dead_letter import Reason
from shared.contracts.duty import DutyRequest, DutyRule, Leave, Override, Rotation
from shared.contracts.fields import Post, ResponseMode, Status
from shared.contracts.modes import ResponseModeEvent
from shared.contracts.topics import DUTY_REQUESTS, RESPONSE_MODES, TopicSpec
from shared.contracts.units import tier_of
from shared.runtime.database import Transaction
from shared.runtime.errors import Reject
from tests.support.postgres import fresh_database
from tests.support.service_driver import ServiceDriver, driven
from tests.unit.duty.plans import TOWN, a_member

pytestmark = pytest.mark.e2e

HOUR = timedelta(hours=1)
DISTRICT, SECOND_TOWN = "500118000000", "500118107000"


def around(now: datetime) -> Rotation:
    """li and ma in turns of twelve hours; li is on duty for at least the next six hours."""
    begins = now - 3 * HOUR
    return Rotation(
        post=Post.B,
        members=("li", "ma"),
        starts=begins.date(),
        handover=time(begins.hour, begins.minute),
        turn_hours=12,
        zone="UTC",
    )


class DutyHarness:
    """Duty as its own `build` makes it; builds requests and reads back what was published."""

    def __init__(self, driver: ServiceDriver) -> None:
        self._driver = driver
        self._numbers = itertools.count(1)

    def request(
        self, rule: DutyRule | None, entry: str, unit: str = TOWN, **fields: Any
    ) -> DutyRequest:
        now = datetime.now(UTC)
        return DutyRequest(
            **{
                "id": f"req-{next(self._numbers)}",
                "occurred_at": now,
                "sent_at": now,
                "origin_unit": unit,
                "tier": tier_of(unit),
                "verb": "put" if rule is not None else "cancel",
                "entry_id": entry,
                "unit": unit,
                "rule": rule,
                "officer_id": "o-boss",
                "post": Post.COMMANDER,
                **fields,
            }
        )

    def mode_event(
        self, mode: ResponseMode, unit: str = DISTRICT, version: int = 1, **fields: Any
    ) -> ResponseModeEvent:
        """Return a decision about a unit's response mode."""
        now = datetime.now(UTC)
        return ResponseModeEvent(
            **{
                "id": f"mode-{next(self._numbers)}",
                "occurred_at": now,
                "sent_at": now,
                "origin_unit": unit,
                "tier": tier_of(unit),
                "unit": unit,
                "version": version,
                "mode": mode,
                "title": "平急转换",
                "decided_by": ("b", "a"),
                **fields,
            }
        )

    async def deliver(self, *messages: DutyRequest | ResponseModeEvent) -> list[Any]:
        """Handle these messages in one transaction and return the published records."""
        return await self._driver.deliver(*map(with_topic, messages))

    async def handle(
        self, transaction: Transaction, *messages: DutyRequest | ResponseModeEvent
    ) -> None:
        """Handle these messages inside a transaction of the test."""
        await self._driver.handle(transaction, [*map(with_topic, messages)])

    async def put(self, entry: str, rule: DutyRule, **fields: Any) -> list[Any]:
        """Put an entry into the plan and return the published records."""
        return await self.deliver(self.request(rule, entry, **fields))

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction of the test's own."""
        return self._driver.database.transaction()

    async def fire_timers(self) -> list[Any]:
        return await self._driver.fire_timers()

    async def value(self, query: str, *values: Any) -> Any:
        return await self._driver.value(query, *values)

    async def move(self, seconds: float) -> None:
        """Make armed timers due earlier by so many seconds."""
        await self.value(
            "UPDATE duty.timer SET due_at = due_at - $1::interval WHERE state = 'armed'",
            timedelta(seconds=seconds),
        )

    async def armed(self) -> dict[str, datetime]:
        rows = await self._driver.database.pool.fetch(
            "SELECT kind, due_at FROM duty.timer WHERE state = 'armed' AND subject_id = $1", TOWN
        )
        return {row["kind"]: row["due_at"] for row in rows}


def with_topic(message: DutyRequest | ResponseModeEvent) -> tuple[TopicSpec, Any]:
    return (DUTY_REQUESTS if isinstance(message, DutyRequest) else RESPONSE_MODES), message


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with fresh_database() as address:
        yield address


@pytest.fixture
async def duty(dsn: str) -> AsyncIterator[DutyHarness]:
    async with driven(build, Settings, dsn) as driver:
        await driver.database.pool.execute(
            "TRUNCATE duty.unit, duty.entry, duty.published_post, duty.mode, duty.timer, "
            "duty.outbox"
        )
        yield DutyHarness(driver)


async def staffed(duty: DutyHarness) -> datetime:
    now = datetime.now(UTC)
    await duty.deliver(
        duty.request(a_member("li", "13800000001"), "m-li"),
        duty.request(a_member("ma"), "m-ma"),
    )
    return now


def kinds(published: list[Any]) -> list[str]:
    return [record.type for record in published]


async def test_a_rotation_fills_the_post_and_arms_its_handover(duty: DutyHarness) -> None:
    now = await staffed(duty)
    entry, slot = await duty.put("turns", around(now))
    assert (entry.type, entry.version, entry.actor) == ("duty_entry", 1, "o-boss")
    assert (slot.unit, slot.post, slot.officer.officer_id) == (TOWN, Post.B, "li")
    assert slot.officer.phone == "13800000001"
    armed = await duty.armed()
    assert armed.keys() == {"handover", "evaluation"}
    assert now + 8 * HOUR < armed["handover"] <= now + 10 * HOUR
    assert await duty.fire_timers() == [], "not early"


async def test_a_handover_is_published_once_and_the_next_is_armed(duty: DutyHarness) -> None:
    now = await staffed(duty)
    override = Override(
        post=Post.B, begin=now - HOUR, end=now + timedelta(seconds=3), officer_id="ma"
    )
    await duty.put("turns", around(now))
    (_, slot) = await duty.put("once", override)
    assert slot.officer.officer_id == "ma"
    due = (await duty.armed())["handover"]
    assert due == override.end
    while await duty.value("SELECT now() < $1", due):
        pass
    (slot,) = await duty.fire_timers()
    assert slot.officer.officer_id == "li"
    assert await duty.fire_timers() == []
    assert (await duty.armed())["handover"] > now + 8 * HOUR


async def test_the_same_change_twice_is_one(duty: DutyHarness) -> None:
    now = await staffed(duty)
    assert kinds(await duty.put("turns", around(now))) == ["duty_entry", "roster_slot"]
    assert await duty.put("turns", around(now)) == []
    assert kinds(await duty.deliver(duty.request(None, "turns"))) == [
        "duty_entry",
        "roster_slot",
        "duty_coverage",
    ]
    assert await duty.deliver(duty.request(None, "turns")) == []


async def test_leave_opens_a_gap_that_is_published_once_and_an_override_closes_it(
    duty: DutyHarness,
) -> None:
    now = await staffed(duty)
    await duty.put("turns", around(now))
    away = Leave(officer_id="li", begin=now + 48 * HOUR, end=now + 96 * HOUR)
    entry, coverage = await duty.put("away", away)
    assert coverage.gaps
    assert sum((g.end - g.begin) / HOUR for g in coverage.gaps) == pytest.approx(24, abs=0.1)
    assert all(away.begin <= gap.begin and gap.end <= away.end for gap in coverage.gaps)
    assert "空班" in coverage.headline
    assert await duty.put("m-ma", a_member("ma")) == [], "nothing has changed"
    stand_in = Override(post=Post.B, begin=away.begin, end=away.end, officer_id="ma")
    entry, coverage = await duty.put("stand-in", stand_in)
    assert entry.rule == stand_in
    assert coverage.gaps == ()


async def test_the_daily_evaluation_publishes_a_gap_that_enters_the_horizon_once(
    duty: DutyHarness,
) -> None:
    now = await staffed(duty)
    ends = (now + timedelta(days=20)).date()
    _, _, coverage = await duty.put("turns", around(now).model_copy(update={"ends": ends}))
    assert len(coverage.gaps) == 1
    await duty.move(25 * 3600)
    assert await duty.fire_timers() == [], "the same gap, cut off by the horizon, is not news"
    assert (await duty.armed())["evaluation"] > now + 23 * HOUR
    # As if the last evaluation had ended earlier: later gaps are new.
    await duty.value(
        "UPDATE duty.published_post SET evaluated_until = $1, gaps = '[]'", now + timedelta(days=19)
    )
    await duty.move(25 * 3600)
    (coverage,) = await duty.fire_timers()
    assert (coverage.unit, coverage.post, len(coverage.gaps)) == (TOWN, Post.B, 1)


async def test_a_new_phone_is_published_and_a_former_member_holds_no_post(
    duty: DutyHarness,
) -> None:
    now = await staffed(duty)
    await duty.put("turns", around(now))
    _, slot = await duty.put("m-li", a_member("li", "13900000009"))
    assert slot.officer.phone == "13900000009"
    entry, slot = await duty.deliver(duty.request(None, "m-li"))
    assert entry.cancelled
    assert slot.officer is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": Status.EXERCISE}, Reason.NOT_ALLOWED),
        ({"origin_unit": SECOND_TOWN}, Reason.NOT_ALLOWED),
        (
            {
                "rule": Leave(
                    officer_id="x",
                    begin=datetime(2026, 1, 1, tzinfo=UTC),
                    end=datetime(2026, 1, 2, tzinfo=UTC),
                )
            },
            Reason.UNKNOWN_SUBJECT,
        ),
        ({"verb": "cancel"}, Reason.UNKNOWN_SUBJECT),
        ({"rule": None, "verb": "put"}, Reason.SCHEMA),
    ],
)
async def test_an_inadmissible_change_is_rejected(
    duty: DutyHarness, change: dict[str, Any], reason: Reason
) -> None:
    await staffed(duty)
    rotation = Rotation(post=Post.B, members=("li",), starts=date(2026, 1, 1))
    request = duty.request(rotation, "new").model_copy(update=change)
    with pytest.raises(Reject) as refused:
        await duty.deliver(request)
    assert refused.value.reason is reason
    assert await duty.value("SELECT count(*) FROM duty.entry") == 2


async def test_a_unit_above_plans_too_and_entries_are_named_within_their_unit(
    duty: DutyHarness,
) -> None:
    now = await staffed(duty)
    result = await duty.put("turns", around(now), origin_unit=DISTRICT)
    assert kinds(result) == ["duty_entry", "roster_slot"]
    (entry,) = await duty.put("turns", a_member("wu"), unit=SECOND_TOWN)
    assert (entry.unit, entry.version) == (SECOND_TOWN, 1)
    assert entry.id != result[0].id


async def test_an_ended_entry_can_be_changed(duty: DutyHarness) -> None:
    now = await staffed(duty)
    await duty.put("turns", around(now))
    past = Override(post=Post.B, begin=now - 2 * HOUR, end=now - HOUR, officer_id="ma")
    assert kinds(await duty.put("once", past)) == ["duty_entry"]
    entry, slot = await duty.put("once", past.model_copy(update={"end": now + HOUR}))
    assert (entry.version, slot.officer.officer_id) == (2, "ma")


async def test_a_plan_in_one_transaction_is_evaluated_once(duty: DutyHarness) -> None:
    now = datetime.now(UTC)
    batch = [duty.request(a_member(f"o{n}"), f"m-{n}") for n in range(40)]
    batch += [
        duty.request(
            around(now).model_copy(update={"members": tuple(f"o{n}" for n in range(40))}), "turns"
        )
    ]
    published = await duty.deliver(*batch)
    assert kinds(published) == ["duty_entry"] * 41 + ["roster_slot"]


EMERGENCY, NORMAL = ResponseMode.EMERGENCY, ResponseMode.NORMAL


def a_plan_with_emergency_roster(duty: DutyHarness, unit: str = TOWN) -> list[DutyRequest]:
    """li holds the post for hours, ma in emergency mode."""
    ordinary = around(datetime.now(UTC))
    emergency = ordinary.model_copy(update={"members": ("ma",), "modes": (EMERGENCY,)})
    return [
        *(duty.request(a_member(name), f"m-{name}", unit) for name in ("li", "ma")),
        duty.request(ordinary, "turns", unit),
        duty.request(emergency, "emergency", unit),
    ]


def holders(published: list[Any]) -> list[tuple[str, str]]:
    return [
        (slot.unit, slot.officer.officer_id) for slot in published if slot.type == "roster_slot"
    ]


async def test_the_modes_roster_comes_into_force_with_the_mode_and_goes_with_it(
    duty: DutyHarness,
) -> None:
    await duty.deliver(*a_plan_with_emergency_roster(duty))
    assert holders(await duty.deliver(duty.mode_event(EMERGENCY))) == [(TOWN, "ma")], "inherited"
    assert holders(await duty.deliver(duty.mode_event(NORMAL, version=2))) == [(TOWN, "li")]
    assert await duty.deliver(duty.mode_event(EMERGENCY, version=1)) == [], "an older decision"


async def test_a_mode_of_another_unit_or_of_a_drill_changes_no_roster(duty: DutyHarness) -> None:
    await duty.deliver(*a_plan_with_emergency_roster(duty))
    await duty.deliver(*a_plan_with_emergency_roster(duty, SECOND_TOWN))
    assert await duty.deliver(duty.mode_event(EMERGENCY, status=Status.EXERCISE)) == []
    assert holders(await duty.deliver(duty.mode_event(EMERGENCY, SECOND_TOWN))) == [
        (SECOND_TOWN, "ma")
    ]


async def test_a_new_plan_follows_the_mode_in_force(duty: DutyHarness) -> None:
    await duty.deliver(duty.mode_event(EMERGENCY))
    assert holders(await duty.deliver(*a_plan_with_emergency_roster(duty))) == [(TOWN, "ma")]


async def test_a_mode_waits_for_a_concurrent_plan_and_evaluates_it(
    duty: DutyHarness,
) -> None:
    async with duty.transaction() as transaction:
        await duty.handle(transaction, *a_plan_with_emergency_roster(duty))
        mode_change = asyncio.create_task(duty.deliver(duty.mode_event(EMERGENCY)))
        while not await duty.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)
        assert not mode_change.done()
    slots = holders(await mode_change)
    assert slots[-1] == (TOWN, "ma"), "the unit was new when the mode came"
