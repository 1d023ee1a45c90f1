"""Conditions and keys of rows in SQL, the same for every list and every count."""

from __future__ import annotations

from shared.contracts.alarms import AlarmTransition
from shared.contracts.lifecycles import alert, command, page
from shared.contracts.pages import SubjectKind
from shared.runtime.sql import names

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
UNWELL_SENSOR = "status = $1 AND state <> 'online' AND unit >= $2 AND unit < $3"
"""The condition that a sensor of the subtree from $2 to before $3 is silent or faulty."""
