"""The timeline of a case as JSON; `lines` in features/cases/queries.py explains the sums.

The id and position of a line follow from the facts alone, and any order of arrival gives an equal
timeline.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from services.console.core.access import Viewer
from services.console.core.masking import DataClass, opens
from services.console.core.names import Names
from services.console.core.record import Json, Record
from services.console.features.cases.case import Case
from shared.contracts.fields import DataGrade

CURSOR = r"^$|^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z~-?[0-9]{1,9}~[A-Za-z0-9._:\-]{1,96}$"
"""A cursor in a timeline, from `next` of the previous answer; empty: the beginning."""
_WORDS = frozenset({"headline", "text"})
_PARTS = re.compile(CURSOR)


@dataclass(frozen=True, slots=True)
class TimelinePosition:
    """The position after a line of the timeline.

    Facts of a single transaction have an equal time and are ordered by `turn`.
    """

    at: datetime
    turn: int
    event_id: str


def place_of(cursor: str) -> TimelinePosition | None:
    """Return the position of a cursor. Raises ValueError when the cursor is malformed."""
    if not cursor:
        return None
    if not _PARTS.fullmatch(cursor):
        raise ValueError("not a cursor")
    at, turn, event_id = cursor.split("~")
    return TimelinePosition(datetime.fromisoformat(at), int(turn), event_id)


def cursor_of(row: Record) -> str:
    """Return the cursor after a line."""
    at = row["at"].astimezone(UTC).replace(tzinfo=None)
    return f"{at.isoformat(timespec='microseconds')}Z~{row['turn']}~{row['event_id']}"


def line(row: Record, case: Case, viewer: Viewer, names: Names) -> Json:
    """Return a line as JSON; a `count` above 1 is the number of units of a tier.

    The words of a graded record and the reporter are left out unless open to the viewer.
    """
    details: Json = json.loads(row["details"]) if row["details"] else {}
    unit, actor = row["unit"], row["actor"]
    grade = details.pop("grade", DataGrade.GENERAL)
    if row["kind"] == "command":
        is_open = unit is None or case.opens_order(viewer, row["thread"])
    else:
        is_open = unit is None or opens(viewer, unit, grade)
    if not is_open:
        details = {name: value for name, value in details.items() if name not in _WORDS}
    if row["kind"] == "report" and not opens(viewer, unit, DataClass.NAME):
        actor = None
    if row["kind"] == "supervision":
        clock, _, rung = row["part"].partition(":")
        details |= {"clock": clock, "rung": int(rung)}
    if row["kind"] in ("assignment", "acknowledgement"):
        details["attempt"] = int(row["part"])
    if target := details.get("target_unit"):
        details["target_name"] = names.unit(target)
    return {
        "id": row["event_id"],
        "at": row["at"],
        "until": row["until"],
        "status": case.status,
        "kind": row["kind"],
        "what": row["event"],
        "thread": row["thread"],
        "tier": row["tier"],
        "count": row["count"],
        "late": row["late"],
        "unit": unit,
        "unit_name": None if unit is None else names.unit(unit),
        "actor": actor,
        **details,
    }
