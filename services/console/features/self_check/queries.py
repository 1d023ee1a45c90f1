"""Queries of what has been proved in a subtree."""

from __future__ import annotations

from collections.abc import Collection

from services.console.core.access import Span
from services.console.store.connections import Connection
from shared.contracts.fields import Status

_DRILLS = [Status.EXERCISE.value, Status.TEST.value]


async def proven_officers(connection: Connection, officers: Collection[str]) -> frozenset[str]:
    """Return those of these officers to whom a page has come on at least one channel."""
    rows = await connection.fetch(
        "SELECT officer_id FROM console.reachability WHERE officer_id = ANY($1::text[]) "
        "AND EXISTS (SELECT FROM jsonb_array_elements(channels::jsonb) AS channel "
        "WHERE channel ->> 'heard_at' IS NOT NULL)",
        list(officers),
    )
    return frozenset(row["officer_id"] for row in rows)


async def has_readings(connection: Connection, unit: str) -> bool:
    """Return whether a real reading has come in the subtree of a unit."""
    exists = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM console.load_count WHERE unit = $1 AND status = $2 "
        "AND figure = 'readings')",
        unit,
        Status.ACTUAL.value,
    )
    return bool(exists)


async def has_signed_drill(connection: Connection, span: Span) -> bool:
    """Return whether a unit of the subtree has signed an order of a drill."""
    exists = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM console.command AS c WHERE c.status = ANY($1::text[]) "
        "AND EXISTS (SELECT FROM console.assignment AS a WHERE a.command_id = c.command_id "
        "AND a.unit >= $2 AND a.unit < $3 AND a.signed_at IS NOT NULL))",
        _DRILLS,
        span.low,
        span.high,
    )
    return bool(exists)
