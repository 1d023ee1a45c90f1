"""Decisions on requests, for the officer who waits for one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic_core import to_json

from services.catalog.core.decisions import Decision
from shared.runtime.database import Transaction
from shared.runtime.retention import RetentionTask, delete_rows

MOST_SHOWN = 200
"""A decision lists so many of its changes, and the number of all."""
_KEEP = timedelta(days=90)


async def save(transaction: Transaction, decisions: Sequence[Decision]) -> None:
    """Write decisions; the first one on a request holds."""
    await transaction.connection.executemany(
        "INSERT INTO catalog.decision "
        "(request_id, trial, decided_at, actor, unit, changed, changes, refusals) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        [
            (
                decision.request.id,
                decision.request.trial,
                transaction.now,
                decision.request.officer_id,
                decision.request.origin_unit,
                len(decision.versions),
                _changes(decision),
                _refusals(decision),
            )
            for decision in decisions
        ],
    )


def delete_old_decisions() -> RetentionTask:
    """Delete decisions of long ago; the history of the entries stays."""
    return delete_rows(
        "old_decisions", "catalog.decision", "decided_at < now() - $1::interval", _KEEP
    )


def _changes(decision: Decision) -> str:
    changes = [
        {
            "key": version.key,
            "name": version.record.entry.name,
            "version": version.version,
            "retired": version.retired,
        }
        for version in decision.versions[:MOST_SHOWN]
    ]
    return to_json(changes).decode()


def _refusals(decision: Decision) -> str:
    refusals = [
        {"reason": refusal.reason, "detail": refusal.detail} for refusal in decision.refusals
    ]
    return to_json(refusals).decode()
