"""What the service forgets of itself: commands and reported incidents that ended long ago, with all of them."""

from __future__ import annotations

from datetime import timedelta

from services.command.core.lifecycle import ENDED
from services.command.core.reporting.states import FINAL
from shared.runtime.retention import RetentionTask
from shared.runtime.sql import names

BELONGING = ("assignment", "tier_count", "late_acknowledgement")
"""Tables whose rows go with their command (column `command_id`)."""

_ENDED = names(ENDED)
_DELETES = ", ".join(
    f"{table}_gone AS (DELETE FROM command.{table} "  # noqa: S608 - our own names
    "WHERE command_id IN (SELECT command_id FROM old))"
    for table in BELONGING
)


def forget_commands(keep: timedelta) -> RetentionTask:
    """Commands that were closed or withdrawn; an open one stays, however old it is.

    Timers of theirs are cancelled when they end. A step that comes for one that is forgotten is refused
    to the dead letters like a step for one that never was.
    """
    return RetentionTask(
        "ended_commands",
        "WITH old AS (SELECT command_id FROM command.command "  # noqa: S608
        f"WHERE state IN {_ENDED} AND issued_at < now() - $1::interval "
        f"ORDER BY command_id LIMIT $2 FOR UPDATE), {_DELETES} "
        "DELETE FROM command.command WHERE command_id IN (SELECT command_id FROM old) RETURNING 1",
        keep,
        # One may have 75,000 recipients: a second of deleting.
        limit=5,
    )


_OVER = names(FINAL)
_OF_INCIDENT = ", ".join(
    f"{table}_gone AS (DELETE FROM command.{table} "  # noqa: S608 - our own names
    "WHERE (status, incident_id) IN (SELECT status, incident_id FROM old))"
    for table in ("report", "report_duty", "report_case")
)


def forget_incidents(keep: timedelta) -> RetentionTask:
    """Incidents of which every alert is over, nobody owes a report and nothing has changed since."""
    return RetentionTask(
        "reported_incidents",
        "WITH old AS (SELECT status, incident_id FROM command.report_incident AS i "  # noqa: S608
        "WHERE changed_at < now() - $1::interval AND NOT EXISTS (SELECT FROM command.report_duty AS d "
        "WHERE d.status = i.status AND d.incident_id = i.incident_id "
        f"AND d.state NOT IN {_OVER}) AND NOT EXISTS (SELECT FROM command.report_case AS c "
        "WHERE c.status = i.status AND c.incident_id = i.incident_id AND c.over IS NULL) "
        f"ORDER BY status, incident_id LIMIT $2 FOR UPDATE), {_OF_INCIDENT} "
        "DELETE FROM command.report_incident "
        "WHERE (status, incident_id) IN (SELECT status, incident_id FROM old) RETURNING 1",
        keep,
        limit=500,
    )
