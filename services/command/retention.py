"""Retention: commands and reported incidents that ended long ago are deleted with their rows."""

from __future__ import annotations

from datetime import timedelta

from services.command.core.commands.states import ENDED
from services.command.core.reporting.states import FINAL
from shared.contracts.fields import Status
from shared.contracts.lifecycles import mode_proposal
from shared.runtime.retention import CANARY_RETENTION, RetentionTask, delete_rows
from shared.runtime.sql import names

COMMAND_TABLES = ("assignment", "tier_count", "late_acknowledgement")
"""Tables whose rows are deleted with their command (column `command_id`)."""

_ENDED = names(ENDED)
_DELETES_OF_COMMAND = ", ".join(
    f"deleted_{table} AS (DELETE FROM command.{table} "  # noqa: S608 - our own names
    "WHERE command_id IN (SELECT command_id FROM old))"
    for table in COMMAND_TABLES
)


def delete_commands(keep: timedelta, *, canary: bool = False) -> RetentionTask:
    """Delete closed and revoked commands older than `keep`; an open command stays at any age.

    With `canary` only the commands of the canary are deleted.

    The timers of a command are cancelled at its end. A step about a deleted command goes to the
    dead letters, like a step about a command that never existed.
    """
    condition = f"status = '{Status.SYSTEM}'" if canary else "true"
    return RetentionTask(
        "ended_commands_canary" if canary else "ended_commands",
        "WITH old AS (SELECT command_id FROM command.command "  # noqa: S608
        f"WHERE state IN {_ENDED} AND {condition} AND issued_at < now() - $1::interval "
        f"ORDER BY command_id LIMIT $2 FOR UPDATE), {_DELETES_OF_COMMAND} "
        "DELETE FROM command.command WHERE command_id IN (SELECT command_id FROM old) RETURNING 1",
        keep,
        # A command may have 75,000 recipients: a second of deleting. The canary's has one.
        limit=500 if canary else 5,
    )


_FINAL = names(FINAL)
_DELETES_OF_INCIDENT = ", ".join(
    f"deleted_{table} AS (DELETE FROM command.{table} "  # noqa: S608 - our own names
    "WHERE (status, incident_id) IN (SELECT status, incident_id FROM old))"
    for table in ("report", "report_obligation", "alert_reporting")
)


def delete_incidents(keep: timedelta) -> RetentionTask:
    """Delete incidents without an open alert or obligation that have not changed for `keep`."""
    return RetentionTask(
        "reported_incidents",
        "WITH old AS (SELECT status, incident_id FROM command.report_incident AS i "  # noqa: S608
        "WHERE changed_at < now() - $1::interval AND NOT EXISTS ("
        "SELECT FROM command.report_obligation AS o "
        "WHERE o.status = i.status AND o.incident_id = i.incident_id "
        f"AND o.state NOT IN {_FINAL}) AND NOT EXISTS (SELECT FROM command.alert_reporting AS a "
        "WHERE a.status = i.status AND a.incident_id = i.incident_id AND a.end_reason IS NULL) "
        f"ORDER BY status, incident_id LIMIT $2 FOR UPDATE), {_DELETES_OF_INCIDENT} "
        "DELETE FROM command.report_incident "
        "WHERE (status, incident_id) IN (SELECT status, incident_id FROM old) RETURNING 1",
        keep,
        limit=500,
    )


def delete_proposals(keep: timedelta) -> RetentionTask:
    """Delete proposals of modes that were over so long ago; a mode in force keeps its proposal."""
    return delete_rows(
        "ended_proposals",
        "command.mode_proposal",
        f"state IN {names(mode_proposal.FINAL)} "
        "AND greatest(decide_by, until) < now() - $1::interval",
        keep,
    )


def delete_alert_levels(keep: timedelta, *, canary: bool = False) -> RetentionTask:
    """Delete the levels of alerts that are over, with no command left that is about them.

    With `canary` only the levels of the canary's alerts are deleted.
    """
    condition = f"status = '{Status.SYSTEM}'" if canary else "true"
    return delete_rows(
        "alert_levels_canary" if canary else "alert_levels",
        "command.alert_level",
        f"{condition} AND level IS NULL AND changed_at < now() - $1::interval "
        "AND NOT EXISTS (SELECT FROM command.command AS c "
        "WHERE c.current_alert_id = alert_level.alert_id "
        f"AND c.state NOT IN {_ENDED})",
        keep,
    )


def retention_tasks(keep_days: int) -> list[RetentionTask]:
    """Return all tasks; rows are kept for `keep_days` days after their end."""
    keep = timedelta(days=keep_days)
    tasks = (delete_commands, delete_incidents, delete_proposals, delete_alert_levels)
    return [
        *(task(keep) for task in tasks),
        delete_commands(CANARY_RETENTION, canary=True),
        delete_alert_levels(CANARY_RETENTION, canary=True),
    ]
