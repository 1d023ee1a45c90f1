"""Consumer, timers and deliveries on a real Postgres."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from services.notify.channels.off import Off
from services.notify.channels.port import Tools
from services.notify.channels.webhook import Webhook
from services.notify.consumer import NotifyConsumer
from services.notify.core.profiles import PROFILES
from services.notify.loops import DeliveryLoop
from services.notify.metrics import NotifyMetrics
from services.notify.store import ladders
from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.commands import AssignmentState
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Level, Post, ResponseMode, Status
from shared.contracts.modes import ProposalState
from shared.contracts.pages import AnswerVerb, Channel, Page, PageState
from shared.contracts.reports import DutyState
from shared.runtime.clock import SystemClock
from shared.runtime.database import Database
from shared.runtime.errors import Reject
from shared.runtime.inbox import Incoming
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.timers import TimerSweeper
from tests.support.postgres import fresh_database
from tests.unit.notify.builders import (
    BOTH,
    CITY,
    DISTRICT,
    TOWN,
    VILLAGE,
    a_mode,
    a_proposal,
    a_slot,
    a_supervision,
    an_alert,
    an_answer,
    an_assignment,
    name_of,
)
from tests.unit.notify.receiver import SECRET, Behaviour, Receiver, receiving
from tests.unit.notify.test_reports import a_call, a_duty, at

pytestmark = pytest.mark.e2e


class Desk:
    """The service without Kafka: batches by hand, sweeps and delivery rounds when told."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.registry = CollectorRegistry()
        self.metrics = NotifyMetrics(self.registry)
        self.consumer = NotifyConsumer(PROFILES["demo"], frozenset(Channel), self.metrics)
        self._sweeper = TimerSweeper(
            database, self.consumer.lock, self.consumer.fire, RuntimeMetrics(CollectorRegistry())
        )
        self._offsets = itertools.count()

    def staff(self, *units: str, channels: tuple[Channel, ...] = (Channel.CONSOLE,)) -> None:
        for unit, post in itertools.product(units, Post):
            self.consumer.take_slot(a_slot(unit, post, name_of(unit, post), channels))

    async def takes(self, *messages: Any) -> list[Page]:
        batch = [Incoming(one, "-", 0, next(self._offsets), 0) for one in messages]
        before = await self.value("SELECT coalesce(max(seq), 0) FROM notify.outbox")
        async with self.database.transaction() as work:
            await self.consumer.apply(work, batch)
        return await self.pages(before)

    async def passes(self, seconds: float) -> list[Page]:
        """Let the timers become due by moving them, then sweep."""
        before = await self.value("SELECT coalesce(max(seq), 0) FROM notify.outbox")
        async with self.database.transaction() as work:
            await work.connection.execute(
                "UPDATE notify.timer SET due_at = due_at - $1::interval WHERE state = 'armed'",
                timedelta(seconds=seconds),
            )
        await self._sweeper.sweep()
        return await self.pages(before)

    async def pages(self, after: int = 0) -> list[Page]:
        rows = await self.rows("SELECT value FROM notify.outbox WHERE seq > $1 ORDER BY seq", after)
        return [Page.model_validate_json(row["value"]) for row in rows]

    async def rows(self, query: str, *values: Any) -> list[Any]:
        async with self.database.transaction() as work:
            return list(await work.connection.fetch(query, *values))

    async def value(self, query: str, *values: Any) -> Any:
        return (await self.rows(query, *values))[0][0]

    async def unguarded(self) -> int:
        """Open ladders that do not have exactly one armed answer timer."""
        return int(
            await self.value(
                "SELECT count(*) FROM notify.ladder AS l WHERE l.state = 'open' AND 1 <> "
                "(SELECT count(*) FROM notify.timer AS t WHERE t.subject_id = l.ladder_id "
                "AND t.kind = 'answer' AND t.state = 'armed')"
            )
        )

    def sender(self, receiver: Receiver, lease_s: float = 20) -> DeliveryLoop:
        tools = Tools(SystemClock(), timeout_s=0.3)
        webhook = Webhook(receiver.url, SecretStr(SECRET), tools)
        lease, channels = timedelta(seconds=lease_s), [Channel.WEBHOOK]
        return DeliveryLoop(self.database, channels, webhook, self.consumer, self.metrics, lease)

    async def hurry(self) -> None:
        """Make waiting deliveries due and running leases expire."""
        async with self.database.transaction() as work:
            await work.connection.execute(
                "UPDATE notify.delivery SET next_at = now(), "
                "lease_until = least(lease_until, now() - interval '1 second')"
            )


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with fresh_database() as address:
        yield address


@pytest.fixture
async def desk(dsn: str) -> AsyncIterator[Desk]:
    database = Database(dsn, "notify")
    await database.start(10)
    async with database.transaction() as work:
        await work.connection.execute(
            "TRUNCATE notify.ladder, notify.page, notify.delivery, notify.alert, "
            "notify.assignment, notify.timer, notify.outbox"
        )
    yield Desk(database)
    await database.stop()


