"""Accounts, one-time tickets and sessions. Only hashes of secrets are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import asyncpg

from services.console.store.connections import Connection

_OFFICER = "a.officer_id, a.name, a.unit, a.post"


async def by_token(connection: Connection, token_sha256: str) -> asyncpg.Record | None:
    """The account whose bearer token has this hash."""
    return await connection.fetchrow(
        f"SELECT {_OFFICER} FROM console.account a WHERE a.token_sha256 = $1",  # noqa: S608
        token_sha256,
    )


async def by_session(connection: Connection, token_sha256: str) -> asyncpg.Record | None:
    """The account of a session that has not expired."""
    return await connection.fetchrow(
        f"SELECT {_OFFICER} FROM console.session s JOIN console.account a USING (officer_id) "  # noqa: S608
        "WHERE s.token_sha256 = $1 AND s.expires_at > now()",
        token_sha256,
    )


async def redeem(
    connection: Connection, ticket_sha256: str, session_sha256: str, lifetime: timedelta
) -> bool:
    """Turn a ticket into a session, once; False when it is unknown, used or expired."""
    made = await connection.fetchval(
        "WITH used AS (DELETE FROM console.ticket WHERE ticket_sha256 = $1 "
        "RETURNING officer_id, expires_at) "
        "INSERT INTO console.session (token_sha256, officer_id, expires_at) "
        "SELECT $2, officer_id, now() + $3::interval FROM used WHERE expires_at > now() "
        "RETURNING officer_id",
        ticket_sha256,
        session_sha256,
        lifetime,
    )
    return made is not None


async def end_session(connection: Connection, token_sha256: str) -> None:
    """Sign out."""
    await connection.execute("DELETE FROM console.session WHERE token_sha256 = $1", token_sha256)


async def add_ticket(
    connection: Connection, officer_id: str, ticket_sha256: str, lifetime: timedelta
) -> bool:
    """Keep a ticket for an officer; False when there is no such officer."""
    made = await connection.fetchval(
        "INSERT INTO console.ticket (ticket_sha256, officer_id, expires_at) "
        "SELECT $2, officer_id, now() + $3::interval FROM console.account WHERE officer_id = $1 "
        "RETURNING officer_id",
        officer_id,
        ticket_sha256,
        lifetime,
    )
    return made is not None


async def save_accounts(connection: Connection, accounts: Sequence[Mapping[str, Any]]) -> int:
    """Add accounts or renew them; a missing token leaves the stored one. Returns how many."""
    names = ("officer_id", "name", "unit", "post", "token_sha256")
    await connection.execute(
        "INSERT INTO console.account AS old (officer_id, name, unit, post, token_sha256) "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) "
        "ON CONFLICT (officer_id) DO UPDATE SET name = excluded.name, unit = excluded.unit, "
        "post = excluded.post, token_sha256 = coalesce(excluded.token_sha256, old.token_sha256), "
        "updated_at = now()",
        *([account.get(name) for account in accounts] for name in names),
    )
    return len(accounts)
