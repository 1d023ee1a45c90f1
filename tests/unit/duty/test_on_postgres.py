"""Changes of plans, handovers and the daily look on a real Postgres."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from services.duty.consumer import DutyConsumer
from services.duty.metrics import DutyMetrics
from shared.contracts.dead_letter import Reason
from shared.contracts.duty import DutyRequest, DutyRule, Leave, Override, Rotation
from shared.contracts.fields import Post, ResponseMode, Status
from shared.contracts.modes import ResponseModeEvent
from shared.contracts.topics import TOPICS
from shared.contracts.units import tier_of
from shared.runtime.database import Database, Transaction
from shared.runtime.errors import Reject
from shared.runtime.inbox import Incoming
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.timers import TimerSweeper
from tests.support.postgres import fresh_database
from tests.unit.duty.plans import TOWN, a_member

pytestmark = pytest.mark.e2e

HOUR = timedelta(hours=1)
DISTRICT, OTHER_TOWN = "500118000000", "500118107000"


def around(now: datetime) -> Rotation:
    """li and ma by twelve hours; li is on for at least the next six hours."""
    begins = now - 3 * HOUR
    return Rotation(
        post=Post.B,
        members=("li", "ma"),
        starts=begins.date(),
        handover=time(begins.hour, begins.minute),
        turn_hours=12,
        zone="UTC",
    )


class Desk:
    """The service without Kafka: batches by hand, sweeps when told."""

    def __init__(self, database: Database) -> None:
        self.database = database
        consumer = DutyConsumer(DutyMetrics(CollectorRegistry()))
        self._consumer = consumer
        self._sweeper = TimerSweeper(
            database, consumer.lock, consumer.fire, RuntimeMetrics(CollectorRegistry())
        )
        self._numbers = itertools.count(1)

    def request(
        self, rule: DutyRule | None, entry: str, unit: str = TOWN, **other: Any
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
                **other,
            }
        )

    def turns(
        self, mode: ResponseMode, unit: str = DISTRICT, version: int = 1, **other: Any
    ) -> ResponseModeEvent:
        """A decision about a unit's response mode."""
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
                **other,
            }
        )

    async def takes(self, *requests: DutyRequest | ResponseModeEvent) -> list[Any]:
        """What was published, decoded by the contract of its topic."""
        last = await self.value("SELECT coalesce(max(seq), 0) FROM duty.outbox")
        async with self.database.transaction() as work:
            await self.applies(work, *requests)
        return await self.told(last)

    async def applies(self, work: Transaction, *requests: DutyRequest | ResponseModeEvent) -> None:
        batch = [Incoming(request, "-", 0, n, 0) for n, request in enumerate(requests)]
        await self._consumer.apply(work, batch)

    async def puts(self, entry: str, rule: DutyRule, **other: Any) -> list[Any]:
        return await self.takes(self.request(rule, entry, **other))

    async def sweeps(self) -> list[Any]:
        last = await self.value("SELECT coalesce(max(seq), 0) FROM duty.outbox")
        await self._sweeper.sweep()
        return await self.told(last)

    async def told(self, after: int) -> list[Any]:
        async with self.database.transaction() as work:
            rows = await work.connection.fetch(
                "SELECT topic, key, value FROM duty.outbox WHERE seq > $1 ORDER BY seq", after
            )
        return [TOPICS[row["topic"]].model.validate_json(row["value"]) for row in rows]

    async def value(self, query: str, *values: Any) -> Any:
        async with self.database.transaction() as work:
            return await work.connection.fetchval(query, *values)

    async def move(self, seconds: float) -> None:
        """Let armed timers become due by so much earlier."""
        await self.value(
            "UPDATE duty.timer SET due_at = due_at - $1::interval WHERE state = 'armed'",
            timedelta(seconds=seconds),
        )

    async def armed(self) -> dict[str, datetime]:
        async with self.database.transaction() as work:
            rows = await work.connection.fetch(
                "SELECT kind, due_at FROM duty.timer WHERE state = 'armed' AND subject_id = $1",
                TOWN,
            )
        return {row["kind"]: row["due_at"] for row in rows}


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with fresh_database() as address:
        yield address


@pytest.fixture
async def desk(dsn: str) -> AsyncIterator[Desk]:
    database = Database(dsn, "duty")
    await database.start(10)
    async with database.transaction() as work:
        await work.connection.execute(
            "TRUNCATE duty.unit, duty.entry, duty.told, duty.mode, duty.timer, duty.outbox"
        )
    found = Desk(database)
    yield found
    await database.stop()


