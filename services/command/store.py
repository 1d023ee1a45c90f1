"""All SQL of the command service: whole batches per statement, rows locked in one fixed order."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from services.command.core.model import Act, Assignment, Command
from services.command.core.rollup import Counts
from shared.contracts.commands import (
    Acknowledgement,
    AssignmentAxis,
    AssignmentRole,
    AssignmentState,
    CommandState,
    Step,
)
from shared.contracts.fields import Level, ResponseMode, Status, Tier
from shared.plans.orders import Brief
from shared.runtime.database import Transaction

Rollups = dict[str, dict[Tier, Counts]]
"""Counters per command and tier."""

_COMMAND = tuple(field.name for field in fields(Command))
_ASSIGNMENT = tuple(field.name for field in fields(Assignment))
_values_of = attrgetter(*_ASSIGNMENT)
_WAITING = _ASSIGNMENT.index("waiting")
_MUTABLE = {
    "version": "int",
    "state": "text",
    "attempt": "int",
    "sign_by": "timestamptz",
    "finish_by": "timestamptz",
    "changed_at": "timestamptz",
    "waiting": "jsonb",
    "signed_at": "timestamptz",
    "reported_at": "timestamptz",
    "done_at": "timestamptz",
    "late": "bool",
    "sign_overdue": "bool",
    "finish_overdue": "bool",
    "calls": "int",
    "mode": "text",
    "mode_version": "int",
    "mode_unit": "text",
    "actor": "text",
    "reason": "text",
}
"""Columns of an assignment that change, with their type."""

_LOCK_COMMANDS = (
    f"SELECT {', '.join(_COMMAND)} FROM command.command "  # noqa: S608 - names of our own fields
    "WHERE command_id = ANY($1::text[]) ORDER BY command_id FOR UPDATE"
)
_LOCK_ASSIGNMENTS = (
    f"SELECT {', '.join(_ASSIGNMENT)} FROM command.assignment "  # noqa: S608
    "WHERE assignment_id = ANY($1::text[]) ORDER BY assignment_id"
)
_LOCK_IN_STATES = (
    f"SELECT {', '.join(_ASSIGNMENT)} FROM command.assignment "  # noqa: S608
    "WHERE command_id = $1 AND state = ANY($2::text[]) ORDER BY assignment_id FOR UPDATE"
)
_SAVE_ASSIGNMENTS = (
    "UPDATE command.assignment AS a SET "  # noqa: S608
    + ", ".join(
        f"{name} = n.{name}" + "::jsonb" * (kind == "jsonb") for name, kind in _MUTABLE.items()
    )
    + " FROM unnest($1::text[], "
    + ", ".join(
        f"${at}::{'text' if kind == 'jsonb' else kind}[]"
        for at, kind in enumerate(_MUTABLE.values(), 2)
    )
    + f") AS n(assignment_id, {', '.join(_MUTABLE)}) WHERE a.assignment_id = n.assignment_id"
)
_SAVE_COUNTS = (
    "UPDATE command.tier_count AS c SET delivered = n.delivered, signed = n.signed, "
    "reported = n.reported, done = n.done, returned = n.returned, overdue = n.overdue "
    "FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], "
    "$8::int[]) AS n(command_id, tier, delivered, signed, reported, done, returned, overdue) "
    "WHERE c.command_id = n.command_id AND c.tier = n.tier"
)


async def commands_of(work: Transaction, assignment_ids: Sequence[str]) -> list[str]:
    """Ids of the commands these assignments belong to; needs no lock, it never changes."""
    rows = await work.connection.fetch(
        "SELECT DISTINCT command_id FROM command.assignment WHERE assignment_id = ANY($1::text[])",
        list(assignment_ids),
    )
    return [row["command_id"] for row in rows]


async def lock_commands(work: Transaction, ids: Collection[str]) -> dict[str, Command]:
    """Lock these commands, always first and in order of their ids."""
    rows = await work.connection.fetch(_LOCK_COMMANDS, sorted(ids))
    return {row["command_id"]: _command(row) for row in rows}


async def rollups(work: Transaction, ids: Collection[str]) -> Rollups:
    """Counters of locked commands."""
    rows = await work.connection.fetch(
        "SELECT command_id, tier, total, delivered, signed, reported, done, returned, overdue "
        "FROM command.tier_count WHERE command_id = ANY($1::text[])",
        list(ids),
    )
    found: Rollups = {}
    for row in rows:
        one, tier, *counts = row.values()
        found.setdefault(one, {})[Tier(tier)] = Counts(*counts)
    return found


async def lock_assignments(work: Transaction, ids: Collection[str]) -> dict[str, Assignment]:
    """These assignments, as they stay until the end: who has their commands' locks has theirs."""
    rows = await work.connection.fetch(_LOCK_ASSIGNMENTS, sorted(ids))
    return {row["assignment_id"]: _assignment(row) for row in rows}


