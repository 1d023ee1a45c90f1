"""Response modes of units and their proposals.

The rows of `mode` are locked in the order of (status, unit), then proposals in the order of their
ids.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import fields
from typing import Any

from services.command.core.modes.proposal import Proposal
from services.command.core.modes.states import State
from services.command.core.modes.unit_mode import UnitMode
from shared.contracts.fields import DataGrade, ResponseMode, Status
from shared.contracts.lifecycles.mode_proposal import LIVE
from shared.contracts.modes import ModeSignature
from shared.domain.response_modes.effective import Effective, Modes
from shared.runtime.database import Transaction
from shared.runtime.sql import names

UnitKey = tuple[Status, str]
"""A unit in real events, exercises or tests."""

_UNIT_MODE = tuple(field.name for field in fields(UnitMode))
_PROPOSAL = tuple(field.name for field in fields(Proposal))


async def load_modes(transaction: Transaction) -> Modes:
    """Return all decided modes, as this transaction sees them."""
    rows = await transaction.connection.fetch(
        "SELECT status, unit, version, mode FROM command.mode WHERE version > 0"
    )
    return Modes(
        (
            Status(row["status"]),
            Effective(ResponseMode(row["mode"]), row["version"], row["unit"]),
        )
        for row in rows
    )


async def units_of(transaction: Transaction, proposal_ids: Collection[str]) -> set[UnitKey]:
    """Return the units of these proposals; no lock, the relation never changes."""
    rows = await transaction.connection.fetch(
        "SELECT DISTINCT status, unit FROM command.mode_proposal "
        "WHERE proposal_id = ANY($1::text[])",
        list(proposal_ids),
    )
    return {(Status(row["status"]), row["unit"]) for row in rows}


async def lock_units(transaction: Transaction, units: Iterable[UnitKey]) -> dict[UnitKey, UnitMode]:
    """Lock the modes of these units; a unit without a decision gets a row, at version 0."""
    unit_modes: dict[UnitKey, UnitMode] = {}
    for status, unit in sorted(units):
        await transaction.connection.execute(
            "INSERT INTO command.mode (status, unit, version, mode) VALUES ($1, $2, 0, 'normal') "
            "ON CONFLICT DO NOTHING",
            status,
            unit,
        )
        row = await transaction.connection.fetchrow(
            f"SELECT {', '.join(_UNIT_MODE)} FROM command.mode "  # noqa: S608
            "WHERE status = $1 AND unit = $2 FOR UPDATE",
            status,
            unit,
        )
        assert row is not None, "the row was inserted just now"
        values = {**row, "status": Status(row["status"]), "mode": ResponseMode(row["mode"])}
        unit_modes[status, unit] = UnitMode(**values)
    return unit_modes


async def lock_proposals(
    transaction: Transaction, units: Collection[UnitKey], ids: Collection[str]
) -> dict[str, Proposal]:
    """Lock the live proposals of these locked units, and the proposals with these ids."""
    rows = await transaction.connection.fetch(
        f"SELECT {', '.join(_PROPOSAL)} FROM command.mode_proposal "  # noqa: S608
        f"WHERE proposal_id = ANY($1::text[]) OR (state IN {names(LIVE)} "
        "AND (status, unit) IN (SELECT * FROM unnest($2::text[], $3::text[]))) "
        "ORDER BY proposal_id FOR UPDATE",
        list(ids),
        [status for status, _ in units],
        [unit for _, unit in units],
    )
    return {row["proposal_id"]: _proposal(row) for row in rows}


async def save_unit_mode(transaction: Transaction, unit_mode: UnitMode) -> None:
    """Write back the mode of a locked unit."""
    await transaction.connection.execute(
        "UPDATE command.mode SET version = $3, mode = $4, proposal_id = $5, changed_at = now() "
        "WHERE status = $1 AND unit = $2",
        unit_mode.status,
        unit_mode.unit,
        unit_mode.version,
        unit_mode.mode,
        unit_mode.proposal_id,
    )


async def save_proposal(transaction: Transaction, proposal: Proposal) -> None:
    """Insert or update a proposal."""
    parameters = ", ".join(f"${at}" for at in range(1, len(_PROPOSAL) + 1))
    changes = ", ".join(
        f"{name} = EXCLUDED.{name}"
        for name in ("version", "state", "signatures", "decided_version", "actor", "reason")
    )
    await transaction.connection.execute(
        f"INSERT INTO command.mode_proposal ({', '.join(_PROPOSAL)}) "  # noqa: S608
        f"VALUES ({parameters}) "
        f"ON CONFLICT (proposal_id) DO UPDATE SET {changes}",
        *(_stored(name, getattr(proposal, name)) for name in _PROPOSAL),
    )


def _stored(name: str, value: Any) -> Any:
    if name != "signatures":
        return value
    return json.dumps([signature.model_dump(mode="json") for signature in value])


def _proposal(row: Any) -> Proposal:
    return Proposal(
        **{
            **row,
            "status": Status(row["status"]),
            "state": State(row["state"]),
            "mode": ResponseMode(row["mode"]),
            "data_grade": DataGrade(row["data_grade"]),
            "signatures": tuple(
                ModeSignature.from_wire(json.dumps(item)) for item in json.loads(row["signatures"])
            ),
        }
    )
