"""Stored state of the services, read after the scenario with the superuser's connection.

Read-only.
"""

from dataclasses import dataclass
from typing import Any

import asyncpg

STATEFUL = ("alerting", "command", "duty", "catalog", "notify", "console", "audit")
Row = dict[str, Any]


@dataclass(frozen=True)
class Books:
    """Rows of the tables the recount compares with the topics."""

    assignments: list[Row]
    ladders: list[Row]
    pages: list[Row]
    alarms: list[Row]
    feed: list[Row]
    waiting: dict[str, int]
    """Outbox rows per service that have been waiting for more than 5 s."""


async def read(dsn: str) -> Books:
    """Read the books. Raises asyncpg.PostgresError."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return Books(
                assignments=await _rows(
                    connection,
                    "SELECT assignment_id, command_id, unit, state, status FROM command.assignment",
                ),
                ladders=await _rows(
                    connection,
                    "SELECT e.escalation_id, e.state, e.status, e.alert_id, e.assignment_id, "
                    "e.subject_id, count(p.page_id) AS pages FROM notify.escalation e "
                    "LEFT JOIN notify.page p USING (escalation_id) GROUP BY e.escalation_id",
                ),
                pages=await _rows(connection, "SELECT page_id, status FROM notify.page"),
                alarms=await _rows(
                    connection, "SELECT alarm_id, disposition FROM alerting.alert_alarm"
                ),
                feed=await _rows(
                    connection, "SELECT seq, kind, status, subject_id, payload FROM console.feed"
                ),
                waiting={
                    service: await connection.fetchval(
                        f"SELECT count(*) FROM {service}.outbox "  # noqa: S608
                        "WHERE created_at < now() - interval '5 seconds'"
                    )
                    for service in STATEFUL
                },
            )
    finally:
        await connection.close()


async def stored_offsets(connection: asyncpg.Connection) -> dict[tuple[str, str, int], int]:
    """Next offset per (service, topic, partition) of every service that keeps its own."""
    results: dict[tuple[str, str, int], int] = {}
    for service in STATEFUL:
        rows = await connection.fetch(
            f"SELECT topic, part, next_offset FROM {service}.consumer_offset"  # noqa: S608
        )
        for row in rows:
            results[service, row["topic"], row["part"]] = row["next_offset"]
    return results


async def _rows(connection: asyncpg.Connection, query: str) -> list[Row]:
    return [dict(row) for row in await connection.fetch(query)]
