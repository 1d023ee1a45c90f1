"""Durable timers: armed in the transaction that creates their subject, fired once, never early.

Database time only. A sweep looks for due timers without locks, lets the service lock their subjects
first (the same order as an acknowledgement takes, so they cannot deadlock), then claims what is still
armed. kill -9 rolls back; another replica or the restart fires instead (docs/adr/0003).
A timer that cannot be fired holds up no other: it is isolated as the inbox isolates a record, and its state
is `failed` from then on, until its subject needs no timer any more or a person arms it again (docs/audit.md).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from msgspec import Struct

from shared.contracts.fields import cleaned
from shared.runtime.database import Database, Transaction
from shared.runtime.errors import Transient
from shared.runtime.metrics import RuntimeMetrics

log = structlog.get_logger("fenghuo.timers")

_POLL_S = 0.25
_RESTS = 9
"""Between rounds it rests so many times as long as the last one took, at most `_POLL_S`: a steady trickle of
due timers takes a tenth of its time, one by one they would take all of it."""
_BATCH = 5_000
"""A deadline of a whole district ends for nine thousand at the same moment; what else is about their command
waits for half of them at most."""


class TimerKey(NamedTuple):
    """The identity of a timer: a subject has one timer of a kind and rung."""

    subject_id: str
    kind: str
    rung: int


class Timer(Struct, frozen=True, gc=False):
    """A timer that fires now."""

    subject_id: str
    kind: str
    rung: int
    due_at: datetime

    @property
    def key(self) -> TimerKey:
        """The identity of the timer."""
        return TimerKey(self.subject_id, self.kind, self.rung)


Lock = Callable[[Transaction, Sequence[TimerKey]], Awaitable[None]]
"""Locks the rows of the subjects of these timers, in a fixed order."""
Fire = Callable[[Transaction, Sequence[Timer]], Awaitable[None]]
"""Acts on the claimed timers, in the same transaction."""


async def arm(
    work: Transaction, timers: Sequence[tuple[str, str, int, datetime]], *, rearm: bool = False
) -> None:
    """Arm (subject, kind, rung, due_at). One that exists stays as it is, unless `rearm`."""
    if not timers:
        return
    on_conflict = (
        "DO UPDATE SET due_at = EXCLUDED.due_at, state = 'armed', fired_at = NULL, error = NULL"
        if rearm
        else "DO NOTHING"
    )
    await work.connection.execute(
        f"INSERT INTO {work.schema}.timer (subject_id, kind, rung, due_at) "  # noqa: S608
        "SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[]) "
        f"ON CONFLICT (subject_id, kind, rung) {on_conflict}",
        *(list(column) for column in zip(*timers, strict=True)),
    )


async def arm_new(work: Transaction, timers: Iterable[tuple[str, str, int, datetime]]) -> None:
    """Arm (subject, kind, rung, due_at) of subjects created in this transaction, by COPY.

    They cannot be armed yet; rows in the order of their subjects go into the index fastest.
    """
    await work.connection.copy_records_to_table(
        "timer",
        schema_name=work.schema,
        columns=("subject_id", "kind", "rung", "due_at"),
        records=timers,
    )


async def disarm(
    work: Transaction, subjects: Sequence[str], kinds: Sequence[str] | None = None
) -> None:
    """Cancel the armed, paused and failed timers of these subjects (of these kinds; None = all).

    Nothing is left of them.
    """
    if not subjects:
        return
    await work.connection.execute(
        f"DELETE FROM {work.schema}.timer WHERE ctid = ANY(ARRAY({_places(work.schema)} "  # noqa: S608
        "WHERE of_one.state IN ('armed', 'paused', 'failed') "
        "AND ($2::text[] IS NULL OR of_one.kind = ANY($2::text[]))))",
        list(subjects),
        None if kinds is None else list(kinds),
    )


def _places(schema: str) -> str:
    """SELECT of where the timers of the subjects in $1 are (`of_one`), to be narrowed by a WHERE.

    OFFSET 0 keeps it one look-up by subject each. Left to itself the planner reads all armed or all due
    timers, for every subject even: a district's deadline took a quarter of a minute, and a step under a
    large command cost more than one under a small one.
    """
    return (
        "SELECT of_one.ctid FROM unnest($1::text[]) AS wanted(subject_id), LATERAL ("  # noqa: S608
        f"SELECT ctid, kind, state, due_at FROM {schema}.timer AS t "
        "WHERE t.subject_id = wanted.subject_id OFFSET 0) AS of_one"
    )


async def pause(work: Transaction, subjects: Sequence[str], kinds: Sequence[str]) -> None:
    """Let the armed timers of these kinds stand still until `resume`."""
    if not subjects:
        return
    await work.connection.execute(
        f"UPDATE {work.schema}.timer SET state = 'paused' "  # noqa: S608
        "WHERE state = 'armed' AND subject_id = ANY($1::text[]) AND kind = ANY($2::text[])",
        list(subjects),
        list(kinds),
    )


async def resume(work: Transaction, later: Sequence[tuple[str, timedelta]]) -> None:
    """Arm the paused timers of these subjects again, each later by the time it stood still."""
    if not later:
        return
    await work.connection.execute(
        f"UPDATE {work.schema}.timer AS t SET state = 'armed', due_at = t.due_at + n.later "  # noqa: S608
        "FROM unnest($1::text[], $2::interval[]) AS n(subject_id, later) "
        "WHERE t.subject_id = n.subject_id AND t.state = 'paused'",
        *(list(column) for column in zip(*later, strict=True)),
    )


class TimerSweeper:
    """Fires timers when they fall due; one that was armed for less than 250 ms, at most that much later."""

    def __init__(self, database: Database, lock: Lock, fire: Fire, metrics: RuntimeMetrics) -> None:
        self._database = database
        self._lock = lock
        self._fire = fire
        self._metrics = metrics
        self._next_s = _POLL_S

    async def run(self) -> None:
        """Background loop; survives outages of the database."""
        while True:
            rest = _POLL_S
            began = time.monotonic()
            try:
                while await self.sweep() >= _BATCH:
                    began = time.monotonic()
                rest = max(self._next_s, _RESTS * (time.monotonic() - began))
            except Transient as error:
                log.warning("sweep_retry", error=str(error))
            await asyncio.sleep(min(rest, _POLL_S))

    async def sweep(self) -> int:
        """One round; the number of due timers found (at most 5,000)."""
        due: list[TimerKey] = []
        try:
            async with self._database.transaction() as work:
                rows = await work.connection.fetch(
                    f"SELECT subject_id, kind, rung FROM {work.schema}.timer "  # noqa: S608
                    "WHERE state = 'armed' AND due_at <= now() ORDER BY due_at LIMIT $1",
                    _BATCH,
                )
                due = sorted(TimerKey(*row) for row in rows)
                if due:
                    await self._claim(work, due)
                if len(due) < _BATCH:
                    self._next_s = await self._until_next_s(work)
        except Transient:
            raise
        except Exception as bug:
            if not due:
                raise
            await self._isolate(due, bug)
        return len(due)

    async def _isolate(self, due: Sequence[TimerKey], bug: Exception) -> None:
        """Fire one half after the other, until the timer that spoils them is alone."""
        log.warning("sweep_halved", timers=len(due), error=repr(bug))
        middle = len(due) // 2
        for half in (due[:middle], due[middle:]) if middle else (due,):
            try:
                async with self._database.transaction() as work:
                    await self._claim(work, half)
            except Transient:
                raise
            except Exception as again:
                if len(half) > 1:
                    await self._isolate(half, again)
                else:
                    await self._set_aside(half[0], again)

    async def _set_aside(self, due: TimerKey, bug: Exception) -> None:
        subject_id, kind, rung = due
        log.error("timer_failed", subject=subject_id, kind=kind, rung=rung, exc_info=bug)
        async with self._database.transaction() as work:
            failed = await work.connection.fetch(
                f"UPDATE {work.schema}.timer SET state = 'failed', error = $4 "  # noqa: S608
                "WHERE (subject_id, kind, rung) = ($1, $2, $3) AND state = 'armed' "
                "AND due_at <= now() RETURNING 1",
                *due,
                cleaned(repr(bug))[:1_000],
            )
        self._metrics.timers_failed.inc(len(failed))

    async def _claim(self, work: Transaction, due: Sequence[TimerKey]) -> None:
        """Fire those of these timers that are still due."""
        await self._lock(work, due)
        claimed = await work.connection.fetch(
            f"UPDATE {work.schema}.timer SET state = 'fired', fired_at = now() "  # noqa: S608
            "WHERE state = 'armed' AND ctid = ANY(ARRAY(SELECT one.ctid "
            "FROM unnest($1::text[], $2::text[], $3::int[]) AS found(subject_id, kind, rung), LATERAL ("
            f"SELECT ctid, state, due_at FROM {work.schema}.timer AS t "
            "WHERE t.subject_id = found.subject_id AND t.kind = found.kind "
            "AND t.rung = found.rung OFFSET 0) AS one "
            "WHERE one.state = 'armed' AND one.due_at <= now())) "
            "RETURNING due_at, subject_id, kind, rung",
            *(list(column) for column in zip(*due, strict=True)),
        )
        if not claimed:
            return
        timers = [Timer(one, kind, rung, at) for at, one, kind, rung in sorted(map(tuple, claimed))]
        await self._fire(work, timers)
        await work.flush()
        for timer in timers:
            self._metrics.timers_late.observe((work.now - timer.due_at).total_seconds())

    async def _until_next_s(self, work: Transaction) -> float:
        until: float | None = await work.connection.fetchval(
            "SELECT extract(epoch FROM min(due_at) - clock_timestamp())::float8 "  # noqa: S608
            f"FROM {work.schema}.timer WHERE state = 'armed'"
        )
        return _POLL_S if until is None else until
