"""Retention: periodic deletion of old rows, due by the database's clock.

A table holds the next time of each task, so restarts neither skip nor repeat a task, and the lock
on the row of a task lets one replica work. A task deletes a limited number of rows per transaction
and is due again at once while there are more; nobody waits long for the locks of a task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from shared.contracts.topics import TopicSpec
from shared.runtime.database import Database
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.retention")

_INTERVAL = timedelta(hours=1)
_POLL_S = 60.0
_LONGEST_RETENTION = timedelta(days=366)
"""The ids of a topic without an end of retention are remembered as long as those of any other."""


@dataclass(frozen=True, slots=True)
class RetentionTask:
    """`statement` deletes at most $2 things that are older than $1 and returns a row for each.

    `keep`: how old a thing has to be; `limit`: the most that one transaction deletes.
    """

    name: str
    statement: str
    keep: timedelta
    limit: int = 5_000


def inbox_retention(schema: str, topics: Sequence[TopicSpec]) -> RetentionTask:
    """Return the task for event ids, which outlive every record of the topics."""
    longest = max(
        _LONGEST_RETENTION
        if topic.retention_ms is None
        else timedelta(milliseconds=topic.retention_ms)
        for topic in topics
    )
    return RetentionTask(
        "inbox",
        f"DELETE FROM {schema}.inbox WHERE (event_id, topic) IN ("  # noqa: S608 - our own names
        f"SELECT event_id, topic FROM {schema}.inbox "
        "WHERE seen_at < now() - $1::interval LIMIT $2) "
        "RETURNING 1",
        longest + timedelta(days=1),
    )


def fired_timer_retention(schema: str) -> RetentionTask:
    """Return the task for fired timers; an armed timer stays, however old."""
    return RetentionTask(
        "fired_timers",
        f"DELETE FROM {schema}.timer WHERE (subject_id, kind, rung) IN ("  # noqa: S608
        f"SELECT subject_id, kind, rung FROM {schema}.timer "
        "WHERE state = 'fired' AND fired_at < now() - $1::interval LIMIT $2) "
        "AND state = 'fired' RETURNING 1",
        timedelta(days=30),
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
            schema = transaction.schema
            await transaction.connection.execute(
                f"INSERT INTO {schema}.retention_schedule (task) VALUES ($1) "  # noqa: S608
                "ON CONFLICT (task) DO NOTHING",
                task.name,
            )
            due = await transaction.connection.fetchval(
                f"SELECT task FROM {schema}.retention_schedule "  # noqa: S608
                "WHERE task = $1 AND due_at <= now() FOR UPDATE SKIP LOCKED",
                task.name,
            )
            if due is None:
                return 0
            rows = await transaction.connection.fetch(task.statement, task.keep, task.limit)
            count = len(rows)
            if count < task.limit:
                await transaction.connection.execute(
                    f"UPDATE {schema}.retention_schedule SET due_at = now() + $2 "  # noqa: S608
                    "WHERE task = $1",
                    task.name,
                    _INTERVAL,
                )
        if count:
            log.info("forgotten", task=task.name, count=count)
        return count
