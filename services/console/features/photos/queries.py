"""Photos of assignments and incidents: stored full and small, counted per officer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import asyncpg

from services.console.core.access import Span
from services.console.features.photos.drawing import Picture
from services.console.store.connections import Connection
from shared.contracts.fields import Status
from shared.runtime.database import Database

_HEAD = "photo_id, assignment_id, unit, restricted, officer_id, note, received_at"
_MOST = 200
"""The most photos of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoSubject:
    """The subject of a photo: an assignment of a unit, or an incident at a unit.

    `restricted`: the photo is for the units responsible for the place alone.
    """

    status: Status
    unit: str
    assignment_id: str | None = None
    command_id: str | None = None
    incident_id: str | None = None
    restricted: bool = False


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo of an officer about a subject."""

    photo_id: str
    subject: PhotoSubject
    officer_id: str
    note: str
    picture: Picture


async def save(
    database: Database, photo: Photo, per_day: int
) -> Literal["saved", "repeated", "quota"]:
    """Store a photo unless stored already, or `per_day` reached in 24 hours. Raises Transient."""
    subject = photo.subject
    async with database.transaction() as work:
        connection = work.connection
        # The officer's uploads are serialised to keep the count exact.
        await connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 5))", photo.officer_id
        )
        if await connection.fetchval(
            "SELECT true FROM console.photo WHERE photo_id = $1", photo.photo_id
        ):
            return "repeated"
        sent_today = await connection.fetchval(
            "SELECT count(*) FROM console.photo "
            "WHERE officer_id = $1 AND received_at > now() - interval '24 hours'",
            photo.officer_id,
        )
        if sent_today >= per_day:
            return "quota"
        await connection.execute(
            "INSERT INTO console.photo (photo_id, assignment_id, command_id, incident_id, "
            "restricted, status, unit, officer_id, note, picture, small) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            photo.photo_id,
            subject.assignment_id,
            subject.command_id,
            subject.incident_id,
            subject.restricted,
            subject.status,
            subject.unit,
            photo.officer_id,
            photo.note,
            photo.picture.full,
            photo.picture.small,
        )
    return "saved"


async def picture_of(
    connection: Connection, photo_id: str, *, small: bool
) -> asyncpg.Record | None:
    """Return the unit, the restriction and the bytes of a photo, or None."""
    column = "small" if small else "picture"
    return await connection.fetchrow(
        f"SELECT unit, restricted, {column} AS picture FROM console.photo WHERE photo_id = $1",  # noqa: S608
        photo_id,
    )


async def pictures(connection: Connection, photo_ids: Collection[str]) -> dict[str, bytes]:
    """Return the full pictures of some photos by id."""
    rows = await connection.fetch(
        "SELECT photo_id, picture FROM console.photo WHERE photo_id = ANY($1::text[])",
        list(photo_ids),
    )
    return {row["photo_id"]: row["picture"] for row in rows}


async def of_assignments(
    connection: Connection, assignment_ids: Collection[str]
) -> list[asyncpg.Record]:
    """Return the last photos of some assignments, the newest first, without the pictures."""
    rows: list[asyncpg.Record] = await connection.fetch(
        f"SELECT {_HEAD} FROM console.photo WHERE assignment_id = ANY($1::text[]) "  # noqa: S608
        "ORDER BY received_at DESC, photo_id LIMIT $2",
        list(assignment_ids),
        _MOST,
    )
    return rows


async def of_incident(
    connection: Connection, incident_id: str, status: str
) -> list[asyncpg.Record]:
    """Return the photos of an incident, the newest first, without the pictures."""
    rows: list[asyncpg.Record] = await connection.fetch(
        f"SELECT {_HEAD} FROM console.photo WHERE incident_id = $1 AND status = $2 "  # noqa: S608
        "ORDER BY received_at DESC, photo_id LIMIT $3",
        incident_id,
        status,
        _MOST,
    )
    return rows


async def of_case(
    connection: Connection,
    command_ids: Collection[str],
    incident_id: str | None,
    span: Span,
    limit: int,
) -> list[asyncpg.Record]:
    """Return the photos of a case within a subtree, the newest first, without pictures.

    They are those of its commands and those of its incident.
    """
    rows: list[asyncpg.Record] = await connection.fetch(
        f"SELECT {_HEAD} FROM console.photo "  # noqa: S608
        "WHERE (command_id = ANY($1::text[]) OR incident_id = $2) "
        "AND unit >= $3 AND unit < $4 ORDER BY received_at DESC, photo_id LIMIT $5",
        list(command_ids),
        incident_id,
        span.low,
        span.high,
        limit,
    )
    return rows
