"""Between rows of the command schema and the core's values. jsonb travels as text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum
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
from shared.contracts.fields import DataGrade, Level, ResponseMode, Status, Tier
from shared.definitions.response_plans.orders import Brief


def command_of(row: Any) -> Command:
    """A row of `command.command`."""
    values = dict(row)
    values["status"] = Status(values["status"])
    values["state"] = CommandState(values["state"])
    values["level"] = Level(values["level"])
    values["mode"] = ResponseMode(values["mode"])
    values["data_grade"] = DataGrade(values["data_grade"])
    values["areas"] = tuple(values["areas"])
    values["briefs"] = tuple(_brief(load) for load in json.loads(values["briefs"]))
    return Command(**values)


def assignment_of(row: Iterable[Any]) -> Assignment:
    """A row of `command.assignment` with its columns in the order of the fields."""
    values = list(row)
    for at, known in _NAMES:
        values[at] = known[values[at]]
    for at, usual, read in _SELDOM:
        if values[at] != usual:
            values[at] = read(values[at])
        elif usual is not None:
            values[at] = ()
    return Assignment(*values)


def column(name: str, values: Iterable[Any]) -> list[Any]:
    """The values of a field of assignments as its column takes them."""
    write = _WRITE.get(name)
    return list(values) if write is None else [write(value) for value in values]


def _printed(value: Progress | Ask | None) -> str | None:
    return None if value is None else value.model_dump_json(exclude_none=True)


_WRITE: dict[str, Callable[[Any], str | None]] = {
    "waiting": lambda acts: json.dumps([_held(act) for act in acts]) if acts else "[]",
    "recurred": lambda numbers: json.dumps(dict(numbers)) if numbers else "{}",
    "children": _printed,
    "asked": _printed,
}


def _waiting(raw: str) -> tuple[Act, ...]:
    return tuple(_act(load) for load in json.loads(raw))


def _recurred(raw: str) -> tuple[tuple[Step, int], ...]:
    return tuple((Step(load), number) for load, number in json.loads(raw).items())


_AT = {name: at for at, name in enumerate(Assignment.__struct_fields__)}
_NAMES: tuple[tuple[int, dict[str, StrEnum]], ...] = tuple(
    (_AT[name], {str(one): one for one in kind})
    for name, kind in (
        ("status", Status),
        ("unit_tier", Tier),
        ("state", AssignmentState),
        ("mode", ResponseMode),
    )
)
_SELDOM: tuple[tuple[int, str | None, Callable[[str], Any]], ...] = (
    (_AT["waiting"], "[]", _waiting),
    (_AT["recurred"], "{}", _recurred),
    (_AT["suspended_from"], None, AssignmentState),
    (_AT["children"], None, Progress.model_validate_json),
    (_AT["asked"], None, Ask.model_validate_json),
)
"""What hardly any row has: where, what stands there otherwise, how to read it."""


def _brief(stored: dict[str, Any]) -> Brief:
    role, axis = AssignmentRole(stored["role"]), AssignmentAxis(stored["axis"])
    return Brief(**{**stored, "role": role, "axis": axis})


def _held(act: Act) -> dict[str, str]:
    """A waiting step: one of the chain, so without number, end or units."""
    return {
        "step": act.step,
        "record_id": act.record_id,
        "officer_id": act.officer_id,
        "officer_unit": act.officer_unit,
        "text": act.text,
        "occurred_at": act.occurred_at.isoformat(),
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
