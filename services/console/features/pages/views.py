"""Pages, as JSON."""

from __future__ import annotations

from services.console.core.names import UnitNames
from services.console.core.record import Json, OutgoingRecord


def page(row: OutgoingRecord, names: UnitNames) -> Json:
    """Return a page of the viewer."""
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
    }
