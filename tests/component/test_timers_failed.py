"""A timer that cannot be fired, on a real Postgres: it is set aside, visible, and holds up no
other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from shared.contracts.topics import PAGE_ANSWERS
from shared.runtime import timers
from shared.runtime.database import Database, Transaction
from shared.runtime.errors import Transient
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.timers import Timer, TimerKey, TimerSweeper
from tests.support.inbox import a_database
from tests.support.service_driver import NothingUnread

ALL = "SELECT subject_id, kind, state, error FROM command.timer ORDER BY subject_id, kind"
REARM = (
    "UPDATE command.timer SET state = 'armed', error = NULL "
    "WHERE state = 'failed' AND subject_id = 'a-3'"
)
"""As docs/audit.md says it."""


class Desk:
    """Fires all but what is bad; each that fires leaves a message in the outbox."""

    def __init__(self, database: Database) -> None:
        self.metrics = RuntimeMetrics(CollectorRegistry())
        self.sweeper = TimerSweeper(database, self._lock, self._fire, self.metrics, NothingUnread())
        self.bad: dict[str, Exception] = {}
        self.most_in_time = 1_000
        self.fired: list[tuple[str, str]] = []
        self._database = database

    async def arm(self, *subjects: str, kind: str = "k", rearm: bool = False) -> None:
        async with self._database.transaction() as work:
            due = work.now - timedelta(seconds=1)
            await timers.arm(work, [(subject, kind, 0, due) for subject in subjects], rearm=rearm)

    async def state(self) -> dict[tuple[str, str], str]:
        rows = await self._database.pool.fetch(ALL)
        return {(row["subject_id"], row["kind"]): row["state"] for row in rows}

    async def _lock(self, _work: Transaction, keys: Sequence[TimerKey]) -> None:
        if "lock" in self.bad and "lock" in [key.subject_id for key in keys]:
            raise self.bad["lock"]

    async def _fire(self, work: Transaction, due: Sequence[Timer]) -> None:
        if len(due) > self.most_in_time:
            await work.connection.execute("SET LOCAL idle_in_transaction_session_timeout = 20")
            await asyncio.sleep(0.3)
        for timer in due:
            for name in (timer.subject_id, timer.kind):
                if name in self.bad and name != "lock":
                    raise self.bad[name]
            work.publish_encoded(PAGE_ANSWERS, "k", f"{timer.subject_id}-{timer.kind}", b"{}")
        await work.flush()
        self.fired += [(timer.subject_id, timer.kind) for timer in due]


async def test_one_that_cannot_be_fired_is_set_aside_and_all_others_fire() -> None:
    async with a_database() as database:
        desk = Desk(database)
        await desk.arm(*(f"a-{n}" for n in range(12)), "lock")
        await desk.arm("a-3", kind="unknown")
        desk.bad = {
            "a-7": KeyError("no row\x00"),
            "unknown": ValueError("nothing is known about it"),
            "lock": IndexError("the subject cannot be read"),
        }
        await desk.sweeper.sweep()
        states = await desk.state()
        failed = {key for key, state in states.items() if state == "failed"}
        assert failed == {("a-7", "k"), ("a-3", "unknown"), ("lock", "k")}
        assert set(states.values()) == {"failed", "fired"}
        out = await database.pool.fetch("SELECT event_id FROM command.outbox")
        assert {row["event_id"] for row in out} == {f"a-{n}-k" for n in range(12) if n != 7}
        errors = {row["subject_id"]: row["error"] for row in await database.pool.fetch(ALL)}
        assert "no row" in errors["a-7"]
        assert desk.metrics.timers_failed._value.get() == 3
        # It is over: the next ones fire, and those set aside are not tried again.
        desk.fired.clear()
        await desk.arm("later")
        assert await desk.sweeper.sweep() == 1
        assert desk.fired == [("later", "k")]


async def test_what_takes_too_long_together_fires_in_smaller_pieces() -> None:
    """Postgres ends the session of a handler that computes for too long between statements."""
    async with a_database() as database:
        desk = Desk(database)
        desk.most_in_time = 3
        await desk.arm(*(f"a-{n}" for n in range(20)))
        for _ in range(60):
            with contextlib.suppress(Transient):
                await desk.sweeper.sweep()
        assert set((await desk.state()).values()) == {"fired"}
        assert sorted(desk.fired) == sorted((f"a-{n}", "k") for n in range(20))


async def test_it_fires_once_the_bug_is_gone_and_a_person_arms_it_again() -> None:
    async with a_database() as database:
        desk = Desk(database)
        await desk.arm("a-3", "a-4")
        desk.bad = {"a-3": ValueError("bug"), "a-4": ValueError("bug")}
        await desk.sweeper.sweep()
        desk.bad = {}
        assert await desk.sweeper.sweep() == 0
        await database.pool.execute(REARM)
        assert await desk.sweeper.sweep() == 1
        assert await desk.state() == {("a-3", "k"): "fired", ("a-4", "k"): "failed"}
        await desk.arm("a-4", rearm=True)
        assert await desk.sweeper.sweep() == 1
        assert set((await desk.state()).values()) == {"fired"}


async def test_what_needs_no_timer_any_more_has_no_failed_one() -> None:
    async with a_database() as database:
        desk = Desk(database)
        await desk.arm("a-3")
        desk.bad = {"a-3": ValueError("bug")}
        await desk.sweeper.sweep()
        async with database.transaction() as work:
            await timers.disarm(work, ["a-3"])
        assert await desk.state() == {}


@pytest.mark.parametrize("error", [Transient("not now"), MemoryError(), OSError("no space")])
async def test_what_surrounds_us_fails_no_timer(error: Exception) -> None:
    async with a_database() as database:
        desk = Desk(database)
        await desk.arm("a-1", "a-2")
        desk.bad = {"a-2": error}
        with pytest.raises(Transient):
            await desk.sweeper.sweep()
        assert set((await desk.state()).values()) == {"armed"}
        desk.bad = {}
        assert [await desk.sweeper.sweep() for _ in range(2)] == [1, 1], "smaller after a failure"
        assert set((await desk.state()).values()) == {"fired"}
