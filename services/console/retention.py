"""Retention of the read models: rows that are older than their time are deleted."""

from __future__ import annotations

from datetime import timedelta

from services.console.settings import Settings
from services.console.store.conditions import OPEN_COMMAND
from shared.runtime.retention import RetentionTask

TABLES_OF_COMMANDS = ("assignment", "supervision", "photo")
"""Tables whose rows are deleted with their command (column `command_id`)."""

_DELETES = ", ".join(
    f"{table}_gone AS (DELETE FROM console.{table} "  # noqa: S608 - our own names
    "WHERE command_id IN (SELECT command_id FROM old))"
    for table in TABLES_OF_COMMANDS
)


def forget_commands(keep: timedelta) -> RetentionTask:
    """Return the task that deletes finished commands; an open command stays at any age."""
    return RetentionTask(
        "ended_commands",
        "WITH old AS (SELECT command_id FROM console.command "  # noqa: S608
        f"WHERE NOT ({OPEN_COMMAND}) AND sent_at < now() - $1::interval LIMIT $2), "
        "written_gone AS (DELETE FROM console.acknowledgement WHERE assignment_id IN ("
        "SELECT assignment_id FROM console.assignment WHERE command_id IN ("
        f"SELECT command_id FROM old))), {_DELETES} "
        "DELETE FROM console.command WHERE command_id IN (SELECT command_id FROM old) RETURNING 1",
        keep,
        # A command may have 75,000 recipients, which takes a second to delete.
        limit=5,
    )


def forget_case_facts(keep: timedelta) -> RetentionTask:
    """Return the task that deletes facts of cases; the facts of an open command stay."""
    return RetentionTask(
        "case_facts",
        "DELETE FROM console.case_fact WHERE ctid = ANY(ARRAY(SELECT e.ctid "  # noqa: S608
        "FROM console.case_fact e WHERE e.at < now() - $1::interval AND NOT EXISTS ("
        f"SELECT 1 FROM console.command WHERE command_id = e.thread AND {OPEN_COMMAND}) "
        "LIMIT $2)) RETURNING 1",
        keep,
    )


def forget_feed(keep: timedelta) -> RetentionTask:
    """Return the task that deletes events of the feed."""
    return _by_age("feed", "feed", "created_at", keep)


def forget_actions(keep: timedelta) -> RetentionTask:
    """Return the task that deletes acts of officers; a repeat of a deleted act is a new act."""
    return _by_age("actions", "action", "created_at", keep)


def forget_sign_ins() -> list[RetentionTask]:
    """Return the tasks that delete expired tickets, sessions and unfinished sign-ins."""
    tables = ("ticket", "session", "oidc_login")
    return [_by_age(f"expired_{table}", table, "expires_at", timedelta()) for table in tables]


def retention_tasks(settings: Settings) -> list[RetentionTask]:
    """Return all tasks of the console."""
    commands = timedelta(days=settings.keep_commands_days)
    return [
        forget_commands(commands),
        forget_case_facts(commands),
        forget_feed(timedelta(hours=settings.keep_feed_hours)),
        forget_actions(timedelta(days=settings.keep_acts_days)),
        *forget_sign_ins(),
    ]


def _by_age(name: str, table: str, column: str, keep: timedelta) -> RetentionTask:
    return RetentionTask(
        name,
        f"DELETE FROM console.{table} WHERE ctid = ANY(ARRAY(SELECT ctid "  # noqa: S608
        f"FROM console.{table} WHERE {column} < now() - $1::interval LIMIT $2)) RETURNING 1",
        keep,
    )
