"""Between rows of the command schema and the core's values. jsonb travels as text."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from services.command.core.model import Act, Assignment, Command
from shared.contracts.commands import (
    Ask,
    AssignmentAxis,
    AssignmentRole,
    AssignmentState,
    CommandState,
    Progress,
    Step,
)
from shared.contracts.fields import Level, ResponseMode, Status, Tier
from shared.plans.orders import Brief


def command_of(row: Any) -> Command:
    """A row of `command.command`."""
    values = dict(row)
    values["status"] = Status(values["status"])
    values["state"] = CommandState(values["state"])
    values["level"] = Level(values["level"])
    values["mode"] = ResponseMode(values["mode"])
    values["areas"] = tuple(values["areas"])
    values["briefs"] = tuple(_brief(one) for one in json.loads(values["briefs"]))
    return Command(**values)


def assignment_of(row: Any) -> Assignment:
    """A row of `command.assignment`."""
    values = dict(row)
    values["status"] = Status(values["status"])
    values["unit_tier"] = Tier(values["unit_tier"])
    values["state"] = AssignmentState(values["state"])
    values["mode"] = ResponseMode(values["mode"])
    raw = values["waiting"]
    values["waiting"] = () if raw == "[]" else tuple(_act(one) for one in json.loads(raw))
    raw = values["recurred"]
    values["recurred"] = (
        () if raw == "{}" else tuple((Step(one), n) for one, n in json.loads(raw).items())
    )
    if values["suspended_from"] is not None:
        values["suspended_from"] = AssignmentState(values["suspended_from"])
    if values["children"] is not None:
        values["children"] = Progress.model_validate_json(values["children"])
    if values["asked"] is not None:
        values["asked"] = Ask.model_validate_json(values["asked"])
    return Assignment(**values)


def plain(name: str, value: Any) -> Any:
    """The value of an assignment's field as its column takes it."""
    match name:
        case "waiting":
            return json.dumps([_held(one) for one in value]) if value else "[]"
        case "recurred":
            return json.dumps(dict(value)) if value else "{}"
        case "children" | "asked":
            return None if value is None else value.model_dump_json(exclude_none=True)
        case _:
            return value


def _brief(stored: dict[str, Any]) -> Brief:
    role, axis = AssignmentRole(stored["role"]), AssignmentAxis(stored["axis"])
    return Brief(**{**stored, "role": role, "axis": axis})


def _held(one: Act) -> dict[str, str]:
    """A waiting step: one of the chain, so without number, end or units."""
    return {
        "step": one.step,
        "record_id": one.record_id,
        "officer_id": one.officer_id,
        "officer_unit": one.officer_unit,
        "text": one.text,
        "occurred_at": one.occurred_at.isoformat(),
    }


def _act(stored: dict[str, str]) -> Act:
    return Act(
        Step(stored["step"]),
        stored["record_id"],
        stored["officer_id"],
        stored["officer_unit"],
        stored["text"],
        datetime.fromisoformat(stored["occurred_at"]),
    )
