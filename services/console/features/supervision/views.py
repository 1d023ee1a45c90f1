"""Assignments whose deadlines the timers found missed or near, as JSON."""

from __future__ import annotations

from collections.abc import Iterable

from services.console.core.access import Viewer
from services.console.core.contacts import contact
from services.console.core.directory import Directory
from services.console.core.masking import opens
from services.console.core.names import UnitNames
from services.console.core.record import Json, OutgoingRecord
from shared.contracts.assignments import AssignmentState
from shared.contracts.supervision import SupervisionKind
from shared.contracts.units import department_of, tier_of

SUPERVISED = (
    SupervisionKind.ESCALATED.value,
    SupervisionKind.OVERDUE.value,
    SupervisionKind.REMINDED.value,
    SupervisionKind.DUE_SOON.value,
    AssignmentState.RETURNED.value,
)
"""The counts of assignments that need attention."""


def supervised_units(
    root: str, below: Iterable[str], counted: Iterable[OutgoingRecord], names: UnitNames
) -> list[Json]:
    """Return the assignments due or returned, by unit: the root alone first, then the units below.

    A row stands for `n` assignments of a `kind` under `child`; None is the root itself.
    """
    units = {
        unit: {**_unit(unit, names), **dict.fromkeys(SUPERVISED, 0)} for unit in (root, *below)
    }
    for row in counted:
        units[row["child"] or root][row["kind"]] += row["n"]
    return list(units.values())


def _unit(unit: str, names: UnitNames) -> Json:
    return {
        "unit": unit,
        "name": names.unit(unit),
        "tier": tier_of(unit),
        "department": department_of(unit),
        "synthetic": names.tree.get(unit).synthetic,
    }


def supervised_command(head: Json, row: OutgoingRecord) -> Json:
    """Return an open command with the counts of its assignments that need attention."""
    return {**head, **{name: row[name] for name in SUPERVISED}, "unsigned": row["unsigned"]}


def supervision(
    row: OutgoingRecord, viewer: Viewer, directory: Directory, names: UnitNames
) -> Json:
    """Return an open assignment with its gravest firing, and whom to call."""
    open_to = opens(viewer, row["unit"], row["data_grade"])
    return {
        "assignment_id": row["subject_id"],
        "command_id": row["command_id"],
        "status": row["status"],
        "kind": row["kind"],
        "clock": row["clock"],
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "rung": row["rung"],
        "target_unit": row["target_unit"],
        "target_name": names.unit(row["target_unit"]),
        "target_post": row["target_post"],
        "due_at": row["due_at"],
        "late_by_s": row["late_by_s"],
        "level": row["level"],
        "masked": not open_to,
        "title": row["title"] if open_to else "",
        "sent_at": row["sent_at"],
        "state": row["state"],
        "contact": contact(row["unit"], viewer, directory, names),
    }
