"""Conditions and keys of rows in SQL, the same for every list and every count."""

from __future__ import annotations

from collections.abc import Iterable

from shared.contracts.alarms import AlarmTransition
from shared.contracts.lifecycles import alert, command, page
from shared.contracts.pages import SubjectKind
from shared.domain.agency_warnings import FOLLOW_UPS, WARNINGS
from shared.runtime.sql import names


def _kinds(kinds: Iterable[str]) -> str:
    return "(" + ", ".join(f"'{kind}'" for kind in sorted(kinds)) + ")"


OPEN_ALERT = f"state IN {names(alert.OPEN)}"
"""The condition that an alert is open."""
OPEN_COMMAND = f"state IN {names(command.OPEN)}"
"""The condition that a command is open."""
OPEN_PAGE = f"state IN {names(page.WAITING)}"
"""The condition that a page waits for an answer."""
EVENT_PAGE = f"subject_kind NOT IN {names(kind for kind in SubjectKind if kind.is_system)}"
"""The condition that a page is about an event, not about a fault of the system itself."""
PAGE_MATTER = (
    "concat_ws(':', p.status, p.subject_kind, "
    f"CASE WHEN p.subject_kind = '{SubjectKind.SUPERVISION}' "
    "THEN coalesce(p.command_id, p.subject_id) ELSE p.subject_id END, p.to_note)"
)
"""The matter of a page p: its subject, or for supervision the command that is supervised."""
STANDING_ALARM = f"(transition <> '{AlarmTransition.CLEARED}' AND NOT withdrawn)"
"""The condition that an alarm stands."""
IS_WARNING = f"msg_type IN {_kinds(WARNINGS)}"
"""The condition that a message of another agency is a warning itself."""
UNWELL_SENSOR = "status = $1 AND state <> 'online' AND unit >= $2 AND unit < $3"
"""The condition that a sensor of the subtree from $2 to before $3 is silent or faulty."""


def ends_warning(message: str, warning: str) -> str:
    """Return the condition that `message` of another agency ends `warning`, two aliases of a table.

    The reference is tested twice, so that either of both is found by an index.
    """
    return (
        f"{message}.ended_ids @> ARRAY[{warning}.warning_id] "
        f"AND {warning}.warning_id = ANY({message}.ended_ids) "
        f"AND {message}.status = {warning}.status AND {message}.source_id = {warning}.source_id "
        f"AND {message}.msg_type IN {_kinds(FOLLOW_UPS)}"
    )
