"""Conversion between rows of commands and assignments and the values of the core.

The driver reads and writes jsonb columns as text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.command.core.assignments.model import Assignment, OfficerStep
from services.command.core.commands.model import Command
from shared.contracts.assignments import (
    Ask,
    AssignmentAxis,
    AssignmentRole,
    AssignmentState,
    Progress,
    Step,
)
from shared.contracts.commands import CommandState
from shared.contracts.fields import DataGrade, Level, ResponseMode, Status, Tier
from shared.definitions.response_plans.orders import Brief


def command_of(row: Any) -> Command:
    """Return the value of a row of `command.command`."""
    values = dict(row)
    values["status"] = Status(values["status"])
    values["state"] = CommandState(values["state"])
    values["level"] = Level(values["level"])
    values["mode"] = ResponseMode(values["mode"])
    values["data_grade"] = DataGrade(values["data_grade"])
    values["areas"] = tuple(values["areas"])
    values["briefs"] = tuple(_brief(item) for item in json.loads(values["briefs"]))
    return Command(**values)


def assignment_of(row: Iterable[Any]) -> Assignment:
    """Return the value of a row of `command.assignment`, its columns in the order of the fields."""
    values = list(row)
    for index, members in _ENUM_COLUMNS:
        values[index] = members[values[index]]
    for index, usual, read in _RARE_COLUMNS:
        if values[index] != usual:
            values[index] = read(values[index])
        elif usual is not None:
            values[index] = ()
    return Assignment(*values)


def column(name: str, values: Iterable[Any]) -> list[Any]:
    """Return the values of a field of assignments in the form that the column stores."""
    write = _WRITERS.get(name)
    return list(values) if write is None else [write(value) for value in values]


def _json_or_null(value: Progress | Ask | None) -> str | None:
    return None if value is None else value.model_dump_json(exclude_none=True)


_WRITERS: dict[str, Callable[[Any], str | None]] = {
    "waiting_steps": lambda steps: (
        json.dumps([_stored_step(step) for step in steps]) if steps else "[]"
    ),
    "recurrences": lambda numbers: json.dumps(dict(numbers)) if numbers else "{}",
    "children": _json_or_null,
    "pending_request": _json_or_null,
}


def _waiting_steps(raw: str) -> tuple[OfficerStep, ...]:
    return tuple(_officer_step(item) for item in json.loads(raw))


def _recurrences(raw: str) -> tuple[tuple[Step, int], ...]:
    return tuple((Step(step), number) for step, number in json.loads(raw).items())


_INDEX = {name: index for index, name in enumerate(Assignment.__struct_fields__)}
_ENUM_COLUMNS: tuple[tuple[int, dict[str, StrEnum]], ...] = tuple(
    (_INDEX[name], {str(member): member for member in kind})
    for name, kind in (
        ("status", Status),
        ("unit_tier", Tier),
        ("state", AssignmentState),
        ("mode", ResponseMode),
    )
)
_RARE_COLUMNS: tuple[tuple[int, str | None, Callable[[str], Any]], ...] = (
    (_INDEX["waiting_steps"], "[]", _waiting_steps),
    (_INDEX["recurrences"], "{}", _recurrences),
    (_INDEX["suspended_from"], None, AssignmentState),
    (_INDEX["children"], None, Progress.from_wire),
    (_INDEX["pending_request"], None, Ask.from_wire),
)
"""Columns with a value in few rows: index, usual content, and a reader for a value."""


def _brief(stored: dict[str, Any]) -> Brief:
    role, axis = AssignmentRole(stored["role"]), AssignmentAxis(stored["axis"])
    return Brief(**{**stored, "role": role, "axis": axis})


def _stored_step(officer_step: OfficerStep) -> dict[str, str]:
    """Return a waiting step for JSON. A step of the chain has no number, end or units."""
    return {
        "step": officer_step.step,
        "record_id": officer_step.record_id,
        "officer_id": officer_step.officer_id,
        "officer_unit": officer_step.officer_unit,
        "text": officer_step.text,
        "occurred_at": officer_step.occurred_at.isoformat(),
    }


def _officer_step(stored: dict[str, str]) -> OfficerStep:
    return OfficerStep(
        Step(stored["step"]),
        stored["record_id"],
        stored["officer_id"],
        stored["officer_unit"],
        stored["text"],
        datetime.fromisoformat(stored["occurred_at"]),
    )
