"""Retention of audit: counts and flaws of records that left their topics long ago.

The trail is evidence and stays: the database refuses to delete of it.
"""

from __future__ import annotations

from datetime import timedelta

from services.audit.store.service_tables.timer_rules import OPEN_COMMAND
from shared.runtime.retention import RetentionTask, delete_rows

KEEP_LETTERS = timedelta(days=2)
"""A refusal explains a record for so long; the window of the checks is an hour."""


def retention_tasks(keep_days: int) -> list[RetentionTask]:
    """Return all tasks; what is resolved or in no topic any more is kept for `keep_days` days."""
    keep = timedelta(days=keep_days)
    open_command = (
        "SELECT FROM command.command AS c WHERE c.command_id = fanout.command_id "
        f"AND c.state IN {OPEN_COMMAND}"
    )
    conditions = {
        "fanout": f"seen_at < now() - $1::interval AND NOT EXISTS ({open_command})",
        "subject_status": "seen_at < now() - $1::interval",
        "leak": "found_at < now() - $1::interval",
        "finding": "resolved_at < now() - $1::interval",
        "suspect": "found_at < now() - $1::interval",
    }
    letters = "seen_at < now() - $1::interval"
    return [
        delete_rows("dead_letters", "audit.dead_letter", letters, KEEP_LETTERS),
        *(
            delete_rows(f"old_{table}", f"audit.{table}", condition, keep)
            for table, condition in conditions.items()
        ),
    ]
