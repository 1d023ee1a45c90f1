"""All SQL of the command service: whole batches per statement, rows locked in one fixed order."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from functools import cache
from operator import attrgetter

from msgspec import NODEFAULT, structs

from services.command.core.model import Assignment, Command
from services.command.core.rollup import Counts
from services.command.rows import assignment_of, column, command_of
from shared.contracts.commands import AssignmentState, CommandState, Step
from shared.contracts.fields import Level, Status, Tier
from shared.runtime.database import Transaction

Rollups = dict[str, dict[Tier, Counts]]
"""Counters per command and tier."""

_COMMAND = tuple(field.name for field in fields(Command))
_ASSIGNMENT = Assignment.__struct_fields__
_DELIVERED = (
    *(field.name for field in structs.fields(Assignment) if field.default is NODEFAULT),
    *("brief", "sign_within_s", "finish_within_s", "mode", "mode_version", "mode_unit"),
)
"""All that an assignment straight from its command has; the rest is the columns' default."""
_delivered = attrgetter(*_DELIVERED)
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
    "actor": "text",
    "reason": "text",
    "mode": "text",
    "mode_version": "int",
    "mode_unit": "text",
    "children": "jsonb",
    "asked": "jsonb",
    "recurred": "jsonb",
    "suspended_from": "text",
    "suspended_at": "timestamptz",
    "suspended_until": "timestamptz",
    "suspended_s": "float8",
    "extensions": "int",
    "original_finish_by": "timestamptz",
}
"""Columns of an assignment that may change after it was made, with their type."""
_value_of = {name: attrgetter(name) for name in _MUTABLE}
_OFTEN_ONE = frozenset(
    {"version", "state", "changed_at", "signed_at", "late", "sign_overdue", "calls"}
)
"""Columns in which the rows of a batch mostly get one value: it is sent once, not row by row."""

_LOCK_COMMANDS = (
    f"SELECT {', '.join(_COMMAND)} FROM command.command "  # noqa: S608 - names of our own fields
    "WHERE command_id = ANY($1::text[]) ORDER BY command_id FOR UPDATE"
)
_LOCK_ASSIGNMENTS = (
    f"SELECT {', '.join(_ASSIGNMENT)} FROM command.assignment "  # noqa: S608
    "WHERE assignment_id = ANY($1::text[])"
)
_LOCK_IN_STATES = (
    f"SELECT {', '.join(_ASSIGNMENT)} FROM command.assignment "  # noqa: S608
    "WHERE command_id = $1 AND state = ANY($2::text[]) ORDER BY assignment_id FOR UPDATE"
)
_BELOW = (
    "WITH RECURSIVE below AS (SELECT assignment_id FROM command.assignment "
    "WHERE parent_assignment_id = $1 UNION SELECT a.assignment_id FROM command.assignment AS a "
    "JOIN below ON a.parent_assignment_id = below.assignment_id) SELECT assignment_id FROM below ORDER BY assignment_id"
)


