"""Retention: periodic deletion of old rows, due by the database's clock.

A table holds the next time of each task, so restarts neither skip nor repeat a task, and the lock
on the row of a task lets one replica work. A task deletes a limited number of rows per transaction
and is due again at once while there are more; nobody waits long for the locks of a task.

Which table grows by which rule is declared in deploy/migrations/growth.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from shared.contracts.topics import TopicSpec
from shared.runtime.database import Database
from shared.runtime.errors import Transient

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

log = structlog.get_logger("fenghuo.retention")

_INTERVAL = timedelta(hours=1)
_POLL_S = 60.0
CANARY_RETENTION = timedelta(days=1)
"""All rows of the canary (docs/watch.md) are deleted after so long."""
_TABLE_RETENTION = timedelta(days=366)
"""The ids of a topic without an end of retention are remembered for so long."""
_SLICE = timedelta(hours=6)
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RetentionTask:
    """`statement` deletes at most $2 things that are older than $1 and returns a row for each.

    `keep`: how old a thing has to be; `limit`: the most that one transaction deletes.
    `in_slices`: the table holds rows of other tasks and is walked once, in the order of time.
    The statement then deletes at most $2 things from before $1 and not from before $3.
    """

    name: str
    statement: str
    keep: timedelta
    limit: int = 5_000
    in_slices: bool = False


def inbox_retention(schema: str, topics: Sequence[TopicSpec]) -> list[RetentionTask]:
    """Return the tasks for event ids, which outlive the records of their topic by a day.

    Topics of one retention have a task. The task of the longest retention also deletes the ids of
    topics that the service does not read any more.
    """
    by_retention: dict[timedelta, list[str]] = {}
    for topic in topics:
        retention = (
            _TABLE_RETENTION
            if topic.retention_ms is None
            else timedelta(milliseconds=topic.retention_ms)
        )
        by_retention.setdefault(retention, []).append(topic.name)
    *shorter, longest = sorted(by_retention)
    tasks = [_canary_task(schema)]
    tasks += [_inbox_task(schema, retention, by_retention[retention]) for retention in shorter]
    excluded = [name for retention in shorter for name in by_retention[retention]]
    return [*tasks, _inbox_task(schema, longest, excluded, without=True)]


def _canary_task(schema: str) -> RetentionTask:
    return delete_rows(
        "inbox_canary",
        f"{schema}.inbox",
        "of_canary AND seen_at < now() - $1::interval",
        CANARY_RETENTION,
    )


def _inbox_task(
    schema: str, retention: timedelta, topics: Sequence[str], *, without: bool = False
) -> RetentionTask:
    names = ", ".join(f"'{name}'" for name in sorted(topics))
    condition = f"topic {'<> ALL' if without else '= ANY'}(ARRAY[{names}]::text[])"
    return RetentionTask(
        f"inbox_{retention.days}d",
        f"DELETE FROM {schema}.inbox WHERE ctid = ANY(ARRAY("  # noqa: S608 - our own names
        f"SELECT ctid FROM {schema}.inbox WHERE seen_at >= $3 AND seen_at < $1 "
        f"AND {condition} LIMIT $2)) RETURNING 1",
        retention + timedelta(days=1),
        in_slices=True,
    )


def fired_timer_retention(schema: str) -> RetentionTask:
    """Return the task for fired timers; an armed or failed timer stays until its subject ends."""
    return RetentionTask(
        "fired_timers",
        f"DELETE FROM {schema}.timer WHERE (subject_id, kind, rung) IN ("  # noqa: S608
        f"SELECT subject_id, kind, rung FROM {schema}.timer "
        "WHERE state = 'fired' AND fired_at < now() - $1::interval LIMIT $2) "
        "AND state = 'fired' RETURNING 1",
        timedelta(days=30),
    )


def delete_rows(
    name: str, table: str, condition: str, keep: timedelta, limit: int = 5_000
) -> RetentionTask:
    """Return the task for the rows of a table that fulfil `condition`, in which $1 is `keep`.

    A row that somebody else holds is left to the next time.
    """
    return RetentionTask(
        name,
        f"DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} "  # noqa: S608
        f"WHERE {condition} LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING 1",
        keep,
        limit,
    )


def insert_of_deleted_counts(schema: str, deleted: Mapping[str, str]) -> str:
    """Return an INSERT that adds the deleted rows to the counts of this service.

    `deleted`: by kind, the part of a WITH; each part returns the `status` of its deleted rows.
    """
    rows = " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, status FROM {part}"  # noqa: S608 - our own names
        for kind, part in deleted.items()
    )
    return (
        f"INSERT INTO {schema}.deleted_count AS d (kind, status, n) "  # noqa: S608
        f"SELECT kind, status, count(*) FROM ({rows}) AS deleted GROUP BY kind, status "
        "ON CONFLICT (kind, status) DO UPDATE SET n = d.n + EXCLUDED.n"
    )


class Retention:
    """Runs the retention tasks of one service."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tasks: list[RetentionTask] = []

    def add(self, *tasks: RetentionTask) -> None:
        """Add tasks; the loop runs them in this order."""
        self._tasks += tasks

    @property
    def tasks(self) -> Sequence[RetentionTask]:
        """The tasks in the order in which they run."""
        return tuple(self._tasks)

    async def run(self) -> None:
        """Run the tasks for ever; outages of the database are survived."""
        while True:
            for task in self._tasks:
                try:
                    while await self.run_once(task):
                        pass
                except Transient as error:
                    log.warning("retention_retry", task=task.name, error=str(error))
            await asyncio.sleep(_POLL_S)

    async def run_once(self, task: RetentionTask) -> int:
        """Delete once if the task is due; return the number of things deleted."""
        async with self._database.transaction() as transaction:
            schema, now = transaction.schema, transaction.now
            connection = transaction.connection
            await connection.execute(
                f"INSERT INTO {schema}.retention_schedule (task) VALUES ($1) "  # noqa: S608
                "ON CONFLICT (task) DO NOTHING",
                task.name,
            )
            due = await connection.fetchrow(
                f"SELECT done_until FROM {schema}.retention_schedule "  # noqa: S608
                "WHERE task = $1 AND due_at <= now() FOR UPDATE SKIP LOCKED",
                task.name,
            )
            if due is None:
                return 0
            if task.in_slices:
                count, done_until = await _delete_slice(
                    connection, task, due["done_until"], now - task.keep
                )
            else:
                done_until = None
                count = len(await connection.fetch(task.statement, task.keep, task.limit))
            is_done = done_until in (None, now - task.keep)
            if count < task.limit:
                await connection.execute(
                    f"UPDATE {schema}.retention_schedule SET due_at = $2, done_until = $3 "  # noqa: S608
                    "WHERE task = $1",
                    task.name,
                    now + _INTERVAL if is_done else now,
                    done_until,
                )
        if count:
            log.info("forgotten", task=task.name, count=count)
        return count


async def _delete_slice(
    connection: PoolConnectionProxy, task: RetentionTask, begin: datetime | None, end: datetime
) -> tuple[int, datetime]:
    """Delete in the first slice after `begin` with rows of the task; return its end as well."""
    while True:
        slice_end = end if begin is None else min(end, begin + _SLICE)
        rows = await connection.fetch(task.statement, slice_end, task.limit, begin or _BEGINNING)
        if rows or slice_end == end:
            return len(rows), slice_end
        begin = slice_end