async def lock_in_states(
    work: Transaction, command_id: str, states: Iterable[AssignmentState]
) -> list[Assignment]:
    """Lock the assignments of a command that are in one of `states`, in order of their ids."""
    rows = await work.connection.fetch(_LOCK_IN_STATES, command_id, [str(one) for one in states])
    return [_assignment(row) for row in rows]


async def insert_command(work: Transaction, command: Command, counts: dict[Tier, Counts]) -> bool:
    """Make a command with its counters; False when it exists already."""
    values = [
        json.dumps([asdict(one) for one in command.briefs])
        if name == "briefs"
        else getattr(command, name)
        for name in _COMMAND
    ]
    places = ", ".join(f"${at}" for at in range(1, len(values) + 1))
    made = await work.connection.execute(
        f"INSERT INTO command.command ({', '.join(_COMMAND)}) VALUES ({places}) "  # noqa: S608
        "ON CONFLICT (command_id) DO NOTHING",
        *(list(value) if isinstance(value, tuple) else value for value in values),
    )
    if made != "INSERT 0 1":
        return False
    await work.connection.executemany(
        "INSERT INTO command.tier_count VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        [(command.command_id, tier, command.status, *one) for tier, one in counts.items()],
    )
    return True


async def insert_assignments(work: Transaction, assignments: Iterable[Assignment]) -> None:
    """Add the rows of a whole fan-out by COPY; in the order of their ids they go in fastest."""
    await work.connection.copy_records_to_table(
        "assignment",
        schema_name=work.schema,
        columns=list(_ASSIGNMENT),
        records=map(_row, assignments),
    )


async def save_assignments(work: Transaction, assignments: Sequence[Assignment]) -> None:
    """Write back what has changed, in one statement."""
    if assignments:
        await work.connection.execute(
            _SAVE_ASSIGNMENTS,
            [one.assignment_id for one in assignments],
            *([_plain(name, getattr(one, name)) for one in assignments] for name in _MUTABLE),
        )


async def save_commands(work: Transaction, commands: Sequence[Command]) -> None:
    """Write back version, state and actor."""
    if commands:
        await work.connection.execute(
            "UPDATE command.command AS c SET version = n.version, state = n.state, actor = n.actor "
            "FROM unnest($1::text[], $2::int[], $3::text[], $4::text[]) "
            "AS n(command_id, version, state, actor) WHERE c.command_id = n.command_id",
            [one.command_id for one in commands],
            [one.version for one in commands],
            [str(one.state) for one in commands],
            [one.actor for one in commands],
        )


async def save_rollups(work: Transaction, changed: Rollups) -> None:
    """Write back the counters of locked commands."""
    rows = [
        (command_id, str(tier), *counts[1:])
        for command_id, rollup in changed.items()
        for tier, counts in rollup.items()
    ]
    if rows:
        await work.connection.execute(
            _SAVE_COUNTS, *(list(column) for column in zip(*rows, strict=True))
        )


