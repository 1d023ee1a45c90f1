"""Forgetting what is too old: periodic tasks that are due by the database's clock.

When a task is due next stands in a table, so restarts neither skip nor repeat it, and its row's lock lets
one replica work. A task deletes a limited number of rows per transaction and is due again at once while
it finds that many; nobody waits long for its locks.
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

_EVERY = timedelta(hours=1)
_POLL_S = 60.0
_FOR_EVER = timedelta(days=366)
"""How long ids of a topic that is kept for ever are remembered: as long as those of any other."""


@dataclass(frozen=True, slots=True)
class Task:
    """`statement` deletes at most $2 things that are older than $1 and returns a row for each."""

    name: str
    statement: str
    keep: timedelta
    limit: int = 5_000


def forget_inbox(schema: str, topics: Sequence[TopicSpec]) -> Task:
    """Ids outlive every record that could still come again: the longest retention of the topics."""
    longest = max(
        _FOR_EVER if topic.retention_ms is None else timedelta(milliseconds=topic.retention_ms)
        for topic in topics
    )
    return Task(
        "inbox",
        f"DELETE FROM {schema}.inbox WHERE (event_id, topic) IN ("  # noqa: S608 - our own names
        f"SELECT event_id, topic FROM {schema}.inbox WHERE seen_at < now() - $1::interval LIMIT $2) "
        "RETURNING 1",
        longest + timedelta(days=1),
    )


def forget_fired_timers(schema: str) -> Task:
    """Timers that have fired; what is armed stays, however old."""
    return Task(
        "fired_timers",
        f"DELETE FROM {schema}.timer WHERE (subject_id, kind, rung) IN ("  # noqa: S608
        f"SELECT subject_id, kind, rung FROM {schema}.timer "
        "WHERE state = 'fired' AND fired_at < now() - $1::interval LIMIT $2) "
        "AND state = 'fired' RETURNING 1",
        timedelta(days=30),
    )


def counting(schema: str, gone: Mapping[str, str]) -> str:
    """INSERT that adds what has just been deleted to what this service has forgotten.

    `gone`: by kind, the part of a WITH that returns the `status` of each row that it deletes.
    """
    rows = " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, status FROM {part}"  # noqa: S608 - our own names
        for kind, part in gone.items()
    )
    return (
        f"INSERT INTO {schema}.forgotten AS f (kind, status, n) "  # noqa: S608
        f"SELECT kind, status, count(*) FROM ({rows}) AS gone GROUP BY kind, status "
        "ON CONFLICT (kind, status) DO UPDATE SET n = f.n + EXCLUDED.n"
    )


class Retention:
    """Runs the tasks of one service."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.tasks: list[Task] = []

    async def run(self) -> None:
        """Background loop; survives outages of the database."""
        while True:
            for task in self.tasks:
                try:
                    while await self.turn(task):
                        pass
                except Transient as error:
                    log.warning("retention_retry", task=task.name, error=str(error))
            await asyncio.sleep(_POLL_S)

    async def turn(self, task: Task) -> int:
        """Delete once if the task is due; how many things are gone."""
        async with self._database.transaction() as work:
            await work.connection.execute(
                f"INSERT INTO {work.schema}.upkeep (task) VALUES ($1) "  # noqa: S608
                "ON CONFLICT (task) DO NOTHING",
                task.name,
            )
            due = await work.connection.fetchval(
                f"SELECT task FROM {work.schema}.upkeep "  # noqa: S608
                "WHERE task = $1 AND due_at <= now() FOR UPDATE SKIP LOCKED",
                task.name,
            )
            if due is None:
                return 0
            gone = len(await work.connection.fetch(task.statement, task.keep, task.limit))
            if gone < task.limit:
                await work.connection.execute(
                    f"UPDATE {work.schema}.upkeep SET due_at = now() + $2 "  # noqa: S608
                    "WHERE task = $1",
                    task.name,
                    _EVERY,
                )
        if gone:
            log.info("forgotten", task=task.name, count=gone)
        return gone
