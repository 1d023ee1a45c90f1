"""Drafts of limits in the database of the console.

Officers of several units work on a draft, so it is no draft of one officer alone; what has to
survive is on Kafka: every act for the trail, and the published document with its signatures.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import asyncpg

from services.console.core.limits_drafts import LIVE, DraftState, LimitsContent, LimitsDraft
from services.console.store.connections import Connection
from shared.contracts.limits import LimitsSignature
from shared.runtime.sql import names

MOST_LIVE = 20
"""The most drafts of one officer that wait for somebody."""
_MOST_CLOSED = 50


async def lock(connection: Connection, limits_id: str) -> None:
    """Let the acts on drafts of one document take place one after the other."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 11))", limits_id)


async def find(connection: Connection, draft_id: str) -> LimitsDraft | None:
    """Return a draft, or None."""
    row = await connection.fetchrow(
        "SELECT * FROM console.limits_draft WHERE draft_id = $1", draft_id
    )
    return None if row is None else _draft(row)


async def drafts(connection: Connection) -> list[LimitsDraft]:
    """Return the drafts that wait for somebody, then the newest that are closed."""
    rows = await connection.fetch(
        f"SELECT * FROM console.limits_draft WHERE state IN {names(LIVE)} "  # noqa: S608
        "UNION ALL (SELECT * FROM console.limits_draft "
        f"WHERE state NOT IN {names(LIVE)} ORDER BY changed_at DESC, draft_id LIMIT $1) "
        "ORDER BY changed_at DESC, draft_id",
        _MOST_CLOSED,
    )
    return [_draft(row) for row in rows]


async def count_live(connection: Connection, author: str, draft_id: str) -> int:
    """Return the number of live drafts of an author besides this one; the author is locked."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 12))", author)
    count: int = await connection.fetchval(
        "SELECT count(*) FROM console.limits_draft "  # noqa: S608 - our own names
        f"WHERE author = $1 AND draft_id <> $2 AND state IN {names(LIVE)}",
        author,
        draft_id,
    )
    return count


async def is_published(connection: Connection, limits_id: str, version: int) -> bool:
    """Return whether a draft of this version has been published here."""
    published: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM console.limits_draft "
        "WHERE limits_id = $1 AND version = $2 AND state = 'published')",
        limits_id,
        version,
    )
    return published


async def save(connection: Connection, draft: LimitsDraft) -> None:
    """Store a draft in place of its former state."""
    await connection.execute(
        "INSERT INTO console.limits_draft (draft_id, limits_id, version, state, body, author, "
        "signatures, changed_at, closed_by, reason) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (draft_id) DO UPDATE SET "
        "limits_id = EXCLUDED.limits_id, version = EXCLUDED.version, state = EXCLUDED.state, "
        "body = EXCLUDED.body, signatures = EXCLUDED.signatures, "
        "changed_at = EXCLUDED.changed_at, closed_by = EXCLUDED.closed_by, "
        "reason = EXCLUDED.reason",
        draft.draft_id,
        draft.limits_id,
        draft.version,
        draft.state,
        draft.body.model_dump_json(exclude_none=True),
        draft.author,
        _json(draft.signatures),
        draft.changed_at,
        draft.closed_by,
        draft.reason,
    )


def _draft(row: asyncpg.Record) -> LimitsDraft:
    signatures: list[Any] = json.loads(row["signatures"])
    return LimitsDraft(
        row["draft_id"],
        row["limits_id"],
        row["version"],
        DraftState(row["state"]),
        LimitsContent.model_validate_json(row["body"]),
        row["author"],
        tuple(LimitsSignature.model_validate_json(json.dumps(item)) for item in signatures),
        row["changed_at"],
        row["closed_by"],
        row["reason"],
    )


def _json(signatures: Sequence[LimitsSignature]) -> str:
    return json.dumps([signature.model_dump(mode="json") for signature in signatures])
