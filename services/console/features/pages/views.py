"""Pages, as JSON."""

from __future__ import annotations

from collections.abc import Iterable

from services.console.core.names import UnitNames
from services.console.core.record import Json, OutgoingRecord
from shared.contracts.pages import RosterSlot

_MOST_UNITS = 6


def colleagues(
    slots: Iterable[RosterSlot], officer_id: str, names: UnitNames
) -> list[dict[str, str]]:
    """Return the officers on duty beside this officer, each with the first of their posts."""
    views: dict[str, dict[str, str]] = {}
    for slot in slots:
        officer = slot.officer
        if officer is not None and officer.officer_id != officer_id:
            view = {
                "officer_id": officer.officer_id,
                "name": officer.name,
                "unit": slot.unit,
                "unit_name": names.unit(slot.unit),
                "post": slot.post,
            }
            views.setdefault(officer.officer_id, view)
    return list(views.values())


def page(row: OutgoingRecord, names: UnitNames) -> Json:
    """Return a page of the viewer, with what it says of the other pages about its matter."""
    late_units = list(dict.fromkeys(row.get("late_units") or ()))
    return {
        "page_id": row["page_id"],
        "status": row["status"],
        "version": row["version"],
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "post": row["post"],
        "round": row["round"],
        "rung": row["rung"],
        "state": row["state"],
        "level": row["level"],
        "headline": row["headline"],
        "text": row["body"],
        "subject_kind": row["subject_kind"],
        "alert_id": row["alert_id"],
        "command_id": row["command_id"],
        "assignment_id": row["assignment_id"],
        "answer_by": row["answer_by"],
        "to_note": row["to_note"],
        "answer": row["verb"],
        "channel": row["channel"],
        "resend": row["resend"],
        "reason": row["reason"],
        "sent_at": row["sent_at"],
        "matter": row.get("matter") or row["page_id"],
        "matter_count": row.get("matter_count") or 1,
        "late_units": [names.unit(unit) for unit in late_units[:_MOST_UNITS]],
        "late_unit_count": row.get("late_unit_count") or 0,
    }