async def level_issued(
    work: Transaction, alert_id: str, status: Status, version: int, level: Level | None
) -> tuple[bool, Level | None]:
    """Note the level an alert has now; (whether this is news, the level it had before)."""
    row = await work.connection.fetchrow(
        "SELECT version, level FROM command.alert_level WHERE alert_id = $1 FOR UPDATE", alert_id
    )
    if row is not None and row["version"] >= version:
        return False, None
    await work.connection.execute(
        "INSERT INTO command.alert_level (alert_id, status, version, level) "
        "VALUES ($1, $2, $3, $4) ON CONFLICT (alert_id) "
        "DO UPDATE SET version = EXCLUDED.version, level = EXCLUDED.level",
        alert_id,
        status,
        version,
        level,
    )
    return True, Level(row["level"]) if row is not None and row["level"] is not None else None


async def commands_because_of(
    work: Transaction, alert_id: str, states: Iterable[CommandState]
) -> list[str]:
    """Ids of an alert's commands that are in one of these states."""
    rows = await work.connection.fetch(
        "SELECT command_id FROM command.command WHERE alert_id = $1 AND state = ANY($2::text[])",
        alert_id,
        [str(one) for one in states],
    )
    return [row["command_id"] for row in rows]


async def keep_late(work: Transaction, late: Sequence[Acknowledgement]) -> None:
    """Keep steps that came too late to have an effect."""
    if late:
        await work.connection.executemany(
            "INSERT INTO command.late_acknowledgement (acknowledgement_id, status, command_id, "
            "assignment_id, step, attempt, officer_id, officer_unit, occurred_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
            [
                (
                    one.id,
                    one.status,
                    one.command_id,
                    one.assignment_id,
                    one.step,
                    one.attempt,
                    one.officer_id,
                    one.officer_unit,
                    one.occurred_at,
                )
                for one in late
            ],
        )


def _row(one: Assignment) -> tuple[Any, ...]:
    values = _values_of(one)
    return (*values[:_WAITING], _waiting(one.waiting), *values[_WAITING + 1 :])


def _plain(name: str, value: Any) -> Any:
    return _waiting(value) if name == "waiting" else value


def _waiting(acts: Sequence[Act]) -> str:
    if not acts:
        return "[]"
    return json.dumps(
        [
            {
                "step": one.step,
                "record_id": one.record_id,
                "officer_id": one.officer_id,
                "officer_unit": one.officer_unit,
                "text": one.text,
                "occurred_at": one.occurred_at.isoformat(),
            }
            for one in acts
        ]
    )


def _act(stored: dict[str, str]) -> Act:
    return Act(
        Step(stored["step"]),
        stored["record_id"],
        stored["officer_id"],
        stored["officer_unit"],
        stored["text"],
        datetime.fromisoformat(stored["occurred_at"]),
    )


def _brief(stored: dict[str, Any]) -> Brief:
    role, axis = AssignmentRole(stored["role"]), AssignmentAxis(stored["axis"])
    return Brief(**{**stored, "role": role, "axis": axis})


def _command(row: Any) -> Command:
    values = dict(row)
    values["status"] = Status(values["status"])
    values["state"] = CommandState(values["state"])
    values["level"] = Level(values["level"])
    values["mode"] = ResponseMode(values["mode"])
    values["areas"] = tuple(values["areas"])
    values["briefs"] = tuple(_brief(one) for one in json.loads(values["briefs"]))
    return Command(**values)


def _assignment(row: Any) -> Assignment:
    values = dict(row)
    values["status"] = Status(values["status"])
    values["unit_tier"] = Tier(values["unit_tier"])
    values["state"] = AssignmentState(values["state"])
    values["mode"] = ResponseMode(values["mode"])
    raw = values["waiting"]
    values["waiting"] = () if raw == "[]" else tuple(_act(one) for one in json.loads(raw))
    return Assignment(**values)