@cache
def _save(columns: tuple[str, ...], shared: tuple[str, ...]) -> str:
    """One UPDATE of any number of assignments: $1 their ids, then an array per column.

    Behind them comes one value for each of `shared`, which all of them get.
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
        f"UPDATE command.assignment AS a SET {changes} FROM unnest({', '.join(arrays)}) "  # noqa: S608
        f"AS n({', '.join(('assignment_id', *columns))}) WHERE a.assignment_id = n.assignment_id"
    )


_COUNTERS = Counts._fields
_SAVE_COUNTS = (
    f"INSERT INTO command.tier_count AS c (command_id, tier, status, {', '.join(_COUNTERS)}) "  # noqa: S608
    "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], "
    + ", ".join(f"${at}::int[]" for at in range(4, 4 + len(_COUNTERS)))
    + ") ON CONFLICT (command_id, tier) DO UPDATE SET "
    + ", ".join(f"{name} = EXCLUDED.{name}" for name in _COUNTERS)
)


async def commands_of(work: Transaction, assignment_ids: Collection[str]) -> list[str]:
    """Ids of the commands these assignments belong to; needs no lock, it never changes."""
    rows = await work.connection.fetch(
        "SELECT DISTINCT command_id FROM command.assignment WHERE assignment_id = ANY($1::text[])",
        list(assignment_ids),
    )
    return [row["command_id"] for row in rows]


async def lock_commands(work: Transaction, ids: Collection[str]) -> dict[str, Command]:
    """Lock these commands, always first and in order of their ids."""
    rows = await work.connection.fetch(_LOCK_COMMANDS, sorted(ids))
    return {row["command_id"]: command_of(row) for row in rows}


async def rollups(work: Transaction, ids: Collection[str]) -> Rollups:
    """Counters of locked commands."""
    rows = await work.connection.fetch(
        f"SELECT command_id, tier, {', '.join(_COUNTERS)} "  # noqa: S608
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
    return {row["assignment_id"]: assignment_of(row) for row in rows}


async def lock_in_states(
    work: Transaction, command_id: str, states: Iterable[AssignmentState]
) -> list[Assignment]:
    """Lock the assignments of a command that are in one of `states`, in order of their ids."""
    rows = await work.connection.fetch(
        _LOCK_IN_STATES, command_id, [str(state) for state in states]
    )
    return [assignment_of(row) for row in rows]


async def below(work: Transaction, assignment_id: str) -> list[str]:
    """What was split off from an assignment, at any depth; its command is locked already."""
    return [row["assignment_id"] for row in await work.connection.fetch(_BELOW, assignment_id)]


async def closed_cases(work: Transaction, keys: Collection[str], within_s: float) -> dict[str, str]:
    """By case key, the command that was closed last, at most so many seconds ago."""
    if not keys or within_s <= 0:
        return {}
    rows = await work.connection.fetch(
        "SELECT DISTINCT ON (case_key) case_key, command_id FROM command.command "  # noqa: S608
        f"WHERE case_key = ANY($1::text[]) AND state = '{CommandState.CLOSED}' "
        "AND closed_at > now() - make_interval(secs => $2) "
        "ORDER BY case_key, closed_at DESC, command_id",
        list(keys),
        within_s,
    )
    return {row["case_key"]: row["command_id"] for row in rows}


async def insert_command(work: Transaction, command: Command, counts: dict[Tier, Counts]) -> bool:
    """Make a command with its counters; False when it exists already."""
    values = [
        json.dumps([asdict(brief) for brief in command.briefs])
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
    await save_rollups(work, {command.command_id: counts}, {command.command_id: command})
    return True


async def insert_assignments(work: Transaction, assignments: Iterable[Assignment]) -> None:
    """Add the rows of a whole fan-out by COPY; in the order of their ids they go in fastest."""
    await work.connection.copy_records_to_table(
        "assignment",
        schema_name=work.schema,
        columns=list(_DELIVERED),
        records=map(_delivered, assignments),
    )


async def insert_given_on(work: Transaction, assignments: Sequence[Assignment]) -> None:
    """Add assignments that come from another one, with all they have."""
    if assignments:
        await work.connection.copy_records_to_table(
            "assignment",
            schema_name=work.schema,
            columns=list(_ASSIGNMENT),
            records=zip(
                *(column(name, map(attrgetter(name), assignments)) for name in _ASSIGNMENT),
                strict=True,
            ),
        )


async def save_assignments(
    work: Transaction, changes: Sequence[tuple[Assignment, Assignment]]
) -> None:
    """Write back what has changed (before, after): of all of them the columns that one has changed."""
    rows = [after for _, after in changes]
    changed = _changed(changes)
    shared = tuple(name for name in changed if name in _OFTEN_ONE and _is_one(name, rows))
    columns = tuple(name for name in changed if name not in shared)
    if changed:
        await work.connection.execute(
            _save(columns, shared),
            [row.assignment_id for row in rows],
            *(column(name, map(_value_of[name], rows)) for name in columns),
            *(_value_of[name](rows[0]) for name in shared),
        )


def _changed(changes: Sequence[tuple[Assignment, Assignment]]) -> list[str]:
    """The columns that one of them at least has changed, in their order."""
    same, values = tuple(_MUTABLE), _values_of(tuple(_MUTABLE))
    for before, after in changes:
        if values(before) != values(after):
            same = tuple(name for name in same if getattr(before, name) == getattr(after, name))
            values = _values_of(same)
    return [name for name in _MUTABLE if name not in same]


@cache
def _values_of(names: tuple[str, ...]) -> Callable[[Assignment], object]:
    return attrgetter(*names) if names else lambda _: None


def _is_one(name: str, rows: Sequence[Assignment]) -> bool:
    value = _value_of[name]
    first = value(rows[0])
    return all(value(row) is first for row in rows)


async def save_commands(work: Transaction, commands: Sequence[Command]) -> None:
    """Write back version, state, actor, what was given on, when it was closed and why it stands."""
    if commands:
        await work.connection.execute(
            "UPDATE command.command AS c SET version = n.version, state = n.state, "
            "actor = n.actor, given_on = n.given_on, closed_at = n.closed_at, because_of = n.because_of "
            "FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::int[], $6::timestamptz[], "
            "$7::text[]) AS n(command_id, version, state, actor, given_on, closed_at, because_of) "
            "WHERE c.command_id = n.command_id",
            [command.command_id for command in commands],
            [command.version for command in commands],
            [str(command.state) for command in commands],
            [command.actor for command in commands],
            [command.given_on for command in commands],
            [command.closed_at for command in commands],
            [command.because_of for command in commands],
        )


async def save_rollups(
    work: Transaction, changed: Rollups, commands: Mapping[str, Command]
) -> None:
    """Write back the counters of locked commands, and those of tiers that are new to one."""
    rows = [
        (command_id, str(tier), str(commands[command_id].status), *counts)
        for command_id, rollup in changed.items()
        for tier, counts in rollup.items()
    ]
    if rows:
        await work.connection.execute(
            _SAVE_COUNTS, *(list(column) for column in zip(*rows, strict=True))
        )


async def level_issued(
    work: Transaction,
    alert_id: str,
    status: Status,
    version: int,
    level: Level | None,
    *,
    recalled: bool = False,
) -> tuple[bool, Level | None]:
    """Note the level an alert has now; (whether this is news, the level it had before)."""
    row = await work.connection.fetchrow(
        "SELECT version, level FROM command.alert_level WHERE alert_id = $1 FOR UPDATE", alert_id
    )
    if row is not None and row["version"] >= version:
        return False, None
    await work.connection.execute(
        "INSERT INTO command.alert_level (alert_id, status, version, level, recalled) "
        "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (alert_id) DO UPDATE "
        "SET version = EXCLUDED.version, level = EXCLUDED.level, recalled = EXCLUDED.recalled",
        alert_id,
        status,
        version,
        level,
        recalled,
    )
    return True, Level(row["level"]) if row is not None and row["level"] is not None else None


async def was_recalled(work: Transaction, alert_id: str | None) -> bool:
    """Whether an alert should never have been issued."""
    result: bool = await work.connection.fetchval(
        "SELECT EXISTS (SELECT FROM command.alert_level WHERE alert_id = $1 AND recalled)", alert_id
    )
    return result


async def commands_because_of(
    work: Transaction, alert_id: str, states: Iterable[CommandState]
) -> list[str]:
    """Ids of the commands that stand because of an alert and are in one of these states."""
    rows = await work.connection.fetch(
        "SELECT command_id FROM command.command WHERE because_of = $1 AND state = ANY($2::text[])",
        alert_id,
        [str(state) for state in states],
    )
    return [row["command_id"] for row in rows]


@dataclass(frozen=True, slots=True)
class LateStep:
    """A step that came too late to have an effect, or waited for what never came."""

    record_id: str
    status: Status
    command_id: str
    assignment_id: str
    step: Step
    attempt: int
    officer_id: str
    officer_unit: str
    occurred_at: datetime


async def keep_late(work: Transaction, late: Sequence[LateStep]) -> None:
    """Keep late steps; one that is kept already stays as it is."""
    if late:
        await work.connection.executemany(
            "INSERT INTO command.late_acknowledgement (acknowledgement_id, status, command_id, "
            "assignment_id, step, attempt, officer_id, officer_unit, occurred_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
            [
                tuple(getattr(late_step, field.name) for field in fields(LateStep))
                for late_step in late
            ],
        )
