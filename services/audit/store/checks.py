"""Read-only looks at the tables of the other services: each query answers with suspicious rows only.

A table or column that is not there (an older or younger schema) makes its check not ready, which is
reported, and leaves the others alone. All run in one READ ONLY transaction with a time limit.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from services.audit.core import snapshot as core
from services.audit.core.conservation import Evidence, alarm_balances
from services.audit.core.liveness import TIMER_GRACE
from services.audit.core.snapshot import FindingKind
from services.audit.store import books
from services.audit.store.clocks import CLOCKS, Clock, statement
from services.audit.store.queries import COUNTS, EVIDENCE, LEAKS, MIRRORS, SERVICES, TABLES, mirror
from services.audit.store.recounts import RECOUNTS, Recount
from shared.contracts.fields import Status
from shared.contracts.topics import ALARMS
from shared.runtime.database import Transaction

LIMIT = 100
"""Most suspicious rows taken of one kind in one check."""

NOT_READY = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.InsufficientPrivilegeError,
)
"""Errors of a schema that is older or younger than this auditor."""
Fetch = Callable[[Transaction], Awaitable[list[Any]]]


@dataclass(slots=True)
class Look:
    """What one check saw, and which of its queries could not be asked, with the reason."""

    snapshot: core.Snapshot
    missing: dict[str, str] = field(default_factory=dict)


class Checks:
    """Takes snapshots. `count_share`: counting takes at most one part in so many of the time."""

    def __init__(self, count_share: int) -> None:
        self._count_share = count_share
        self._count_at = 0.0
        self._recount_at = 0.0

    async def take(self, work: Transaction) -> Look:
        """Look at everything once. Raises Transient through the transaction."""
        await work.connection.execute("SET LOCAL statement_timeout = '5s'")
        missing: dict[str, str] = {}
        looked: set[FindingKind] = set()

        async def ask(kind: FindingKind, name: str, fetch: Fetch) -> tuple[Any, ...]:
            try:
                async with work.connection.transaction():
                    found = await fetch(work)
            except NOT_READY as error:
                missing[name] = str(error)
                looked.discard(kind)
                return ()
            if not any(name.startswith(kind) for name in missing):
                looked.add(kind)
            return tuple(found)

        # Names begin with the kind: one query of a kind that cannot be asked makes the kind unready.
        seen = {
            name: await ask(kind, f"{kind}:{name}", _rows(make, sql))
            for name, (kind, sql, make) in TABLES.items()
        }
        clocks: list[core.ArmedTimers] = []
        for clock in CLOCKS:
            label = f"{FindingKind.TIMER_COUNT}:{clock.name}"
            clocks += await ask(FindingKind.TIMER_COUNT, label, _clock(clock))
        timers: list[core.DueTimer] = []
        outboxes: list[core.Outbox] = []
        for service in SERVICES:
            timers += await ask(
                FindingKind.TIMER_OVERDUE,
                f"{FindingKind.TIMER_OVERDUE}:{service}",
                _timers(service),
            )
            outboxes += await ask(
                FindingKind.OUTBOX_STUCK, f"{FindingKind.OUTBOX_STUCK}:{service}", _outbox(service)
            )
        leaks: list[core.Leak] = []
        for name, sql in LEAKS.items():
            leaks += await ask(
                FindingKind.DRILL_LEAK, f"{FindingKind.DRILL_LEAK}:{name}", _rows(_leak, sql)
            )
        rows: list[core.Row] = []
        for kind, table in MIRRORS:
            label = f"{FindingKind.ROW_DIFFERS}:{table}"
            rows += await ask(FindingKind.ROW_DIFFERS, label, _mirror(kind, table))
        counts: list[core.Count] = []
        evidence: tuple[Evidence, ...] = ()
        if time.monotonic() >= self._count_at:
            began = time.monotonic()
            name = f"{FindingKind.COUNT_DIFFERS}:alarms"
            evidence = await ask(FindingKind.COUNT_DIFFERS, name, _evidence)
            if name not in missing:
                counts += await ask(FindingKind.COUNT_DIFFERS, name, _alarm_counts(evidence))
            for name, (topic, service, sql) in COUNTS.items():
                label = f"{FindingKind.COUNT_DIFFERS}:{name}"
                counts += await ask(
                    FindingKind.COUNT_DIFFERS, label, _counts(name, topic, service, sql)
                )
            now = time.monotonic()
            self._count_at = now + self._count_share * (now - began)
        recounts: list[core.Recounted] = []
        if time.monotonic() >= self._recount_at:
            began = time.monotonic()
            for recount in RECOUNTS:
                label = f"{FindingKind.COUNTER_DIFFERS}:{recount.name}"
                recounts += await ask(
                    FindingKind.COUNTER_DIFFERS, label, _rows(_recounted(recount), recount.sql)
                )
            now = time.monotonic()
            self._recount_at = now + self._count_share * (now - began)
        return Look(
            core.Snapshot(
                looked=frozenset(looked),
                clocks=tuple(clocks),
                leases=seen["leases"],
                fanouts=seen["fanouts"],
                timers=tuple(timers),
                outboxes=tuple(outboxes),
                leaks=tuple(leaks),
                counts=tuple(counts),
                recounts=tuple(recounts),
                stranded=seen["stranded"],
                evidence=evidence,
                rows=tuple(rows),
            ),
            missing,
        )


def _rows(make: Callable[[Any], Any], sql: str) -> Fetch:
    async def fetch(work: Transaction) -> list[Any]:
        return [make(row) for row in await work.connection.fetch(sql, LIMIT)]

    return fetch


def _leak(row: Any) -> core.Leak:
    return core.Leak(
        row["subject_id"], Status(row["status"]), row["other"], Status(row["other_status"])
    )


def _clock(clock: Clock) -> Fetch:
    sql = statement(clock)

    async def fetch(work: Transaction) -> list[Any]:
        rows = await work.connection.fetch(sql, LIMIT, list(clock.kinds))
        return [
            core.ArmedTimers(
                clock.name, row["subject_id"], Status(row["status"]), row["armed"], row["wanted"]
            )
            for row in rows
        ]

    return fetch


def _timers(service: str) -> Fetch:
    async def fetch(work: Transaction) -> list[Any]:
        rows = await work.connection.fetch(
            f"SELECT subject_id, kind, due_at, error FROM {service}.timer "  # noqa: S608
            "WHERE state = 'armed' AND due_at < now() - $1::interval OR state = 'failed' "
            "ORDER BY state DESC, due_at, subject_id, kind LIMIT $2",
            TIMER_GRACE,
            LIMIT,
        )
        return [
            core.DueTimer(service, row["subject_id"], row["kind"], row["due_at"], row["error"])
            for row in rows
        ]

    return fetch


def _outbox(service: str) -> Fetch:
    async def fetch(work: Transaction) -> list[Any]:
        row = await work.connection.fetchrow(
            "SELECT min(created_at) AS oldest, count(*) AS n "  # noqa: S608
            f"FROM {service}.outbox"
        )
        return [core.Outbox(service, row["oldest"], row["n"])] if row and row["n"] else []

    return fetch


def _mirror(kind: str, table: str) -> Fetch:
    sql, service = mirror(kind, table), table.split(".", maxsplit=1)[0]

    def row(one: Any) -> core.Row:
        stored = one["stored_version"]
        return core.Row(
            table,
            service,
            one["subject_id"],
            Status(one["status"]),
            (one["version"], one["state"]),
            None if stored is None else (stored, one["stored_state"]),
        )

    return _rows(row, sql)


def _recounted(recount: Recount) -> Callable[[Any], core.Recounted]:
    def make(row: Any) -> core.Recounted:
        kept, counted = (None if row[n] is None else tuple(row[n]) for n in ("kept", "counted"))
        subject, status = row["subject_id"], Status(row["status"])
        return core.Recounted(recount.name, subject, status, recount.counters, kept, counted)

    return make


async def _evidence(work: Transaction) -> list[Any]:
    return [
        Evidence(Status(row["status"]), row["disposition"], row["alarms"], row["nowhere"])
        for row in await work.connection.fetch(EVIDENCE)
    ]


def _alarm_counts(evidence: Iterable[Evidence]) -> Fetch:
    async def fetch(work: Transaction) -> list[Any]:
        told = await books.first_records(work, ALARMS.name)
        return [
            core.Count(
                "alarms",
                "alerting",
                alarm_balance.status,
                alarm_balance.alarms_in,
                alarm_balance.alarms_in - alarm_balance.difference,
            )
            for alarm_balance in alarm_balances(told, evidence)
        ]

    return fetch


def _counts(name: str, topic: str, service: str, sql: str) -> Fetch:
    async def fetch(work: Transaction) -> list[Any]:
        stored = {row["status"]: row["n"] for row in await work.connection.fetch(sql)}
        seen = await books.first_records(work, topic)
        return [
            core.Count(name, service, status, seen.get(status, 0), stored.get(status, 0))
            for status in Status
            if status in seen or status in stored
        ]

    return fetch
