"""The part of a snapshot that comes from tables: each query returns suspicious rows only.

A query on a table or column that does not exist (an older or newer schema) is reported as
unavailable; all further queries run. All queries run in a READ ONLY transaction with a time limit.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from services.audit.core.conservation.balances import DispositionCount, alarm_balances
from services.audit.core.findings.detection import TIMER_GRACE
from services.audit.core.findings.snapshot import (
    ArmedTimers,
    CountComparison,
    CounterComparison,
    FindingKind,
    OutboxBacklog,
    OverdueTimer,
    RowComparison,
    Snapshot,
    StatusLeak,
)
from services.audit.store import counters
from services.audit.store.service_tables.recounts import RECOUNTS, Recount
from services.audit.store.service_tables.statements import (
    COUNTS,
    DISPOSITIONS,
    LEAKS,
    MIRRORS,
    SERVICES,
    TABLES,
    mirror,
)
from services.audit.store.service_tables.timer_rules import TIMER_RULES, TimerRule, statement
from shared.contracts.fields import Status
from shared.contracts.topics import ALARMS
from shared.runtime.database import Transaction

LIMIT = 100
"""The most suspicious rows that one query returns."""

UNAVAILABLE = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.InsufficientPrivilegeError,
)
"""Errors of a schema that is older or newer than this auditor."""
Fetch = Callable[[Transaction], Awaitable[list[Any]]]


@dataclass(slots=True)
class TableSnapshot:
    """A snapshot of the tables, and the reason for each unavailable query."""

    snapshot: Snapshot
    unavailable: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Queries:
    """Runs the queries of a round and remembers the kinds of findings that can be detected."""

    transaction: Transaction
    checked_kinds: set[FindingKind] = field(default_factory=set)
    unavailable: dict[str, str] = field(default_factory=dict)

    async def fetch(self, kind: FindingKind, name: str, fetch: Fetch) -> tuple[Any, ...]:
        """Run a query. An unavailable query makes its kind of findings unchecked in the round."""
        label = f"{kind}:{name}"
        try:
            async with self.transaction.connection.transaction():
                rows = await fetch(self.transaction)
        except UNAVAILABLE as error:
            self.unavailable[label] = str(error)
            self.checked_kinds.discard(kind)
            return ()
        if not any(name.startswith(kind) for name in self.unavailable):
            self.checked_kinds.add(kind)
        return tuple(rows)


class _TimeShare:
    """Limits the counting of whole tables to one part in `share` of the time; 0 is no limit."""

    def __init__(self, share: int) -> None:
        self._share = share
        self._next_at = 0.0

    def is_due(self) -> bool:
        """Return True if the tables may be counted again."""
        return time.monotonic() >= self._next_at

    def spend(self, began_at: float) -> None:
        """Set the time of the next count, by the duration of the count that began at `began_at`."""
        now = time.monotonic()
        self._next_at = now + self._share * (now - began_at)


class Checks:
    """Takes snapshots of the tables. Counts take at most one part in `count_share` of the time."""

    def __init__(self, count_share: int) -> None:
        self._counts = _TimeShare(count_share)
        self._recounts = _TimeShare(count_share)

    async def take_snapshot(self, transaction: Transaction) -> TableSnapshot:
        """Run all queries that are due once. Raises Transient through the transaction."""
        await transaction.connection.execute("SET LOCAL statement_timeout = '5s'")
        queries = _Queries(transaction)
        fields: dict[str, Any] = {
            name: await queries.fetch(kind, name, _rows(make, sql))
            for name, (kind, sql, make) in TABLES.items()
        }
        fields["armed_timers"] = await self._armed_timers(queries)
        due_timers: list[OverdueTimer] = []
        outboxes: list[OutboxBacklog] = []
        for service in SERVICES:
            timers = _due_timers(service)
            due_timers += await queries.fetch(FindingKind.TIMER_OVERDUE, service, timers)
            outboxes += await queries.fetch(FindingKind.OUTBOX_STUCK, service, _outbox(service))
        fields["due_timers"], fields["outboxes"] = tuple(due_timers), tuple(outboxes)
        leaks: list[StatusLeak] = []
        for name, sql in LEAKS.items():
            leaks += await queries.fetch(FindingKind.DRILL_LEAK, name, _rows(_leak, sql))
        rows: list[RowComparison] = []
        for kind, table in MIRRORS:
            rows += await queries.fetch(FindingKind.ROW_DIFFERS, table, _mirror(kind, table))
        fields["leaks"], fields["rows"] = tuple(leaks), tuple(rows)
        if self._counts.is_due():
            began_at = time.monotonic()
            fields |= await self._count(queries)
            self._counts.spend(began_at)
        if self._recounts.is_due():
            began_at = time.monotonic()
            fields["counters"] = await self._recount(queries)
            self._recounts.spend(began_at)
        kinds = frozenset(queries.checked_kinds)
        return TableSnapshot(Snapshot(checked_kinds=kinds, **fields), queries.unavailable)

    async def _armed_timers(self, queries: _Queries) -> tuple[ArmedTimers, ...]:
        timers: list[ArmedTimers] = []
        for rule in TIMER_RULES:
            timers += await queries.fetch(FindingKind.TIMER_COUNT, rule.name, _timers_of(rule))
        return tuple(timers)

    async def _count(self, queries: _Queries) -> dict[str, Any]:
        kind, name = FindingKind.COUNT_DIFFERS, "alarms"
        counts: list[CountComparison] = []
        dispositions = await queries.fetch(kind, name, _dispositions)
        if f"{kind}:{name}" not in queries.unavailable:
            counts += await queries.fetch(kind, name, _alarm_counts(dispositions))
        for name, (topic, service, sql) in COUNTS.items():
            counts += await queries.fetch(kind, name, _count(name, topic, service, sql))
        return {"dispositions": dispositions, "counts": tuple(counts)}

    async def _recount(self, queries: _Queries) -> tuple[CounterComparison, ...]:
        counters: list[CounterComparison] = []
        for recount in RECOUNTS:
            fetch = _rows(_counter(recount), recount.sql)
            counters += await queries.fetch(FindingKind.COUNTER_DIFFERS, recount.name, fetch)
        return tuple(counters)


def _rows(make: Callable[[Any], Any], sql: str) -> Fetch:
    async def fetch(transaction: Transaction) -> list[Any]:
        return [make(row) for row in await transaction.connection.fetch(sql, LIMIT)]

    return fetch


def _leak(row: Any) -> StatusLeak:
    status, parent_status = Status(row["status"]), Status(row["parent_status"])
    return StatusLeak(row["subject_id"], status, row["parent_id"], parent_status)


def _timers_of(rule: TimerRule) -> Fetch:
    sql = statement(rule)

    async def fetch(transaction: Transaction) -> list[Any]:
        rows = await transaction.connection.fetch(sql, LIMIT, list(rule.kinds))
        return [
            ArmedTimers(
                rule.name, row["subject_id"], Status(row["status"]), row["armed"], row["expected"]
            )
            for row in rows
        ]

    return fetch


def _due_timers(service: str) -> Fetch:
    async def fetch(transaction: Transaction) -> list[Any]:
        rows = await transaction.connection.fetch(
            f"SELECT subject_id, kind, due_at, error FROM {service}.timer "  # noqa: S608
            "WHERE state = 'armed' AND due_at < now() - $1::interval OR state = 'failed' "
            "ORDER BY state DESC, due_at, subject_id, kind LIMIT $2",
            TIMER_GRACE,
            LIMIT,
        )
        return [
            OverdueTimer(service, row["subject_id"], row["kind"], row["due_at"], row["error"])
            for row in rows
        ]

    return fetch


def _outbox(service: str) -> Fetch:
    async def fetch(transaction: Transaction) -> list[Any]:
        row = await transaction.connection.fetchrow(
            "SELECT min(created_at) AS oldest_at, count(*) AS n, "  # noqa: S608
            "count(quarantined_at) AS quarantined, "
            "(array_agg(topic || ': ' || error ORDER BY seq DESC) "
            "FILTER (WHERE quarantined_at IS NOT NULL))[1] AS newest_error "
            f"FROM {service}.outbox"
        )
        if row is None or not row["n"]:
            return []
        return [
            OutboxBacklog(
                service, row["oldest_at"], row["n"], row["quarantined"], row["newest_error"]
            )
        ]

    return fetch


def _mirror(kind: str, table: str) -> Fetch:
    sql, service = mirror(kind, table), table.split(".", maxsplit=1)[0]

    def comparison(row: Any) -> RowComparison:
        version = row["stored_version"]
        return RowComparison(
            table,
            service,
            row["subject_id"],
            Status(row["status"]),
            (row["version"], row["state"]),
            None if version is None else (version, row["stored_state"]),
        )

    return _rows(comparison, sql)


def _counter(recount: Recount) -> Callable[[Any], CounterComparison]:
    def comparison(row: Any) -> CounterComparison:
        stored, counted = (
            None if row[name] is None else tuple(row[name]) for name in ("stored", "counted")
        )
        subject, status = row["subject_id"], Status(row["status"])
        return CounterComparison(recount.name, subject, status, recount.counters, stored, counted)

    return comparison


async def _dispositions(transaction: Transaction) -> list[Any]:
    return [
        DispositionCount(
            Status(row["status"]), row["disposition"], row["alarms"], row["without_alert"]
        )
        for row in await transaction.connection.fetch(DISPOSITIONS)
    ]


def _alarm_counts(dispositions: Iterable[DispositionCount]) -> Fetch:
    async def fetch(transaction: Transaction) -> list[Any]:
        published = await counters.load_first_version_counts(transaction, ALARMS.name)
        return [
            CountComparison(
                "alarms",
                "alerting",
                balance.status,
                balance.alarms_in,
                balance.alarms_in - balance.difference,
            )
            for balance in alarm_balances(published, dispositions)
        ]

    return fetch


def _count(name: str, topic: str, service: str, sql: str) -> Fetch:
    async def fetch(transaction: Transaction) -> list[Any]:
        rows = await transaction.connection.fetch(sql)
        stored = {row["status"]: row["n"] for row in rows}
        published = await counters.load_first_version_counts(transaction, topic)
        return [
            CountComparison(name, service, status, published.get(status, 0), stored.get(status, 0))
            for status in Status
            if status in published or status in stored
        ]

    return fetch
