"""The sweeper wakes when a timer falls due, and rests between rounds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from shared.runtime import timers
from shared.runtime.database import Database, Transaction
from shared.runtime.errors import Transient
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.timers import Timer, TimerKey, TimerSweeper
from tests.support.service_driver import NothingUnread


class Watch:
    """A sweeper that only notes what it locked and how late it fired."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.late_s: list[float] = []
        self.locked: list[dict[str, str]] = []
        self.fails = 0
        self.sweeper = TimerSweeper(
            database,
            self._lock,
            self._fire,
            RuntimeMetrics(CollectorRegistry()),
            NothingUnread(),
        )

    async def arm(self, *in_s: float, kind: str = "k") -> None:
        """Arm timers that are due in so many seconds."""
        async with self.database.transaction() as work:
            await timers.arm(
                work,
                [
                    (f"{kind}-{n}", kind, 0, work.now + timedelta(seconds=seconds))
                    for n, seconds in enumerate(in_s)
                ],
            )

    async def until_fired(self, count: int) -> None:
        """Wait until so many have fired."""
        async with asyncio.timeout(10):
            while len(self.late_s) < count:
                await asyncio.sleep(0.01)

    async def _lock(self, _work: Transaction, keys: Sequence[TimerKey]) -> None:
        self.locked.append({key.subject_id: key.kind for key in keys})

    async def _fire(self, work: Transaction, fired: Sequence[Timer]) -> None:
        if self.fails:
            self.fails -= 1
            raise Transient("as if Postgres had gone")
        self.late_s += [(work.now - timer.due_at).total_seconds() for timer in fired]


@asynccontextmanager
async def sweeping(dsn: str) -> AsyncIterator[Watch]:
    """A watch over the schema of the command service."""
    database = Database(dsn, "command")
    await database.start()
    watch = Watch(database)
    try:
        yield watch
    finally:
        await database.stop()


@asynccontextmanager
async def running(watch: Watch) -> AsyncIterator[None]:
    """Its loop, as the service runs it."""
    task = asyncio.create_task(watch.sweeper.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def once_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the sweeper find a timer by its due time only, not by polling."""
    monkeypatch.setattr(timers, "_POLL_S", 3_600.0)
    monkeypatch.setattr(timers, "_PAUSE_FACTOR", 0)


@pytest.mark.usefixtures("once_an_hour")
async def test_it_wakes_when_the_next_timer_is_due_not_by_polling(dsn: str) -> None:
    async with sweeping(dsn) as watch:
        await watch.arm(0.2, 0.6, 0.9)
        async with running(watch):
            await watch.until_fired(3)
    assert len(watch.late_s) == 3
    assert min(watch.late_s) >= 0
    assert [len(row) for row in watch.locked] == [1, 1, 1]  # each in a round of its own


async def test_what_is_armed_while_it_sleeps_is_found_all_the_same(dsn: str) -> None:
    async with sweeping(dsn) as watch, running(watch):
        await asyncio.sleep(0.3)  # nothing is armed: it sleeps
        await watch.arm(0.0)
        await watch.until_fired(1)


async def test_a_round_that_fails_is_done_again_and_nothing_fires_twice(dsn: str) -> None:
    async with sweeping(dsn) as watch:
        watch.fails = 2
        await watch.arm(-0.1, 0.1)
        async with running(watch):
            await watch.until_fired(2)
            await asyncio.sleep(0.3)
    assert len(watch.late_s) == 2


async def test_what_always_falls_due_is_taken_together(dsn: str) -> None:
    async with sweeping(dsn) as watch:
        await watch.arm(
            *(n / 1_000 for n in range(200))
        )  # one each ms: quicker than a round and its rest
        async with running(watch):
            await watch.until_fired(200)
    assert sum(len(row) for row in watch.locked) == 200
    assert len(watch.locked) < 100


async def test_more_than_a_batch_is_swept_without_a_rest(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "_BATCH", 10)
    monkeypatch.setattr(timers, "_POLL_S", 3_600.0)
    async with sweeping(dsn) as watch:
        await watch.arm(*[-1.0] * 25)
        async with running(watch):
            await watch.until_fired(25)
    assert [len(row) for row in watch.locked] == [10, 10, 5]


async def test_locks_get_the_kind_of_each_timer(dsn: str) -> None:
    async with sweeping(dsn) as watch:
        await watch.arm(-1.0, kind="b")
        await watch.arm(-1.0, kind="a")
        await watch.sweeper.sweep()
    assert [list(row.items()) for row in watch.locked] == [[("a-0", "a"), ("b-0", "b")]]
