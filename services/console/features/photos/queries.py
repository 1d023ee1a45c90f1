"""Photos of assignments: kept whole and small, counted per officer, gone with their command."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import asyncpg

from services.console.core.access import Span
from services.console.core.record import Record
from services.console.features.photos.drawing import Picture
from services.console.store.connections import Connection
from shared.runtime.database import Database

_HEAD = "photo_id, assignment_id, unit, officer_id, note, received_at"
_MOST = 200
"""Photos that one answer lists."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo that an officer sends for an assignment."""

    photo_id: str
    assignment: Record
    officer_id: str
    note: str
    picture: Picture


async def keep(
    database: Database, photo: Photo, per_day: int
) -> Literal["kept", "repeated", "quota"]:
    """Store a photo unless it is there, or the officer has sent `per_day` in 24 hours. Raises Transient."""
    record = photo.assignment
    async with database.transaction() as work:
        connection = work.connection
        # The officer's uploads take turns, so that the count holds.
        await connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 5))", photo.officer_id
        )
        if await connection.fetchval(
            "SELECT true FROM console.photo WHERE photo_id = $1", photo.photo_id
        ):
            return "repeated"
        sent = await connection.fetchval(
            "SELECT count(*) FROM console.photo "
            "WHERE officer_id = $1 AND received_at > now() - interval '24 hours'",
            photo.officer_id,
        )
        if sent >= per_day:
            return "quota"
        await connection.execute(
            "INSERT INTO console.photo (photo_id, assignment_id, command_id, status, unit, officer_id, "
            "note, picture, small) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            photo.photo_id,
            record["assignment_id"],
            record["command_id"],
            record["status"],
            record["unit"],
            photo.officer_id,
            photo.note,
            photo.picture.whole,
            photo.picture.small,
        )
    return "kept"


async def one(connection: Connection, photo_id: str, *, small: bool) -> asyncpg.Record | None:
    """The unit of a photo and its bytes."""
    column = "small" if small else "picture"
    return await connection.fetchrow(
        f"SELECT unit, {column} AS picture FROM console.photo WHERE photo_id = $1",  # noqa: S608
        photo_id,
    )


async def pictures(connection: Connection, photo_ids: Collection[str]) -> dict[str, bytes]:
    """The whole pictures of some photos by their ids."""
    rows = await connection.fetch(
        "SELECT photo_id, picture FROM console.photo WHERE photo_id = ANY($1::text[])",
        list(photo_ids),
    )
    return {row["photo_id"]: row["picture"] for row in rows}


async def of_assignments(
    connection: Connection, assignment_ids: Collection[str]
) -> list[asyncpg.Record]:
    """What is known of the last photos of some assignments, the newest first, without the pictures."""
    rows: list[asyncpg.Record] = await connection.fetch(
        f"SELECT {_HEAD} FROM console.photo WHERE assignment_id = ANY($1::text[]) "  # noqa: S608
        "ORDER BY received_at DESC, photo_id LIMIT $2",
        list(assignment_ids),
        _MOST,
    )
    return rows


async def of_commands(
    connection: Connection, command_ids: Collection[str], span: Span, limit: int
) -> list[asyncpg.Record]:
    """The same of some commands within a subtree, the newest first."""
    rows: list[asyncpg.Record] = await connection.fetch(
        f"SELECT {_HEAD} FROM console.photo WHERE command_id = ANY($1::text[]) "  # noqa: S608
        "AND unit >= $2 AND unit < $3 ORDER BY received_at DESC, photo_id LIMIT $4",
        list(command_ids),
        span.low,
        span.high,
        limit,
    )
    return rows
