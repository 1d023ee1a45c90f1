"""Commands, their counters per tier, and the level last issued of each alert."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, fields

from services.command.core.commands.model import Command
from services.command.core.commands.rollup import TierCounters
from services.command.store.rows import command_of
from shared.contracts.commands import CommandState
from shared.contracts.fields import Level, Status, Tier
from shared.runtime.database import Transaction

Rollups = dict[str, dict[Tier, TierCounters]]
"""Counters per command and tier."""

_COLUMNS = tuple(field.name for field in fields(Command))
_LOCK = (
    f"SELECT {', '.join(_COLUMNS)} FROM command.command "  # noqa: S608 - our own names
    "WHERE command_id = ANY($1::text[]) ORDER BY command_id FOR UPDATE"
)
_COUNTERS = TierCounters._fields
_SAVE_COUNTERS = (
    "INSERT INTO command.tier_count AS c "  # noqa: S608
    f"(command_id, tier, status, {', '.join(_COUNTERS)}) "
    "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], "
    + ", ".join(f"${at}::int[]" for at in range(4, 4 + len(_COUNTERS)))
    + ") ON CONFLICT (command_id, tier) DO UPDATE SET "
    + ", ".join(f"{name} = EXCLUDED.{name}" for name in _COUNTERS)
)


async def lock_commands(transaction: Transaction, ids: Collection[str]) -> dict[str, Command]:
    """Lock these commands in the order of their ids and return those that exist."""
    rows = await transaction.connection.fetch(_LOCK, sorted(ids))
    return {row["command_id"]: command_of(row) for row in rows}


async def load_rollups(transaction: Transaction, ids: Collection[str]) -> Rollups:
    """Return the counters of locked commands."""
    rows = await transaction.connection.fetch(
        f"SELECT command_id, tier, {', '.join(_COUNTERS)} "  # noqa: S608
        "FROM command.tier_count WHERE command_id = ANY($1::text[])",
        list(ids),
    )
    rollups: Rollups = {}
    for row in rows:
        command_id, tier, *counters = row.values()
        rollups.setdefault(command_id, {})[Tier(tier)] = TierCounters(*counters)
    return rollups


async def closed_cases(
    transaction: Transaction, keys: Collection[str], within_s: float
) -> dict[str, str]:
    """Return, by case key, the command that was closed last, at most `within_s` seconds ago."""
    if not keys or within_s <= 0:
        return {}
    rows = await transaction.connection.fetch(
        "SELECT DISTINCT ON (case_key) case_key, command_id FROM command.command "  # noqa: S608
        f"WHERE case_key = ANY($1::text[]) AND state = '{CommandState.CLOSED}' "
        "AND closed_at > now() - make_interval(secs => $2) "
        "ORDER BY case_key, closed_at DESC, command_id",
        list(keys),
        within_s,
    )
    return {row["case_key"]: row["command_id"] for row in rows}


async def insert_command(
    transaction: Transaction, command: Command, counters: dict[Tier, TierCounters]
) -> bool:
    """Insert a command with its counters; return False when the command exists already."""
    values = [
        json.dumps([asdict(brief) for brief in command.briefs])
        if name == "briefs"
        else getattr(command, name)
        for name in _COLUMNS
    ]
    parameters = ", ".join(f"${at}" for at in range(1, len(values) + 1))
    status = await transaction.connection.execute(
        f"INSERT INTO command.command ({', '.join(_COLUMNS)}) VALUES ({parameters}) "  # noqa: S608
        "ON CONFLICT (command_id) DO NOTHING",
        *(list(value) if isinstance(value, tuple) else value for value in values),
    )
    if status != "INSERT 0 1":
        return False
    await save_rollups(transaction, {command.command_id: counters}, {command.command_id: command})
    return True


async def save_commands(transaction: Transaction, commands: Sequence[Command]) -> None:
    """Write back the columns of commands that may change."""
    if commands:
        await transaction.connection.execute(
            "UPDATE command.command AS c SET version = n.version, state = n.state, "
            "actor = n.actor, derived_assignments = n.derived_assignments, "
            "closed_at = n.closed_at, current_alert_id = n.current_alert_id "
            "FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::int[], "
            "$6::timestamptz[], $7::text[]) AS n(command_id, version, state, actor, "
            "derived_assignments, closed_at, current_alert_id) "
            "WHERE c.command_id = n.command_id",
            [command.command_id for command in commands],
            [command.version for command in commands],
            [str(command.state) for command in commands],
            [command.actor for command in commands],
            [command.derived_assignments for command in commands],
            [command.closed_at for command in commands],
            [command.current_alert_id for command in commands],
        )


async def save_rollups(
    transaction: Transaction, changed: Rollups, commands: Mapping[str, Command]
) -> None:
    """Write back the counters of locked commands; a tier that is new to a command gets its row."""
    rows = [
        (command_id, str(tier), str(commands[command_id].status), *counters)
        for command_id, rollup in changed.items()
        for tier, counters in rollup.items()
    ]
    if rows:
        await transaction.connection.execute(
            _SAVE_COUNTERS, *(list(values) for values in zip(*rows, strict=True))
        )


async def save_alert_level(
    transaction: Transaction,
    alert_id: str,
    status: Status,
    version: int,
    level: Level | None,
    *,
    recalled: bool = False,
) -> tuple[bool, Level | None]:
    """Write the present level of an alert under its lock.

    Return whether the version is newer than the stored one, and the previous level.
    """
    row = await transaction.connection.fetchrow(
        "SELECT version, level FROM command.alert_level WHERE alert_id = $1 FOR UPDATE", alert_id
    )
    if row is not None and row["version"] >= version:
        return False, None
    await transaction.connection.execute(
        "INSERT INTO command.alert_level (alert_id, status, version, level, recalled) "
        "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (alert_id) DO UPDATE "
        "SET version = EXCLUDED.version, level = EXCLUDED.level, recalled = EXCLUDED.recalled, "
        "changed_at = now()",
        alert_id,
        status,
        version,
        level,
        recalled,
    )
    return True, Level(row["level"]) if row is not None and row["level"] is not None else None


async def was_recalled(transaction: Transaction, alert_id: str | None) -> bool:
    """Return whether the alert was recalled: it should never have been issued."""
    result: bool = await transaction.connection.fetchval(
        "SELECT EXISTS (SELECT FROM command.alert_level WHERE alert_id = $1 AND recalled)", alert_id
    )
    return result


async def commands_of_alert(
    transaction: Transaction, alert_id: str, states: Iterable[CommandState]
) -> list[str]:
    """Return the ids of the commands of an alert that are in one of these states."""
    rows = await transaction.connection.fetch(
        "SELECT command_id FROM command.command "
        "WHERE current_alert_id = $1 AND state = ANY($2::text[])",
        alert_id,
        [str(state) for state in states],
    )
    return [row["command_id"] for row in rows]
