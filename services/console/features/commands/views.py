"""Commands and assignments, as JSON."""

from __future__ import annotations

import json

from services.console.core.access import Viewer
from services.console.core.masking import opens
from services.console.core.names import UnitNames
from services.console.core.offers import steps_for
from services.console.core.record import Json, OutgoingRecord
from shared.contracts.assignments import AssignmentState


def is_open_to(viewer: Viewer, command: OutgoingRecord, *, receives: bool) -> bool:
    """Return whether the viewer may read a command's words.

    `receives`: a unit of the viewer's subtree has, or had, an assignment.
    """
    heads = (command["root"], command["issuer_unit"])
    return receives or any(opens(viewer, unit, command["data_grade"]) for unit in heads)


def command_head(
    row: OutgoingRecord, names: UnitNames, *, open_to: bool, warning: Json | None
) -> Json:
    """Return a command without its counts, and without its words unless `open_to`.

    `warning` is the warning of another agency behind it.
    """
    return {
        "command_id": row["command_id"],
        "status": row["status"],
        "version": row["version"],
        "state": row["state"],
        "alert_id": row["alert_id"],
        "event_type": row["event_type"],
        "level": row["level"],
        "root": row["root"],
        "root_name": names.unit(row["root"]),
        "issuer_unit": row["issuer_unit"],
        "issuer_name": names.unit(row["issuer_unit"]),
        "masked": not open_to,
        "title": row["title"] if open_to else "",
        "warning": warning,
        "recipients": row["recipients"],
        "sign_by": row["sign_by"],
        "finish_by": row["finish_by"],
        "sent_at": row["sent_at"],
    }


def assignment(row: OutgoingRecord, viewer: Viewer, names: UnitNames) -> Json:
    """Return an assignment of a unit and the steps offered to the viewer."""
    state = AssignmentState(row["state"])
    open_to = opens(viewer, row["unit"], row["data_grade"])
    return {
        "assignment_id": row["assignment_id"],
        "command_id": row["command_id"],
        "alert_id": row["alert_id"],
        "status": row["status"],
        "version": row["version"],
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "unit_tier": row["unit_tier"],
        "role": row["role"],
        "state": state,
        "level": row["level"],
        "event_type": row["event_type"],
        "masked": not open_to,
        "title": row["title"] if open_to else "",
        "instruction": row["instruction"] if open_to else "",
        "issuer_unit": row["issuer_unit"],
        "issuer_name": names.unit(row["issuer_unit"]),
        "sign_by": row["sign_by"],
        "finish_by": row["finish_by"],
        "attempt": row["attempt"],
        "signed_at": row["signed_at"],
        "reported_at": row["reported_at"],
        "done_at": row["done_at"],
        "late": row["late"],
        "synthetic": row["synthetic"],
        "reason": row["reason"] if open_to else "",
        "parent_assignment_id": row["parent_assignment_id"],
        "mandatory": row["mandatory"],
        "reassigned_from": row["reassigned_from"],
        "asked": None
        if row["asked_step"] is None
        else {
            "step": row["asked_step"],
            "until": row["asked_until"],
            "text": row["asked_text"] if open_to else "",
        },
        "suspended_until": row["suspended_until"],
        "extensions": row["extensions"],
        "original_finish_by": row["original_finish_by"],
        "children": None if row["children"] is None else json.loads(row["children"]),
        "may": steps_for(
            viewer,
            state,
            row["unit"],
            row["issuer_unit"],
            row["release_unit"],
            asked_step=row["asked_step"] is not None,
        ),
    }


def pending_unit(row: OutgoingRecord, grade: str, viewer: Viewer, names: UnitNames) -> Json:
    """Return a pending unit (unsigned, returned or late) and the called post.

    `grade` is the grade of the command.
    """
    return {
        "assignment_id": row["assignment_id"],
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "unit_tier": row["unit_tier"],
        "state": row["state"],
        "sign_by": row["sign_by"],
        "finish_by": row["finish_by"],
        "reason": row["reason"] if opens(viewer, row["unit"], grade) else "",
        "supervision": row["kind"],
        "rung": row["rung"],
        "target_name": names.unit(row["target_unit"]) if row["target_unit"] else None,
        "target_post": row["target_post"],
    }


def acknowledgement(
    row: OutgoingRecord, of: OutgoingRecord, viewer: Viewer, names: UnitNames
) -> Json:
    """Return a step on the assignment `of`, with its text."""
    return {
        "step": row["step"],
        "attempt": row["attempt"],
        "unit_name": names.unit(row["officer_unit"]),
        "post": row["post"],
        "text": row["body"] if opens(viewer, of["unit"], of["data_grade"]) else "",
        "sent_at": row["sent_at"],
    }
