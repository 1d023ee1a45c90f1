"""Queries of the warnings of other agencies."""

from __future__ import annotations

from collections.abc import Iterable

import asyncpg

from services.console.core.access import Span
from services.console.core.paging import ListPosition
from services.console.core.record import OutgoingRecord
from services.console.store.conditions import IS_WARNING, ends_warning
from services.console.store.connections import Connection, Rows
from services.console.store.ordering import Order, gravest, micros, position_parameters
from shared.contracts.units import lineage

GRAVEST = Order((gravest("w.level"), micros("w.ends_at")), "w.warning_id")
"""The order of warnings: the gravest first, then those that end first."""
_HEAD = """w.warning_id, w.status, w.source_id, w.sender_name, w.event_type, w.level, w.headline,
    w.areas, w.data_grade, w.starts_at, w.ends_at, w.starts_at <= now() AS in_force"""
_STANDS = f"""w.status = $1 AND w.ends_at > now() AND w.{IS_WARNING}
    AND NOT EXISTS (SELECT 1 FROM console.agency_warning f WHERE {ends_warning("f", "w")})"""  # noqa: S608
"""The condition that a warning is not over."""
_HOLDS = f"""{_STANDS}
    AND EXISTS (SELECT 1 FROM unnest(w.areas) AS a(area) WHERE a.area = ANY($4::text[])
        OR (a.area COLLATE "C" >= $2 AND a.area COLLATE "C" < $3))"""  # noqa: S608
"""The condition that a warning about a part of a subtree or about all of it is not over."""


async def warnings(
    connection: Connection,
    span: Span,
    unit: str,
    status: str,
    after: ListPosition | None,
    limit: int,
) -> Rows:
    """Return warnings that hold or will hold in a subtree, after a cursor, the gravest first."""
    rows: Rows = await connection.fetch(
        f"SELECT {_HEAD}, {GRAVEST.columns} "  # noqa: S608
        f"FROM console.agency_warning w WHERE {_HOLDS} AND {GRAVEST.is_after(5, 6)} "
        f"ORDER BY {GRAVEST.by} LIMIT $7",
        *(status, span.low, span.high, lineage(unit)),
        *position_parameters(after),
        limit,
    )
    return rows


async def warnings_total(connection: Connection, span: Span, unit: str, status: str) -> int:
    """Return the number of warnings that hold or will hold in a subtree."""
    return int(
        await connection.fetchval(
            f"SELECT count(*) FROM console.agency_warning w WHERE {_HOLDS}",  # noqa: S608
            *(status, span.low, span.high, lineage(unit)),
        )
    )


async def warnings_behind(
    connection: Connection, commands: Iterable[OutgoingRecord]
) -> dict[str, asyncpg.Record]:
    """Return the warnings behind these commands by their ids, also those that are over."""
    ids = {row["warning_id"] for row in commands} - {None}
    if not ids:
        return {}
    rows: Rows = await connection.fetch(
        f"SELECT {_HEAD} FROM console.agency_warning w "  # noqa: S608
        "WHERE w.warning_id = ANY($1::text[]) ORDER BY w.warning_id",
        sorted(ids),
    )
    return {row["warning_id"]: row for row in rows}


async def reports_of_warnings(
    connection: Connection, report_ids: Iterable[str]
) -> dict[str, asyncpg.Record]:
    """Return those of these reports that have a warning behind them, with the warning, by id.

    A warning that is over is there too; `warning_id` is None for one that is no longer kept.
    """
    ids = sorted(set(report_ids))
    if not ids:
        return {}
    rows: Rows = await connection.fetch(
        "SELECT r.id AS report_id, r.place, r.restricted, r.from_unit, r.to_unit, "  # noqa: S608
        f"{_HEAD} FROM console.report r "
        "LEFT JOIN console.agency_warning w ON w.warning_id = r.warning_id "
        "WHERE r.id = ANY($1::text[]) AND r.warning_id IS NOT NULL ORDER BY r.id",
        ids,
    )
    return {row["report_id"]: row for row in rows}


async def warning(connection: Connection, warning_id: str, status: str) -> asyncpg.Record | None:
    """Return a warning that holds or will hold; None for one that is over or unknown."""
    row: asyncpg.Record | None = await connection.fetchrow(
        f"SELECT {_HEAD}, w.description, w.instruction FROM console.agency_warning w "  # noqa: S608
        f"WHERE {_STANDS} AND w.warning_id = $2",
        *(status, warning_id),
    )
    return row
