"""What the screens forget: commands that ended long ago, with all that was shown of them."""

from __future__ import annotations

from datetime import timedelta

from services.console.store.rollup import OPEN_COMMAND
from shared.runtime.retention import RetentionTask

BELONGING = ("assignment", "supervision", "photo")
"""Tables whose rows go with their command (column `command_id`)."""

_DELETES = ", ".join(
    f"{table}_gone AS (DELETE FROM console.{table} "  # noqa: S608 - our own names
    "WHERE command_id IN (SELECT command_id FROM old))"
    for table in BELONGING
)


def forget_commands(keep: timedelta) -> RetentionTask:
    """Commands that are over; an open one stays, however old it is. The log keeps its own time."""
    return RetentionTask(
        "ended_commands",
        "WITH old AS (SELECT command_id FROM console.command "  # noqa: S608
        f"WHERE NOT ({OPEN_COMMAND}) AND sent_at < now() - $1::interval LIMIT $2), "
        "written_gone AS (DELETE FROM console.acknowledgement WHERE assignment_id IN ("
        "SELECT assignment_id FROM console.assignment WHERE command_id IN ("
        f"SELECT command_id FROM old))), {_DELETES} "
        "DELETE FROM console.command WHERE command_id IN (SELECT command_id FROM old) RETURNING 1",
        keep,
        # One may have 75,000 recipients: a second of deleting.
        limit=5,
    )


def forget_case_events(keep: timedelta) -> RetentionTask:
    """Facts of cases, as long as their commands; those of an open command stay with it."""
    return RetentionTask(
        "case_events",
        "DELETE FROM console.case_event WHERE ctid = ANY(ARRAY(SELECT e.ctid "  # noqa: S608
        "FROM console.case_event e WHERE e.at < now() - $1::interval AND NOT EXISTS ("
        f"SELECT 1 FROM console.command WHERE command_id = e.thread AND {OPEN_COMMAND}) "
        "LIMIT $2)) RETURNING 1",
        keep,
    )
