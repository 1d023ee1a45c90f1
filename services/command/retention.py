"""What the service forgets of itself: commands that ended long ago, with all that belongs to them."""

from __future__ import annotations

from datetime import timedelta

from services.command.core.lifecycle import ENDED
from shared.runtime.retention import Task

BELONGING = ("assignment", "tier_count", "late_acknowledgement")
"""Tables whose rows go with their command (column `command_id`)."""

_ENDED = ", ".join(repr(str(state)) for state in sorted(ENDED))
_DELETES = ", ".join(
    f"{table}_gone AS (DELETE FROM command.{table} "  # noqa: S608 - our own names
    "WHERE command_id IN (SELECT command_id FROM old))"
    for table in BELONGING
)


def forget_commands(keep: timedelta) -> Task:
    """Commands that were closed or withdrawn; an open one stays, however old it is.

    Timers of theirs are cancelled when they end. A step that comes for one that is forgotten is refused
    to the dead letters like a step for one that never was.
    """
    return Task(
        "ended_commands",
        "WITH old AS (SELECT command_id FROM command.command "  # noqa: S608
        f"WHERE state IN ({_ENDED}) AND issued_at < now() - $1::interval "
        f"ORDER BY command_id LIMIT $2 FOR UPDATE), {_DELETES} "
        "DELETE FROM command.command WHERE command_id IN (SELECT command_id FROM old) RETURNING 1",
        keep,
        # One may have 75,000 recipients: a second of deleting.
        limit=5,
    )