async def test_a_ladder_lives_in_the_database_from_call_to_answer(desk: Desk) -> None:
    desk.staff(VILLAGE, TOWN, DISTRICT, CITY)
    (first,) = await desk.takes(an_assignment())
    assert (first.unit, first.post, first.state) == (VILLAGE, Post.B, PageState.SENT)
    assert await desk.passes(1) == [], "not early"
    missed, second = await desk.passes(5)
    assert (missed.page_id, missed.state) == (first.page_id, PageState.NO_ANSWER)
    assert (second.post, second.rung) == (Post.A, 1)
    assert await desk.unguarded() == 0
    (answered,) = await desk.takes(an_answer(second))
    assert (answered.page_id, answered.state) == (second.page_id, PageState.ANSWERED)
    assert await desk.passes(60) == []
    row = (await desk.rows("SELECT state, answered_by, due_at FROM notify.ladder"))[0]
    assert tuple(row) == ("answered", second.officer_id, None)


async def test_one_batch_may_call_and_settle(desk: Desk) -> None:
    desk.staff(VILLAGE, TOWN, DISTRICT, CITY, channels=BOTH)
    pages = await desk.takes(
        an_assignment(), an_assignment(state=AssignmentState.SIGNED, version=2)
    )
    assert [one.state for one in pages] == ["sent", "queued", "no_answer", "no_answer"]
    assert await desk.value("SELECT count(*) FROM notify.delivery") == 0
    assert await desk.passes(60) == []
    assert await desk.takes(a_supervision()) == []


async def test_an_alert_changes_hands_over_several_batches(desk: Desk) -> None:
    desk.staff(TOWN, DISTRICT, CITY)
    assert len(await desk.takes(an_alert())) == 2
    await desk.passes(6)
    raised = await desk.takes(
        an_alert(2, AlertTransition.UPDATED, proposed=Level.RED, approver=CITY)
    )
    new = [one for one in raised if one.version == 1]
    assert {(one.unit, one.post) for one in new} == {(TOWN, Post.A), (CITY, Post.B)}
    assert await desk.unguarded() == 0
    await desk.takes(an_alert(3, AlertTransition.DISMISSED, AlertState.DISMISSED))
    assert await desk.value("SELECT count(*) FROM notify.ladder WHERE state <> 'closed'") == 0
    assert await desk.value("SELECT count(*) FROM notify.timer WHERE state = 'armed'") == 0


async def test_exhausted_stays_visible_and_an_answer_ends_it(desk: Desk) -> None:
    desk.staff(CITY)
    pages = await desk.takes(an_assignment())
    while more := await desk.passes(6):
        pages += more
        assert await desk.unguarded() == 0
    assert await desk.value("SELECT state FROM notify.ladder") == "exhausted"
    async with desk.database.transaction() as work:
        assert await ladders.living(work) == {("exhausted", "Actual"): 1}
    newest = {one.page_id: one for one in pages}
    assert {one.state for one in newest.values()} == {PageState.NO_ANSWER}
    calls = [(one.unit, one.post) for one in pages if one.version == 1]
    assert calls == [(CITY, Post.B)] * 3 + [(CITY, Post.COMMANDER)]
    await desk.takes(an_answer(list(newest.values())[-1]))
    assert await desk.value("SELECT state FROM notify.ladder") == "answered"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"page_id": "pag-unknown"}, Reason.UNKNOWN_SUBJECT),
        ({"officer_id": "somebody"}, Reason.NOT_ALLOWED),
        ({"status": Status.EXERCISE}, Reason.NOT_ALLOWED),
    ],
)
async def test_an_answer_that_does_not_count_is_rejected(
    desk: Desk, change: dict[str, object], reason: Reason
) -> None:
    desk.staff(VILLAGE)
    (page,) = await desk.takes(an_assignment())
    with pytest.raises(Reject) as refused:
        await desk.takes(an_answer(page, AnswerVerb.COMING, **change))
    assert refused.value.reason is reason
    assert await desk.value("SELECT state FROM notify.ladder") == "open"


async def test_a_roster_slot_of_a_drill_is_refused(desk: Desk) -> None:
    with pytest.raises(Reject):
        desk.consumer.take_slot(a_slot(TOWN, Post.B, "o-1", status=Status.EXERCISE))


