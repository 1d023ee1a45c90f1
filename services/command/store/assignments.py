"""Assignments, and the steps that came too late. The lock of a command covers its assignments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from operator import attrgetter

from msgspec import NODEFAULT, structs

from services.command.core.assignments.model import Assignment
from services.command.store.rows import assignment_of, column
from shared.contracts.assignments import AssignmentState, Step
from shared.contracts.fields import Status
from shared.runtime.database import Transaction

_COLUMNS = Assignment.__struct_fields__
_DELIVERED = (
    *(field.name for field in structs.fields(Assignment) if field.default is NODEFAULT),
    *("brief", "sign_within_s", "finish_within_s", "mode", "mode_version", "mode_unit"),
    *("limits_id", "limits_version"),
)
"""The columns of an assignment that a fan-out makes; every other column has its default."""
_delivered = attrgetter(*_DELIVERED)
_MUTABLE = {
    "version": "int",
    "state": "text",
    "attempt": "int",
    "sign_by": "timestamptz",
    "finish_by": "timestamptz",
    "changed_at": "timestamptz",
    "waiting_steps": "jsonb",
    "signed_at": "timestamptz",
    "reported_at": "timestamptz",
    "done_at": "timestamptz",
    "late": "bool",
    "sign_overdue": "bool",
    "finish_overdue": "bool",
    "calls": "int",
    "actor": "text",
    "reason": "text",
    "mode": "text",
    "mode_version": "int",
    "mode_unit": "text",
    "children": "jsonb",
    "pending_request": "jsonb",
    "recurrences": "jsonb",
    "suspended_from": "text",
    "suspended_at": "timestamptz",
    "suspended_until": "timestamptz",
    "suspended_s": "float8",
    "extensions": "int",
    "original_finish_by": "timestamptz",
    "limits_id": "text",
    "limits_version": "int",
}
"""Columns of an assignment that may change after the insert, with their types."""
_getters = {name: attrgetter(name) for name in _MUTABLE}
_OFTEN_SHARED = frozenset(
    {"version", "state", "changed_at", "signed_at", "late", "sign_overdue", "calls"}
)
"""Columns with mostly one value in all rows of a batch: the value is sent once, not per row."""

_SELECT = (
    f"SELECT {', '.join(_COLUMNS)} FROM command.assignment "  # noqa: S608 - our own names
    "WHERE assignment_id = ANY($1::text[])"
)
_LOCK_IN_STATES = (
    f"SELECT {', '.join(_COLUMNS)} FROM command.assignment "  # noqa: S608
    "WHERE command_id = $1 AND state = ANY($2::text[]) ORDER BY assignment_id FOR UPDATE"
)
_PARTS_BELOW = (
    "WITH RECURSIVE part AS (SELECT assignment_id FROM command.assignment "
    "WHERE parent_assignment_id = $1 UNION SELECT a.assignment_id FROM command.assignment AS a "
    "JOIN part ON a.parent_assignment_id = part.assignment_id) "
    "SELECT assignment_id FROM part ORDER BY assignment_id"
)


@cache
def _update(columns: tuple[str, ...], shared: tuple[str, ...]) -> str:
    """Return an UPDATE of any number of assignments.

    Parameters are the ids, an array per column of `columns`, and one value per column of
    `shared` for all rows.
    """
    kinds = [_MUTABLE[name] for name in columns]
    changes = ", ".join(
        f"{name} = n.{name}" + "::jsonb" * (kind == "jsonb")
        for name, kind in zip(columns, kinds, strict=True)
    )
    arrays = ["$1::text[]"]
    arrays += [
        f"${at}::{'text' if kind == 'jsonb' else kind}[]" for at, kind in enumerate(kinds, 2)
    ]
    for at, name in enumerate(shared, 2 + len(columns)):
        changes += f"{', ' if changes else ''}{name} = ${at}::{_MUTABLE[name]}"
    return (
        f"UPDATE command.assignment AS a SET {changes} "  # noqa: S608
        f"FROM unnest({', '.join(arrays)}) "
        f"AS n({', '.join(('assignment_id', *columns))}) WHERE a.assignment_id = n.assignment_id"
    )


async def commands_of(transaction: Transaction, assignment_ids: Collection[str]) -> list[str]:
    """Return the ids of the commands of these assignments; no lock, the relation never changes."""
    rows = await transaction.connection.fetch(
        "SELECT DISTINCT command_id FROM command.assignment WHERE assignment_id = ANY($1::text[])",
        list(assignment_ids),
    )
    return [row["command_id"] for row in rows]


async def load_assignments(transaction: Transaction, ids: Collection[str]) -> dict[str, Assignment]:
    """Return these assignments. The locks of their commands keep them from changing."""
    rows = await transaction.connection.fetch(_SELECT, sorted(ids))
    return {row["assignment_id"]: assignment_of(row) for row in rows}


async def lock_in_states(
    transaction: Transaction, command_id: str, states: Iterable[AssignmentState]
) -> list[Assignment]:
    """Lock the assignments of a command that are in one of `states`, in the order of their ids."""
    rows = await transaction.connection.fetch(
        _LOCK_IN_STATES, command_id, [str(state) for state in states]
    )
    return [assignment_of(row) for row in rows]


async def parts_below(transaction: Transaction, assignment_id: str) -> list[str]:
    """Return the ids of the parts of an assignment, on every level; its command is locked."""
    rows = await transaction.connection.fetch(_PARTS_BELOW, assignment_id)
    return [row["assignment_id"] for row in rows]


async def insert_fan_out(transaction: Transaction, assignments: Iterable[Assignment]) -> None:
    """Insert the rows of a whole fan-out by COPY; the order of ids is the fastest."""
    await transaction.connection.copy_records_to_table(
        "assignment",
        schema_name=transaction.schema,
        columns=list(_DELIVERED),
        records=map(_delivered, assignments),
    )


async def insert_derived(transaction: Transaction, assignments: Sequence[Assignment]) -> None:
    """Insert parts and successors with all columns."""
    if assignments:
        await transaction.connection.copy_records_to_table(
            "assignment",
            schema_name=transaction.schema,
            columns=list(_COLUMNS),
            records=zip(
                *(column(name, map(attrgetter(name), assignments)) for name in _COLUMNS),
                strict=True,
            ),
        )


async def save_assignments(
    transaction: Transaction, changes: Sequence[tuple[Assignment, Assignment]]
) -> None:
    """Write back pairs of a previous and an updated assignment: all columns that have changed."""
    rows = [updated for _, updated in changes]
    changed = _changed(changes)
    shared = tuple(name for name in changed if name in _OFTEN_SHARED and _is_shared(name, rows))
    columns = tuple(name for name in changed if name not in shared)
    if changed:
        await transaction.connection.execute(
            _update(columns, shared),
            [row.assignment_id for row in rows],
            *(column(name, map(_getters[name], rows)) for name in columns),
            *(_getters[name](rows[0]) for name in shared),
        )


def _changed(changes: Sequence[tuple[Assignment, Assignment]]) -> list[str]:
    """Return the columns in which a pair differs, in the order of the table."""
    unchanged, values = tuple(_MUTABLE), _values_of(tuple(_MUTABLE))
    for previous, updated in changes:
        if values(previous) != values(updated):
            unchanged = tuple(
                name for name in unchanged if getattr(previous, name) == getattr(updated, name)
            )
            values = _values_of(unchanged)
    return [name for name in _MUTABLE if name not in unchanged]


@cache
def _values_of(names: tuple[str, ...]) -> Callable[[Assignment], object]:
    return attrgetter(*names) if names else lambda _: None


def _is_shared(name: str, rows: Sequence[Assignment]) -> bool:
    value = _getters[name]
    first = value(rows[0])
    return all(value(row) is first for row in rows)


@dataclass(frozen=True, slots=True)
class LateStep:
    """A step without effect: too late, or waiting until the end of the assignment."""

    record_id: str
    status: Status
    command_id: str
    assignment_id: str
    step: Step
    attempt: int
    officer_id: str
    officer_unit: str
    occurred_at: datetime


async def insert_late_steps(transaction: Transaction, late_steps: Sequence[LateStep]) -> None:
    """Insert late steps; a stored step stays unchanged."""
    if late_steps:
        await transaction.connection.executemany(
            "INSERT INTO command.late_acknowledgement (acknowledgement_id, status, command_id, "
            "assignment_id, step, attempt, officer_id, officer_unit, occurred_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
            [
                tuple(getattr(late_step, field.name) for field in fields(LateStep))
                for late_step in late_steps
            ],
        )
