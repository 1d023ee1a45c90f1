"""Sessions, one-time tickets and sign-ins through an OIDC provider.

Only hashes of secrets are stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

import asyncpg

from services.console.core.access import Right
from services.console.store.connections import Connection

Purpose = Literal["sign_in", "password"]

_GRANTED = (
    "ARRAY(SELECT g.unit FROM console.officer_grant g "
    "WHERE g.officer_id = a.officer_id AND g.granted_right = '{}' ORDER BY g.unit)"
)
_OFFICER = (
    "a.officer_id, a.name, a.unit, a.post, "
    f"{_GRANTED.format(Right.SEE)} AS seeing, {_GRANTED.format(Right.COMMAND)} AS commanding, "
    f"{_GRANTED.format(Right.OPERATE)} AS operating, "
    f"{_GRANTED.format(Right.ADMINISTER)} AS administering"
)
_BY_TOKENS = (
    f"SELECT a.token_sha256, {_OFFICER} FROM console.account a "  # noqa: S608
    "WHERE a.token_sha256 = ANY($1::text[]) AND NOT a.disabled"
)
# A check counts as use of the session; it is stored four times per idle time, not each time.
_BY_SESSIONS = f"""
    WITH touched AS (
        UPDATE console.session SET used_at = now()
        WHERE token_sha256 = ANY($1::text[]) AND expires_at > now()
        AND used_at > now() - $2::interval AND used_at < now() - $2::interval / 4
    )
    SELECT s.token_sha256, {_OFFICER}
    FROM console.session s JOIN console.account a USING (officer_id)
    WHERE s.token_sha256 = ANY($1::text[]) AND NOT a.disabled
    AND s.expires_at > now() AND s.used_at > now() - $2::interval
"""  # noqa: S608


async def by_credentials(
    connection: Connection, kind: str, digests: Sequence[str], idle: timedelta
) -> list[asyncpg.Record]:
    """Return the accounts of valid bearer tokens or sessions, with their `token_sha256`.

    Expired and idle sessions are left out.
    """
    rows: list[asyncpg.Record]
    if kind == "bearer":
        rows = await connection.fetch(_BY_TOKENS, digests)
    else:
        rows = await connection.fetch(_BY_SESSIONS, digests, idle)
    return rows


async def holder(connection: Connection, token_sha256: str) -> asyncpg.Record | None:
    """Return the account of a stored session, also of one that has expired."""
    return await connection.fetchrow(
        f"SELECT {_OFFICER} FROM console.session s "  # noqa: S608
        "JOIN console.account a USING (officer_id) "
        "WHERE s.token_sha256 = $1",
        token_sha256,
    )


async def start(
    connection: Connection, officer_id: str, session_sha256: str, lifetime: timedelta
) -> bool:
    """Start a session. Returns False when the account is disabled or does not exist."""
    created = await connection.fetchval(
        "INSERT INTO console.session (token_sha256, officer_id, expires_at) "
        "SELECT $2, officer_id, now() + $3::interval FROM console.account "
        "WHERE officer_id = $1 AND NOT disabled RETURNING officer_id",
        officer_id,
        session_sha256,
        lifetime,
    )
    return created is not None


async def end(connection: Connection, token_sha256: str) -> None:
    """End a session."""
    await connection.execute("DELETE FROM console.session WHERE token_sha256 = $1", token_sha256)


async def end_all(connection: Connection, officer_id: str) -> None:
    """End all sessions of an officer."""
    await connection.execute("DELETE FROM console.session WHERE officer_id = $1", officer_id)


async def add_ticket(
    connection: Connection,
    officer_id: str,
    ticket_sha256: str,
    lifetime: timedelta,
    purpose: Purpose = "sign_in",
) -> bool:
    """Store a ticket of an officer. Returns False when the account is disabled or does not
    exist.
    """
    created = await connection.fetchval(
        "INSERT INTO console.ticket (ticket_sha256, officer_id, expires_at, purpose) "
        "SELECT $2, officer_id, now() + $3::interval, $4 FROM console.account "
        "WHERE officer_id = $1 AND NOT disabled RETURNING officer_id",
        officer_id,
        ticket_sha256,
        lifetime,
        purpose,
    )
    return created is not None


async def officer_of_ticket(
    connection: Connection, ticket_sha256: str, purpose: Purpose
) -> str | None:
    """Return the officer of a valid ticket without using the ticket, or None."""
    text: str | None = await connection.fetchval(
        "SELECT officer_id FROM console.ticket "
        "WHERE ticket_sha256 = $1 AND purpose = $2 AND expires_at > now()",
        ticket_sha256,
        purpose,
    )
    return text


async def use_ticket(connection: Connection, ticket_sha256: str, purpose: Purpose) -> str | None:
    """Use a ticket and return its officer.

    Returns None when the ticket is unknown, used, expired or of another purpose.
    """
    text: str | None = await connection.fetchval(
        "WITH used AS (DELETE FROM console.ticket WHERE ticket_sha256 = $1 AND purpose = $2 "
        "RETURNING officer_id, expires_at) SELECT officer_id FROM used WHERE expires_at > now()",
        ticket_sha256,
        purpose,
    )
    return text


async def begin_oidc(connection: Connection, login: Mapping[str, Any], lifetime: timedelta) -> None:
    """Store a sign-in that continues at the provider."""
    await connection.execute(
        "INSERT INTO console.oidc_login "
        "(state_sha256, browser_sha256, nonce, verifier, landing, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, now() + $6::interval)",
        *(
            login[name]
            for name in ("state_sha256", "browser_sha256", "nonce", "verifier", "landing")
        ),
        lifetime,
    )


async def end_oidc(connection: Connection, state_sha256: str) -> asyncpg.Record | None:
    """Use the sign-in that returns from the provider; None when unknown, used or expired."""
    return await connection.fetchrow(
        "WITH used AS (DELETE FROM console.oidc_login WHERE state_sha256 = $1 RETURNING *) "
        "SELECT browser_sha256, nonce, verifier, landing FROM used WHERE expires_at > now()",
        state_sha256,
    )
