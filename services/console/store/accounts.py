"""Accounts as administrators see them: people, posts and grants, no secrets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import asyncpg

from services.console.core.access import Span
from services.console.store.connections import Connection

_COLUMNS = (
    "a.officer_id, a.name, a.unit, a.post, a.phone, a.disabled, "
    "a.password_hash IS NOT NULL OR a.oidc_subject IS NOT NULL AS signs_in, "
    "a.token_sha256 IS NOT NULL AS has_token, "
    "ARRAY(SELECT g.granted_right || ' ' || g.unit FROM console.officer_grant g "
    "WHERE g.officer_id = a.officer_id ORDER BY g.granted_right, g.unit) AS grants"
)


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """An account with its grants as (right, unit).

    `signs_in`: the officer has a password or a subject of the OIDC provider.
    """

    officer_id: str
    name: str
    unit: str
    post: str
    phone: str | None
    disabled: bool
    signs_in: bool
    has_token: bool
    grants: tuple[tuple[str, str], ...]

    @property
    def units(self) -> Collection[str]:
        """Return the units for which the account stands: its own and those of its grants."""
        return {self.unit, *(unit for _, unit in self.grants)}


async def list_accounts(
    connection: Connection, span: Span, words: str, after: str, limit: int
) -> list[AccountEntry]:
    """Return accounts of a subtree by id, with these words in id or name."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM console.account a "  # noqa: S608 - our own names
        "WHERE a.unit >= $1 AND a.unit < $2 AND a.officer_id > $3 "
        "AND (strpos(lower(a.name), lower($4)) > 0 OR strpos(lower(a.officer_id), lower($4)) > 0) "
        "ORDER BY a.officer_id LIMIT $5",
        span.low,
        span.high,
        after,
        words,
        limit,
    )
    return _entries(rows)


async def find_account(connection: Connection, officer_id: str) -> AccountEntry | None:
    """Return an account, locked until the transaction ends; None where there is none."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM console.account a "  # noqa: S608 - our own names
        "WHERE a.officer_id = $1 FOR UPDATE",
        officer_id,
    )
    return next(iter(_entries(rows)), None)


async def enable(connection: Connection, officer_id: str) -> None:
    """Open a disabled account."""
    await connection.execute(
        "UPDATE console.account SET disabled = false, updated_at = now() WHERE officer_id = $1",
        officer_id,
    )


def _entries(rows: Sequence[asyncpg.Record]) -> list[AccountEntry]:
    return [
        AccountEntry(
            **{name: row[name] for name in AccountEntry.__slots__ if name != "grants"},
            grants=tuple((right, unit) for right, unit in map(_grant, row["grants"])),
        )
        for row in rows
    ]


def _grant(text: str) -> tuple[str, str]:
    right, _, unit = text.partition(" ")
    return right, unit
