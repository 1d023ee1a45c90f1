"""Accounts and their grants. Only hashes of secrets are stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from services.console.core.access import USUAL_RIGHTS, Right
from services.console.core.directory import Directory
from services.console.store import sessions
from services.console.store.connections import Connection


class NamedAccount(NamedTuple):
    """The account that a person who signs in has named."""

    officer_id: str
    password_hash: str | None


async def named_account(
    connection: Connection, words: str, phone: str, officer_ids: Collection[str]
) -> NamedAccount | None:
    """Return the only account with this id, or else with this name or telephone number.

    `officer_ids` have the number in the roster. Returns None where several accounts fit.
    """
    rows = await connection.fetch(
        "SELECT officer_id, password_hash FROM console.account WHERE NOT disabled "
        "AND (officer_id = $1 OR lower(name) = lower($1) OR ($2 <> '' AND phone = $2) "
        "OR officer_id = ANY($3::text[])) ORDER BY officer_id <> $1, officer_id LIMIT 2",
        words,
        phone,
        list(officer_ids),
    )
    if not rows or (len(rows) > 1 and rows[0]["officer_id"] != words):
        return None
    return NamedAccount(rows[0]["officer_id"], rows[0]["password_hash"])


async def password_of(connection: Connection, officer_id: str) -> str | None:
    """Return the hash of the password; None without one, and for a disabled account."""
    text: str | None = await connection.fetchval(
        "SELECT password_hash FROM console.account WHERE officer_id = $1 AND NOT disabled",
        officer_id,
    )
    return text


async def officer_of_subject(connection: Connection, subject: str) -> str | None:
    """Return the officer whom an OIDC provider names `subject`, or None."""
    text: str | None = await connection.fetchval(
        "SELECT officer_id FROM console.account WHERE oidc_subject = $1 AND NOT disabled", subject
    )
    return text


async def rehash(connection: Connection, officer_id: str, old: str, new: str) -> None:
    """Store a password under newer parameters, unless it was changed meanwhile."""
    await connection.execute(
        "UPDATE console.account SET password_hash = $3 "
        "WHERE officer_id = $1 AND password_hash = $2",
        officer_id,
        old,
        new,
    )


async def set_password(connection: Connection, officer_id: str, password_hash: str) -> None:
    """Store a new password, and end all sessions and open tickets of the officer."""
    await connection.execute(
        "UPDATE console.account SET password_hash = $2, updated_at = now() WHERE officer_id = $1",
        officer_id,
        password_hash,
    )
    await sessions.end_all(connection, officer_id)
    await connection.execute("DELETE FROM console.ticket WHERE officer_id = $1", officer_id)


async def has_accounts(connection: Connection) -> bool:
    """Return True when an account exists.

    The table is locked, so that two first runs at once make one account.
    """
    await connection.execute("LOCK TABLE console.account IN SHARE ROW EXCLUSIVE MODE")
    result: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM console.account)")
    return result


async def save_accounts(connection: Connection, accounts: Sequence[Mapping[str, Any]]) -> int:
    """Add accounts or renew them, and return their number; missing fields keep their values.

    Named grants replace the stored ones. Without grants, a new officer gets the usual three for the
    own unit and a moved officer those of the new unit; others keep their grants.
    """
    names = (
        *("officer_id", "name", "unit", "post"),
        *("token_sha256", "oidc_subject", "disabled", "phone"),
    )
    unnamed = [account["officer_id"] for account in accounts if account.get("grants") is None]
    stay: Collection[str] = [
        row["officer_id"]
        for row in await connection.fetch(
            "SELECT officer_id FROM console.account "
            "JOIN unnest($1::text[], $2::text[]) AS input (officer_id, unit) "
            "USING (officer_id, unit)",
            [account["officer_id"] for account in accounts],
            [account["unit"] for account in accounts],
        )
    ]
    await connection.execute(
        "INSERT INTO console.account AS old "
        "(officer_id, name, unit, post, token_sha256, oidc_subject, disabled, phone) "
        "SELECT officer_id, input.name, input.unit, input.post, input.token_sha256, "
        "input.oidc_subject, coalesce(input.disabled, stored.disabled, false), input.phone "
        "FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], "
        "$7::boolean[], $8::text[]) AS input "
        "(officer_id, name, unit, post, token_sha256, oidc_subject, disabled, phone) "
        "LEFT JOIN console.account stored USING (officer_id) "
        "ON CONFLICT (officer_id) DO UPDATE SET name = excluded.name, unit = excluded.unit, "
        "post = excluded.post, token_sha256 = coalesce(excluded.token_sha256, old.token_sha256), "
        "oidc_subject = coalesce(excluded.oidc_subject, old.oidc_subject), "
        "phone = coalesce(excluded.phone, old.phone), "
        "disabled = excluded.disabled, updated_at = now()",
        *([account.get(name) for account in accounts] for name in names),
    )
    unchanged = set(unnamed) & set(stay)
    grants = {
        account["officer_id"]: _grants_of(account)
        for account in accounts
        if account["officer_id"] not in unchanged
    }
    await connection.execute(
        "DELETE FROM console.officer_grant WHERE officer_id = ANY($1::text[])", list(grants)
    )
    await connection.executemany(
        "INSERT INTO console.officer_grant (officer_id, granted_right, unit) VALUES ($1, $2, $3)",
        [(officer, right, unit) for officer, grant in grants.items() for right, unit in grant],
    )
    return len(accounts)


async def grants(connection: Connection, officer_id: str) -> list[tuple[str, str]]:
    """Return the grants of an officer as (right, unit)."""
    rows = await connection.fetch(
        "SELECT granted_right, unit FROM console.officer_grant "
        "WHERE officer_id = $1 ORDER BY granted_right, unit",
        officer_id,
    )
    return [(row["granted_right"], row["unit"]) for row in rows]


async def grant(connection: Connection, officer_id: str, right: Right, unit: str) -> bool:
    """Add a grant. Returns False when there is no such officer."""
    existing_officer = await connection.fetchval(
        "SELECT true FROM console.account WHERE officer_id = $1", officer_id
    )
    if existing_officer is None:
        return False
    await connection.execute(
        "INSERT INTO console.officer_grant (officer_id, granted_right, unit) VALUES ($1, $2, $3) "
        "ON CONFLICT DO NOTHING",
        officer_id,
        right,
        unit,
    )
    return True


async def withdraw(connection: Connection, officer_id: str, right: Right, unit: str) -> bool:
    """Remove a grant. Returns False when there was none."""
    removed = await connection.fetchval(
        "DELETE FROM console.officer_grant "
        "WHERE officer_id = $1 AND granted_right = $2 AND unit = $3 RETURNING true",
        officer_id,
        right,
        unit,
    )
    return removed is not None


async def paged_at(
    connection: Connection, officer_ids: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Return, for each of these officers with an account, the units with the right to be paged."""
    rows = await connection.fetch(
        "SELECT a.officer_id, "
        "array_agg(g.unit ORDER BY g.unit) FILTER (WHERE g.unit IS NOT NULL) AS units "
        "FROM console.account a LEFT JOIN console.officer_grant g "
        "ON g.officer_id = a.officer_id AND g.granted_right = $2 "
        "WHERE a.officer_id = ANY($1::text[]) GROUP BY a.officer_id",
        list(officer_ids),
        Right.BE_PAGED,
    )
    return {row["officer_id"]: tuple(row["units"] or ()) for row in rows}


async def disable(connection: Connection, officer_id: str) -> bool:
    """Close an account and end its sessions. Returns False when there is none."""
    result = await connection.fetchval(
        "UPDATE console.account SET disabled = true, updated_at = now() "
        "WHERE officer_id = $1 RETURNING true",
        officer_id,
    )
    await sessions.end_all(connection, officer_id)
    return result is not None


def _grants_of(account: Mapping[str, Any]) -> set[tuple[str, str]]:
    if account.get("grants") is None:
        return {(right.value, account["unit"]) for right in USUAL_RIGHTS}
    return {(grant["right"], grant["unit"]) for grant in account["grants"]}


async def names_of(
    connection: Connection, directory: Directory, officer_ids: Collection[str]
) -> dict[str, str]:
    """Return the names of officers by their accounts; of those without one by the roster."""
    rows = await connection.fetch(
        "SELECT officer_id, name FROM console.account WHERE officer_id = ANY($1::text[])",
        list(officer_ids),
    )
    names = {row["officer_id"]: row["name"] for row in rows}
    return directory.names_of(officer_ids) | names
