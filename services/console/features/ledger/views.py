"""Entries of the ledger, their versions, and decisions on requests, as JSON."""

from __future__ import annotations

import json

from services.console.core.names import UnitNames
from services.console.core.record import Json, OutgoingRecord
from shared.contracts.catalog import CatalogEntry


def line(row: OutgoingRecord, names: UnitNames) -> Json:
    """Return an entry as a line of a list."""
    return {
        "key": row["key"],
        "kind": row["kind"],
        "name": row["name"],
        "place": row["place"],
        "place_name": _name_of(row["place"], names),
        "version": row["version"],
        "retired": row["retired"],
        "since": row["effective_at"],
    }


def version(row: OutgoingRecord, names: UnitNames) -> Json:
    """Return a version of an entry, with its author and reason."""
    return {
        "key": row["key"],
        "version": row["version"],
        "newest": row["newest"],
        "retired": row["retired"],
        "by_set_up": row["by_set_up"],
        "since": row["effective_at"],
        "actor": row["actor"],
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "post": row["post"],
        "reason": row["reason"],
        "cause_id": row["cause_id"],
        "entry": CatalogEntry.from_wire(row["body"]).entry.model_dump(mode="json"),
    }


def decision(request_id: str, row: OutgoingRecord | None) -> Json:
    """Return the decision on a request; without a row the ledger has not decided yet."""
    if row is None:
        return {
            "request_id": request_id,
            "state": "open",
            "decided_at": None,
            "changed": 0,
            "changes": [],
            "refusals": [],
        }
    refusals = json.loads(row["refusals"])
    return {
        "request_id": request_id,
        "state": "refused" if refusals else "accepted",
        "decided_at": row["decided_at"],
        "changed": row["changed"],
        "changes": json.loads(row["changes"]),
        "refusals": refusals,
    }


def _name_of(unit: str | None, names: UnitNames) -> str | None:
    return None if unit is None else names.unit(unit)
