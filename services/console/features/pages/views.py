"""Pages, as JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from services.console.core.access import Viewer
from services.console.core.directory import Directory
from services.console.core.masking import DataClass, opens
from services.console.core.names import UnitNames
from services.console.core.quorum import progress
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


class QuorumViews:
    """The quorums of pages as their viewer sees them, by the calls of their escalations."""

    def __init__(
        self,
        viewer: Viewer,
        calls: Iterable[OutgoingRecord],
        people: Mapping[str, str],
        names: UnitNames,
        directory: Directory,
    ) -> None:
        self._viewer, self._people, self._names = viewer, people, names
        self._directory = directory
        self._calls: dict[str, list[OutgoingRecord]] = defaultdict(list)
        for call in calls:
            self._calls[call["escalation_id"]].append(call)

    def of(self, row: OutgoingRecord) -> Json | None:
        """Return how many have answered the calls of a page, and who is still asked; or None."""
        calls = self._calls.get(row["escalation_id"])
        if row["quorum"] is None or not calls:
            return None
        result = progress(calls, self._directory.holders)
        return {
            "needed": result.total.needed,
            "count": result.total.count,
            "answered": [self._officer(call) for call in result.answered],
            "waiting": [self._officer(call) for call in result.waiting],
        }

    def _officer(self, call: OutgoingRecord) -> Json:
        is_open = opens(self._viewer, call["unit"], DataClass.NAME)
        return {
            "own": call["officer_id"] == self._viewer.officer_id,
            "officer_name": self._people.get(call["officer_id"]) if is_open else None,
            "unit_name": self._names.unit(call["unit"]),
            "post": call["post"],
        }


def page(row: OutgoingRecord, names: UnitNames, quorums: QuorumViews) -> Json:
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
        "quorum": quorums.of(row),
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
