"""All SQL of response modes. Lock order: rows of `mode` by (status, unit), then proposals by id."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import fields
from typing import Any

from services.command.core.modes.proposal import Proposal
from services.command.core.modes.records import Held
from services.command.core.modes.states import State
from shared.contracts.fields import DataGrade, ResponseMode, Status
from shared.contracts.lifecycles.mode_proposal import LIVE
from shared.contracts.modes import ModeSignature
from shared.domain.response_modes.effective import Effective, Modes
from shared.runtime.database import Transaction
from shared.runtime.sql import names

Unit = tuple[Status, str]
"""A unit in one world."""

_HELD = tuple(field.name for field in fields(Held))
_PROPOSAL = tuple(field.name for field in fields(Proposal))


async def decided(work: Transaction) -> Modes:
    """Everything that has been decided, as it stands for this transaction."""
    rows = await work.connection.fetch(
        "SELECT status, unit, version, mode FROM command.mode WHERE version > 0"
    )
    return Modes(
        (
            Status(row["status"]),
            Effective(ResponseMode(row["mode"]), row["version"], row["unit"]),
        )
        for row in rows
    )


async def units_of(work: Transaction, proposal_ids: Collection[str]) -> set[Unit]:
    """The units these proposals are about; needs no lock, it never changes."""
    rows = await work.connection.fetch(
        "SELECT DISTINCT status, unit FROM command.mode_proposal "
        "WHERE proposal_id = ANY($1::text[])",
        list(proposal_ids),
    )
    return {(Status(row["status"]), row["unit"]) for row in rows}


async def lock_units(work: Transaction, units: Iterable[Unit]) -> dict[Unit, Held]:
    """Lock these units' modes; a unit that never decided gets its row, at version 0."""
    helds: dict[Unit, Held] = {}
    for status, unit in sorted(units):
        await work.connection.execute(
            "INSERT INTO command.mode (status, unit, version, mode) VALUES ($1, $2, 0, 'normal') "
            "ON CONFLICT DO NOTHING",
            status,
            unit,
        )
        row = await work.connection.fetchrow(
            f"SELECT {', '.join(_HELD)} FROM command.mode "  # noqa: S608 - names of our own fields
            "WHERE status = $1 AND unit = $2 FOR UPDATE",
            status,
            unit,
        )
        assert row is not None, "the row was made just now"
        values = {**row, "status": Status(row["status"]), "mode": ResponseMode(row["mode"])}
        helds[status, unit] = Held(**values)
    return helds


async def lock_proposals(
    work: Transaction, units: Collection[Unit], ids: Collection[str]
) -> dict[str, Proposal]:
    """Lock what is open or in force at these (locked) units, and the proposals of these ids."""
    rows = await work.connection.fetch(
        f"SELECT {', '.join(_PROPOSAL)} FROM command.mode_proposal "  # noqa: S608
        f"WHERE proposal_id = ANY($1::text[]) OR (state IN {names(LIVE)} "
        "AND (status, unit) IN (SELECT * FROM unnest($2::text[], $3::text[]))) "
        "ORDER BY proposal_id FOR UPDATE",
        list(ids),
        [status for status, _ in units],
        [unit for _, unit in units],
    )
    return {row["proposal_id"]: _proposal(row) for row in rows}


async def put_held(work: Transaction, held: Held) -> None:
    """Write back what a locked unit has decided."""
    await work.connection.execute(
        "UPDATE command.mode SET version = $3, mode = $4, proposal_id = $5, changed_at = now() "
        "WHERE status = $1 AND unit = $2",
        held.status,
        held.unit,
        held.version,
        held.mode,
        held.proposal_id,
    )


async def put_proposal(work: Transaction, proposal: Proposal) -> None:
    """Write a new or a changed proposal."""
    places = ", ".join(f"${at}" for at in range(1, len(_PROPOSAL) + 1))
    changes = ", ".join(
        f"{name} = EXCLUDED.{name}"
        for name in ("version", "state", "signatures", "decided_version", "actor", "reason")
    )
    await work.connection.execute(
        f"INSERT INTO command.mode_proposal ({', '.join(_PROPOSAL)}) VALUES ({places}) "  # noqa: S608
        f"ON CONFLICT (proposal_id) DO UPDATE SET {changes}",
        *(_plain(name, getattr(proposal, name)) for name in _PROPOSAL),
    )


def _plain(name: str, value: Any) -> Any:
    if name != "signatures":
        return value
    return json.dumps([one.model_dump(mode="json") for one in value])


def _proposal(row: Any) -> Proposal:
    return Proposal(
        **{
            **row,
            "status": Status(row["status"]),
            "state": State(row["state"]),
            "mode": ResponseMode(row["mode"]),
            "data_grade": DataGrade(row["data_grade"]),
            "signatures": tuple(
                ModeSignature.model_validate_json(json.dumps(load))
                for load in json.loads(row["signatures"])
            ),
        }
    )