async def staffed(desk: Desk) -> datetime:
    now = datetime.now(UTC)
    await desk.takes(
        desk.request(a_member("li", "13800000001"), "m-li"),
        desk.request(a_member("ma"), "m-ma"),
    )
    return now


def kinds(published: list[Any]) -> list[str]:
    return [one.type for one in published]


async def test_a_rotation_fills_the_post_and_arms_its_handover(desk: Desk) -> None:
    now = await staffed(desk)
    entry, slot = await desk.puts("turns", around(now))
    assert (entry.type, entry.version, entry.actor) == ("duty_entry", 1, "o-boss")
    assert (slot.unit, slot.post, slot.officer.officer_id) == (TOWN, Post.B, "li")
    assert slot.officer.phone == "13800000001"
    armed = await desk.armed()
    assert armed.keys() == {"handover", "look"}
    assert now + 8 * HOUR < armed["handover"] <= now + 10 * HOUR
    assert await desk.sweeps() == [], "not early"


async def test_a_handover_is_told_once_and_the_next_is_armed(desk: Desk) -> None:
    now = await staffed(desk)
    override = Override(
        post=Post.B, begin=now - HOUR, end=now + timedelta(seconds=3), officer_id="ma"
    )
    await desk.puts("turns", around(now))
    (_, slot) = await desk.puts("once", override)
    assert slot.officer.officer_id == "ma"
    due = (await desk.armed())["handover"]
    assert due == override.end
    while await desk.value("SELECT now() < $1", due):
        pass
    (slot,) = await desk.sweeps()
    assert slot.officer.officer_id == "li"
    assert await desk.sweeps() == []
    assert (await desk.armed())["handover"] > now + 8 * HOUR


async def test_the_same_change_twice_is_one(desk: Desk) -> None:
    now = await staffed(desk)
    assert kinds(await desk.puts("turns", around(now))) == ["duty_entry", "roster_slot"]
    assert await desk.puts("turns", around(now)) == []
    assert kinds(await desk.takes(desk.request(None, "turns"))) == [
        "duty_entry",
        "roster_slot",
        "duty_coverage",
    ]
    assert await desk.takes(desk.request(None, "turns")) == []


async def test_leave_opens_a_gap_that_is_raised_once_and_an_override_closes_it(desk: Desk) -> None:
    now = await staffed(desk)
    await desk.puts("turns", around(now))
    away = Leave(officer_id="li", begin=now + 48 * HOUR, end=now + 96 * HOUR)
    entry, coverage = await desk.puts("away", away)
    assert coverage.gaps
    assert sum((g.end - g.begin) / HOUR for g in coverage.gaps) == pytest.approx(24, abs=0.1)
    assert all(away.begin <= gap.begin and gap.end <= away.end for gap in coverage.gaps)
    assert "空班" in coverage.headline
    assert await desk.puts("m-ma", a_member("ma")) == [], "nothing has changed"
    stand_in = Override(post=Post.B, begin=away.begin, end=away.end, officer_id="ma")
    entry, coverage = await desk.puts("stand-in", stand_in)
    assert entry.rule == stand_in
    assert coverage.gaps == ()


async def test_the_daily_look_raises_a_gap_that_comes_into_sight_and_no_other_twice(
    desk: Desk,
) -> None:
    now = await staffed(desk)
    ends = (now + timedelta(days=20)).date()
    _, _, coverage = await desk.puts("turns", around(now).model_copy(update={"ends": ends}))
    assert len(coverage.gaps) == 1
    await desk.move(25 * 3600)
    assert await desk.sweeps() == [], "the same gap, cut off by the horizon, is not news"
    assert (await desk.armed())["look"] > now + 23 * HOUR
    # As if the last look had seen less far: what lies behind it is news.
    await desk.value("UPDATE duty.told SET seen_until = $1, gaps = '[]'", now + timedelta(days=19))
    await desk.move(25 * 3600)
    (coverage,) = await desk.sweeps()
    assert (coverage.unit, coverage.post, len(coverage.gaps)) == (TOWN, Post.B, 1)