async def test_nine_hundred_assignments_are_a_handful_of_statements(desk: Desk) -> None:
    villages = [f"5001181{town:02d}{n:03d}" for town in range(10, 40) for n in range(201, 231)]
    desk.staff(*villages)
    started = time.monotonic()
    pages = await desk.takes(*(an_assignment(unit) for unit in villages))
    took = time.monotonic() - started
    assert len(pages) == len(villages) == 900
    assert took < 5, f"{took:.2f} s"
    assert await desk.unguarded() == 0
    started = time.monotonic()
    while await desk.value("SELECT count(*) FROM notify.timer WHERE state = 'armed'"):
        await desk.takes(*(an_assignment(unit, AssignmentState.SIGNED, 2) for unit in villages))
    assert time.monotonic() - started < 5


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
    assert await states(desk) == {("failed", "failed"): 1}
    assert await desk.value("SELECT last_error FROM notify.delivery") == "status 410"
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
        while sum(await asyncio.gather(*(one.round() for one in senders))):
            pass
    assert len(receiver.received) == 40
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 40
    assert await states(desk) == {("sent", "sent"): 40}


async def test_a_channel_that_was_switched_off_fails_and_the_ladder_goes_on(desk: Desk) -> None:
    desk.staff(VILLAGE, TOWN, channels=BOTH)
    await desk.takes(an_assignment())
    others = [channel for channel in Channel if channel is not Channel.WEBHOOK]
    off = DeliveryLoop(desk.database, others, Off(), desk.consumer, desk.metrics)
    assert await off.round() == 0, "it is somebody else's channel"
    off = DeliveryLoop(desk.database, [Channel.WEBHOOK], Off(), desk.consumer, desk.metrics)
    assert await off.round() == 1
    assert await states(desk) == {("failed", "failed"): 1}
    error = await desk.value("SELECT last_error FROM notify.delivery")
    assert error == "the channel webhook is switched off"
    assert await desk.unguarded() == 0


async def test_modes_are_stored_with_the_ladders_and_settle_their_own(desk: Desk) -> None:
    desk.staff(CITY, DISTRICT, TOWN, VILLAGE)
    (asked,) = await desk.takes(a_proposal())
    assert (asked.unit, asked.post) == (DISTRICT, Post.B)
    settled = await desk.takes(a_proposal(ProposalState.DECIDED, 2, posts=()))
    assert [one.page_id for one in settled] == [asked.page_id]
    told = await desk.takes(a_mode())
    assert {one.unit for one in told} == {DISTRICT, TOWN, VILLAGE}
    desk.consumer.modes.put(a_mode())
    await desk.takes(an_assignment(VILLAGE))
    rows = await desk.value(
        "SELECT array_agg(DISTINCT mode || mode_version) FROM notify.ladder "
        "WHERE subject_kind = 'assignment'"
    )
    assert rows == ["emergency1"]
    onward = await desk.passes(3)
    assert Post.COMMANDER in {one.post for one in onward if one.assignment_id and one.version == 1}
    again = await desk.takes(a_mode(mode=ResponseMode.NORMAL, version=2))
    assert {one.unit for one in again if one.version == 1} == {DISTRICT, TOWN, VILLAGE}


async def test_a_recall_finds_all_who_were_paged_and_overtakes_what_waits(desk: Desk) -> None:
    desk.staff(TOWN, DISTRICT, VILLAGE, channels=BOTH)
    await desk.takes(an_alert(2, AlertTransition.ISSUED, AlertState.ISSUED, level=Level.YELLOW))
    await desk.takes(an_assignment(VILLAGE))
    await desk.takes(an_alert(alert="alt-2"))
    before = {one.officer_id for one in await desk.pages()}
    assert name_of(VILLAGE, Post.B) in before
    told = await desk.takes(
        an_alert(3, AlertTransition.RECALLED, AlertState.RECALLED, level=Level.YELLOW)
    )
    fresh = [one for one in told if one.version == 1]
    assert {one.officer_id for one in fresh} == before
    assert len(fresh) == len(BOTH) * len(before), "each once per channel"
    order = await desk.rows(
        "SELECT d.urgent, p.officer_id FROM notify.delivery AS d JOIN notify.page AS p "
        "USING (page_id) WHERE d.state = 'queued' ORDER BY urgent DESC, next_at"
    )
    urgent = [row["officer_id"] for row in order if row["urgent"]]
    assert sorted(urgent) == sorted(before)
    assert not order[-1]["urgent"], "something else waits behind them"
    assert await desk.unguarded() == 0


async def test_a_report_settles_the_calls_about_it_across_transactions(desk: Desk) -> None:
    desk.staff(TOWN, DISTRICT)
    await desk.takes(a_duty(DutyState.OWED, 1))
    (page,) = await desk.takes(a_call("report_phone", 15))
    assert (page.unit, page.state) == (TOWN, PageState.SENT)
    (over,) = await desk.takes(a_duty(DutyState.PHONED, 2, phone_at=at(16)))
    assert (over.page_id, over.state) == (page.page_id, PageState.NO_ANSWER)
    assert await desk.takes(a_call("report_phone", 17)) == []
    (written,) = await desk.takes(a_call("report_written", 30))
    assert "超期未书面初报" in written.text
