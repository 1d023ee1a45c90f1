"""The list of cases as JSON; a cursor is the beginning and the id of a case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from services.console.core.access import Viewer
from services.console.core.masking import opens
from services.console.core.names import UnitNames
from services.console.core.peaks import name_with_peak
from services.console.core.record import Json, OutgoingRecord

CasePosition = tuple[datetime, str]

CURSOR = r"^$|^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z~[A-Za-z0-9._:\-]{1,96}$"
"""A cursor in the list, from `next` of the previous answer; empty: the beginning of the list."""


def line(
    row: OutgoingRecord,
    peaks: Sequence[OutgoingRecord],
    status: str,
    viewer: Viewer,
    names: UnitNames,
) -> Json:
    """Return a case of the list; `peaks` are those of all cases of the list.

    The title is left out unless open to the viewer; `masked` tells the client.
    """
    open_to = opens(viewer, row["root"], row["data_grade"])
    own_peaks = [peak for peak in peaks if peak["alert_id"] in row["called"]]
    title = name_with_peak(row["title"], own_peaks, names)
    return {
        "case_id": row["case_id"],
        "status": status,
        "state": row["state"],
        "title": title if open_to else "",
        "masked": not open_to,
        "level": row["level"],
        "event_type": row["event_type"],
        "root": row["root"],
        "root_name": names.unit(row["root"]),
        "began": row["began"],
        "changed": row["changed"],
        "alerts": row["alerts"],
        "commands": row["commands"],
    }


def place_of(cursor: str) -> CasePosition | None:
    """Return the position of a cursor. Raises ValueError when the cursor is malformed."""
    if not cursor:
        return None
    at, _, case_id = cursor.partition("~")
    return datetime.fromisoformat(at), case_id


def cursor_of(row: OutgoingRecord) -> str:
    """Return the cursor after a case."""
    at = row["began"].astimezone(UTC).replace(tzinfo=None)
    return f"{at.isoformat(timespec='microseconds')}Z~{row['case_id']}"
