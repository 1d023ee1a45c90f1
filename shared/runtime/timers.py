"""Durable timers: armed in the transaction that creates their subject, fired once, never early.

Only the database's time counts, and no timer fires before all records are handled that Kafka had
accepted by then (read_progress.py). A sweep reads due timers without locks, lets the service lock
their subjects first (in the order of an acknowledgement, so they cannot deadlock), then claims the
timers that are still armed. kill -9 rolls back; another replica or the restart fires instead
(docs/adr/0003). A timer that cannot be fired holds up no other: the sweeper isolates the timer as
the inbox isolates a record. The state is then `failed` until the subject needs no timer any more or
a person arms the timer again (docs/audit.md).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

import structlog
from msgspec import Struct

from shared.contracts.fields import cleaned
from shared.runtime.database import Database, Transaction
from shared.runtime.errors import Transient
from shared.runtime.metrics import RuntimeMetrics

log = structlog.get_logger("fenghuo.timers")

_POLL_S = 0.25
_PAUSE_FACTOR = 9
"""Between rounds the sweeper pauses so many times as long as the last round took, at most
`_POLL_S`: a steady trickle of due timers takes a tenth of its time; fired one by one they would
take all of it."""
_BATCH = 5_000
"""A deadline of a whole district ends for nine thousand at the same moment; other work on their
command waits for half of them at most."""
_QUICK_S = 5.0
"""After a sweep of less time the next one takes twice as many timers."""


class TimerKey(NamedTuple):
    """The identity of a timer: a subject has one timer of a kind and rung."""

    subject_id: str
    kind: str
    rung: int


class Timer(Struct, frozen=True, gc=False):
    """A timer that is fired now."""

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
"""Handles the claimed timers, in the same transaction."""


class MomentSource(Protocol):
    """The progress of a service through its topics."""

    async def moment(self, transaction: Transaction, latest: datetime) -> datetime:
        """Return up to which moment all records that Kafka accepted are handled."""
        ...


async def arm(
    transaction: Transaction,
    timers: Sequence[tuple[str, str, int, datetime]],
    *,
    rearm: bool = False,
) -> None:
    """Arm (subject, kind, rung, due_at). An existing timer stays as it is, unless `rearm`."""
    if not timers:
        return
    on_conflict = (
        "DO UPDATE SET due_at = EXCLUDED.due_at, state = 'armed', fired_at = NULL, error = NULL"
        if rearm
        else "DO NOTHING"
    )
    await transaction.connection.execute(
        f"INSERT INTO {transaction.schema}.timer (subject_id, kind, rung, due_at) "  # noqa: S608
        "SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[]) "
        f"ON CONFLICT (subject_id, kind, rung) {on_conflict}",
        *(list(column) for column in zip(*timers, strict=True)),
    )


async def arm_unarmed(
    transaction: Transaction, timers: Sequence[tuple[str, str, int, datetime]]
) -> None:
    """Arm (subject, kind, rung, due_at); a timer that is armed already keeps its time."""
    if not timers:
        return
    schema = transaction.schema
    await transaction.connection.execute(
        f"INSERT INTO {schema}.timer AS old (subject_id, kind, rung, due_at) "  # noqa: S608
        "SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[]) "
        "ON CONFLICT (subject_id, kind, rung) DO UPDATE SET due_at = EXCLUDED.due_at, "
        "state = 'armed', fired_at = NULL, error = NULL WHERE old.state <> 'armed'",
        *(list(column) for column in zip(*timers, strict=True)),
    )


async def arm_new(
    transaction: Transaction, timers: Iterable[tuple[str, str, int, datetime]]
) -> None:
    """Arm (subject, kind, rung, due_at) of subjects created in this transaction, by COPY.

    Their timers cannot exist yet; rows in the order of their subjects enter the index fastest.
    """
    await transaction.connection.copy_records_to_table(
        "timer",
        schema_name=transaction.schema,
        columns=("subject_id", "kind", "rung", "due_at"),
        records=timers,
    )


async def disarm(
    transaction: Transaction, subjects: Sequence[str], kinds: Sequence[str] | None = None
) -> None:
    """Delete the armed, paused and failed timers of these subjects (of these kinds; None = all)."""
    if not subjects:
        return
    await transaction.connection.execute(
        f"DELETE FROM {transaction.schema}.timer WHERE ctid = ANY(ARRAY("  # noqa: S608
        f"{_select_ctids(transaction.schema)} "
        "WHERE candidate.state IN ('armed', 'paused', 'failed') "
        "AND ($2::text[] IS NULL OR candidate.kind = ANY($2::text[]))))",
        list(subjects),
        None if kinds is None else list(kinds),
    )


def _select_ctids(schema: str) -> str:
    """Return a SELECT of the ctid of each timer of the subjects in $1, alias `candidate`.

    OFFSET 0 keeps it one look-up per subject. Without it the planner reads all armed or all due
    timers, even once per subject: a district's deadline took a quarter of a minute, and a step
    under a large command cost more than a step under a small one.
    """
    return (
        "SELECT candidate.ctid "  # noqa: S608 - our own names
        "FROM unnest($1::text[]) AS subject(subject_id), LATERAL ("
        f"SELECT ctid, kind, state, due_at FROM {schema}.timer AS t "
        "WHERE t.subject_id = subject.subject_id OFFSET 0) AS candidate"
    )


async def pause(transaction: Transaction, subjects: Sequence[str], kinds: Sequence[str]) -> None:
    """Pause the armed timers of these kinds until `resume`."""
    if not subjects:
        return
    await transaction.connection.execute(
        f"UPDATE {transaction.schema}.timer SET state = 'paused' "  # noqa: S608
        "WHERE state = 'armed' AND subject_id = ANY($1::text[]) AND kind = ANY($2::text[])",
        list(subjects),
        list(kinds),
    )


async def resume(transaction: Transaction, later: Sequence[tuple[str, timedelta]]) -> None:
    """Arm the paused timers of these subjects again, each later by the time of its pause."""
    if not later:
        return
    await transaction.connection.execute(
        f"UPDATE {transaction.schema}.timer AS t "  # noqa: S608 - our own names
        "SET state = 'armed', due_at = t.due_at + n.later "
        "FROM unnest($1::text[], $2::interval[]) AS n(subject_id, later) "
        "WHERE t.subject_id = n.subject_id AND t.state = 'paused'",
        *(list(column) for column in zip(*later, strict=True)),
    )


class TimerSweeper:
    """Fires timers when they are due; a timer armed for less than 250 ms may be 250 ms late."""

    def __init__(
        self,
        database: Database,
        lock: Lock,
        fire: Fire,
        metrics: RuntimeMetrics,
        progress: MomentSource,
    ) -> None:
        self.progress = progress
        self._database = database
        self._lock = lock
        self._fire = fire
        self._metrics = metrics
        self._next_s = _POLL_S
        self._size = _BATCH
        self._has_more = False

    async def run(self) -> None:
        """Sweep for ever; outages of the database are survived."""
        while True:
            pause = _POLL_S
            began = time.monotonic()
            try:
                await self.sweep()
                while self._has_more:
                    began = time.monotonic()
                    await self.sweep()
                pause = max(self._next_s, _PAUSE_FACTOR * (time.monotonic() - began))
            except Transient as error:
                log.warning("sweep_retry", error=str(error))
            await asyncio.sleep(min(pause, _POLL_S))

    async def sweep(self) -> int:
        """Sweep once; return the number of timers that could fire (at most 5,000).

        After a failure the next sweep takes half as many timers, since Postgres ends the session of
        a slow handler.
        """
        due: list[TimerKey] = []
        began, size = time.monotonic(), self._size
        self._has_more = False
        until: datetime | None = None
        try:
            async with self._database.transaction() as transaction:
                rows = await transaction.connection.fetch(
                    "SELECT due_at, subject_id, kind, rung "  # noqa: S608 - our own names
                    f"FROM {transaction.schema}.timer "
                    "WHERE state = 'armed' AND due_at <= now() ORDER BY due_at LIMIT $1",
                    size,
                )
                if rows:
                    until = await self.progress.moment(transaction, rows[-1][0])
                    due = sorted(TimerKey(*row[1:]) for row in rows if row[0] <= until)
                if until is not None and due:
                    await self._claim(transaction, due, until)
                if len(due) < size:
                    self._next_s = await self._seconds_to_next(transaction)
        except Transient:
            self._size = max(1, min(size, len(due) or size) // 2)
            raise
        except Exception as bug:
            if until is None or not due:
                raise
            await self._isolate(due, until, bug)
        if time.monotonic() - began < _QUICK_S:
            self._size = min(_BATCH, 2 * size)
        self._has_more = len(due) == size
        return len(due)

    async def _isolate(self, due: Sequence[TimerKey], until: datetime, bug: Exception) -> None:
        """Fire one half after the other, until the timer that fails is alone."""
        log.warning("sweep_halved", timers=len(due), error=repr(bug))
        middle = len(due) // 2
        for half in (due[:middle], due[middle:]) if middle else (due,):
            try:
                async with self._database.transaction() as transaction:
                    await self._claim(transaction, half, until)
            except Transient:
                raise
            except Exception as error:
                if len(half) > 1:
                    await self._isolate(half, until, error)
                else:
                    await self._set_failed(half[0], error)

    async def _set_failed(self, due: TimerKey, bug: Exception) -> None:
        subject_id, kind, rung = due
        log.error("timer_failed", subject=subject_id, kind=kind, rung=rung, exc_info=bug)
        async with self._database.transaction() as transaction:
            failed = await transaction.connection.fetch(
                f"UPDATE {transaction.schema}.timer SET state = 'failed', error = $4 "  # noqa: S608
                "WHERE (subject_id, kind, rung) = ($1, $2, $3) AND state = 'armed' "
                "AND due_at <= now() RETURNING 1",
                *due,
                cleaned(repr(bug))[:1_000],
            )
        self._metrics.timers_failed.inc(len(failed))

    async def _claim(
        self, transaction: Transaction, due: Sequence[TimerKey], until: datetime
    ) -> None:
        """Fire the timers in `due` that are still armed, and due by `until`."""
        await self._lock(transaction, due)
        claimed = await transaction.connection.fetch(
            f"UPDATE {transaction.schema}.timer "  # noqa: S608 - our own names
            "SET state = 'fired', fired_at = now() "
            "WHERE state = 'armed' AND ctid = ANY(ARRAY(SELECT candidate.ctid "
            "FROM unnest($1::text[], $2::text[], $3::int[]) "
            "AS due(subject_id, kind, rung), LATERAL ("
            f"SELECT ctid, state, due_at FROM {transaction.schema}.timer AS t "
            "WHERE t.subject_id = due.subject_id AND t.kind = due.kind "
            "AND t.rung = due.rung OFFSET 0) AS candidate "
            "WHERE candidate.state = 'armed' AND candidate.due_at <= least(now(), $4))) "
            "RETURNING due_at, subject_id, kind, rung",
            *(list(column) for column in zip(*due, strict=True)),
            until,
        )
        if not claimed:
            return
        timers = [
            Timer(subject_id, kind, rung, due_at)
            for due_at, subject_id, kind, rung in sorted(map(tuple, claimed))
        ]
        await self._fire(transaction, timers)
        await transaction.flush()
        for timer in timers:
            self._metrics.timers_late.observe((transaction.now - timer.due_at).total_seconds())

    async def _seconds_to_next(self, transaction: Transaction) -> float:
        until: float | None = await transaction.connection.fetchval(
            "SELECT extract(epoch FROM min(due_at) - clock_timestamp())::float8 "  # noqa: S608
            f"FROM {transaction.schema}.timer WHERE state = 'armed'"
        )
        return _POLL_S if until is None else until