async def test_a_new_phone_is_told_and_who_is_no_member_any_more_holds_nothing(desk: Desk) -> None:
    now = await staffed(desk)
    await desk.puts("turns", around(now))
    _, slot = await desk.puts("m-li", a_member("li", "13900000009"))
    assert slot.officer.phone == "13900000009"
    entry, slot = await desk.takes(desk.request(None, "m-li"))
    assert entry.cancelled
    assert slot.officer is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": Status.EXERCISE}, Reason.NOT_ALLOWED),
        ({"origin_unit": OTHER_TOWN}, Reason.NOT_ALLOWED),
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
async def test_what_may_not_be_is_rejected(
    desk: Desk, change: dict[str, Any], reason: Reason
) -> None:
    await staffed(desk)
    rotation = Rotation(post=Post.B, members=("li",), starts=date(2026, 1, 1))
    request = desk.request(rotation, "new").model_copy(update=change)
    with pytest.raises(Reject) as refused:
        await desk.takes(request)
    assert refused.value.reason is reason
    assert await desk.value("SELECT count(*) FROM duty.entry") == 2


async def test_a_unit_above_plans_too_and_entries_are_named_within_their_unit(desk: Desk) -> None:
    now = await staffed(desk)
    result = await desk.puts("turns", around(now), origin_unit=DISTRICT)
    assert kinds(result) == ["duty_entry", "roster_slot"]
    (other,) = await desk.puts("turns", a_member("wu"), unit=OTHER_TOWN)
    assert (other.unit, other.version) == (OTHER_TOWN, 1)
    assert other.id != result[0].id


async def test_an_entry_that_is_over_can_be_put_anew(desk: Desk) -> None:
    now = await staffed(desk)
    await desk.puts("turns", around(now))
    past = Override(post=Post.B, begin=now - 2 * HOUR, end=now - HOUR, officer_id="ma")
    assert kinds(await desk.puts("once", past)) == ["duty_entry"]
    entry, slot = await desk.puts("once", past.model_copy(update={"end": now + HOUR}))
    assert (entry.version, slot.officer.officer_id) == (2, "ma")


async def test_a_whole_plan_in_one_batch_is_looked_at_once(desk: Desk) -> None:
    now = datetime.now(UTC)
    batch = [desk.request(a_member(f"o{n}"), f"m-{n}") for n in range(40)]
    batch += [
        desk.request(
            around(now).model_copy(update={"members": tuple(f"o{n}" for n in range(40))}), "turns"
        )
    ]
    published = await desk.takes(*batch)
    assert kinds(published) == ["duty_entry"] * 41 + ["roster_slot"]


EMERGENCY, NORMAL = ResponseMode.EMERGENCY, ResponseMode.NORMAL


def a_war_roster(desk: Desk, unit: str = TOWN) -> list[DutyRequest]:
    """li has the post for hours, ma in emergency mode."""
    ordinary = around(datetime.now(UTC))
    war = ordinary.model_copy(update={"members": ("ma",), "modes": (EMERGENCY,)})
    return [
        *(desk.request(a_member(name), f"m-{name}", unit) for name in ("li", "ma")),
        desk.request(ordinary, "turns", unit),
        desk.request(war, "war", unit),
    ]


def holders(published: list[Any]) -> list[tuple[str, str]]:
    return [(one.unit, one.officer.officer_id) for one in published if one.type == "roster_slot"]


async def test_the_modes_roster_comes_into_force_with_the_mode_and_goes_with_it(desk: Desk) -> None:
    await desk.takes(*a_war_roster(desk))
    assert holders(await desk.takes(desk.turns(EMERGENCY))) == [(TOWN, "ma")], "inherited"
    assert holders(await desk.takes(desk.turns(NORMAL, version=2))) == [(TOWN, "li")]
    assert await desk.takes(desk.turns(EMERGENCY, version=1)) == [], "an older decision"


async def test_a_mode_beside_it_or_of_a_drill_changes_no_roster(desk: Desk) -> None:
    await desk.takes(*a_war_roster(desk))
    await desk.takes(*a_war_roster(desk, OTHER_TOWN))
    assert await desk.takes(desk.turns(EMERGENCY, status=Status.EXERCISE)) == []
    assert holders(await desk.takes(desk.turns(EMERGENCY, OTHER_TOWN))) == [(OTHER_TOWN, "ma")]


async def test_a_plan_made_while_the_mode_holds_goes_by_it(desk: Desk) -> None:
    await desk.takes(desk.turns(EMERGENCY))
    assert holders(await desk.takes(*a_war_roster(desk))) == [(TOWN, "ma")]


async def test_a_mode_waits_for_a_plan_that_is_being_made_and_looks_at_it_too(desk: Desk) -> None:
    async with desk.database.transaction() as work:
        await desk.applies(work, *a_war_roster(desk))
        turning = asyncio.create_task(desk.takes(desk.turns(EMERGENCY)))
        while not await desk.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)
        assert not turning.done()
    told = holders(await turning)
    assert told[-1] == (TOWN, "ma"), "the unit was new when the mode came"
