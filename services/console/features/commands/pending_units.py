"""The pending units of a command, the most urgent first."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from services.console.core.access import Span
from services.console.store.connections import Connection
from services.console.store.lateness import LATE, UNSIGNED, overdue
from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Tier

_WITHIN = "s.command_id = $1 AND s.unit >= $2 AND s.unit < $3"
_OF_TIER = "a.command_id = $1 AND a.unit >= $2 AND a.unit < $3 AND a.unit_tier = $4"


def _overdue(condition: str) -> str:
    return f"""SELECT late.subject_id AS assignment_id, late.unit FROM {overdue(_WITHIN)} AS late
        WHERE late.unit_tier = $4 AND {condition}
        ORDER BY late.unit, late.subject_id LIMIT $5"""  # noqa: S608


def _in_state(condition: str) -> str:
    return f"""SELECT a.assignment_id, a.unit FROM console.assignment a
        WHERE {_OF_TIER} AND {condition} ORDER BY a.unit LIMIT $5"""  # noqa: S608


_KINDS: tuple[tuple[str, str], ...] = (
    ("overdue_unsigned", _overdue("NOT late.in_work")),
    ("returned", _in_state(f"a.state = '{AssignmentState.RETURNED}'")),
    ("overdue_unreported", _overdue("late.in_work")),
    (
        "unsigned_in_time",
        _in_state(f"""a.{UNSIGNED} AND NOT EXISTS (SELECT 1 FROM {overdue(_WITHIN)} AS late
            WHERE late.subject_id = a.assignment_id)"""),  # noqa: S608
    ),
)
"""Kinds of pending units, the most urgent first.

A unit is late without a signature, has returned the order, is late with its report, or still has
time to sign.
"""


def _detailed(selection: str) -> str:
    return f"""
        SELECT a.assignment_id, a.unit, a.unit_tier, a.state, a.sign_by, a.finish_by, a.reason,
            called.kind, called.rung, called.target_unit, called.target_post
        FROM ({selection}) AS selection JOIN console.assignment a USING (assignment_id)
        LEFT JOIN LATERAL (
            SELECT s.* FROM console.supervision s WHERE s.subject_id = a.assignment_id
                AND s.status = a.status AND {LATE}
            ORDER BY s.gravity DESC, s.due_at, s.clock LIMIT 1
        ) AS called ON true
        ORDER BY a.unit
    """  # noqa: S608


async def pending(
    connection: Connection,
    command_id: str,
    span: Span,
    counted: Sequence[asyncpg.Record],
    limit: int,
) -> list[asyncpg.Record]:
    """Return assignments that are unsigned, returned or late, by urgency and tier.

    `counted` comes from `counts.by_command_and_tier` for this command and span. The search goes by
    kind and tier until `limit`: sorting all pending units takes a third of a second for a city.
    """
    records: list[asyncpg.Record] = []
    tiers = {row["unit_tier"]: row for row in counted}
    for kind, selection in _KINDS:
        for tier in Tier:
            if tier in tiers and _many(tiers[tier], kind) and len(records) < limit:
                records += await connection.fetch(
                    _detailed(selection),
                    command_id,
                    span.low,
                    span.high,
                    tier,
                    limit - len(records),
                )
    return records


def _many(row: asyncpg.Record, kind: str) -> int:
    if kind == "unsigned_in_time":
        return int(row["unsigned"] - row["returned"] - row["overdue_unsigned"])
    return int(row[kind])
