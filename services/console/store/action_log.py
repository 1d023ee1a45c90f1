"""Acts of officers as first recorded.

A repeated act yields identical bytes; a different act under a used id is noticed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import asyncpg

from services.console.store.connections import Connection
from shared.runtime.database import Database


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """An idempotency key of an officer, a hash of the request, and its answer."""

    key: str
    request_digest: bytes
    answer: bytes


@dataclass(frozen=True, slots=True)
class ActionEntry:
    """An act that is ready to be stored, with a hash of its meaning."""

    id: str
    topic: str
    key: str
    value: bytes
    digest: bytes
    officer_id: str
    keyed: KeyedRequest | None = None


@dataclass(frozen=True, slots=True)
class StoredAction:
    """The stored act of an id, and whether it is new."""

    value: bytes
    digest: bytes
    new: bool


@dataclass(frozen=True, slots=True)
class StoreResult:
    """The stored acts by id, and the request digests by officer and key."""

    acts: Mapping[str, StoredAction]
    keys: Mapping[tuple[str, str], bytes]

    def refused(self, act: ActionEntry) -> Literal["key", "act"] | None:
        """Return "key" for a reused key, "act" for a reused id, else None."""
        if act.keyed and self.keys[act.officer_id, act.keyed.key] != act.keyed.request_digest:
            return "key"
        return None if self.acts[act.id].digest == act.digest else "act"


async def store_actions(database: Database, acts: Sequence[ActionEntry]) -> StoreResult:
    """Store new acts with their idempotency keys, and return the stored acts. Raises Transient.

    A key is bound only to an act stored with its own meaning.
    """
    async with database.transaction() as work:
        return await store_within(work.connection, acts)


async def store_within(connection: Connection, acts: Sequence[ActionEntry]) -> StoreResult:
    """Store new acts with their idempotency keys within a transaction, as `store_actions` does."""
    digests = await _keys(connection, acts)
    unconflicted = [
        act
        for act in acts
        if not act.keyed
        or digests.setdefault((act.officer_id, act.keyed.key), act.keyed.request_digest)
        == act.keyed.request_digest
    ]
    stored = await _acts(connection, unconflicted)
    outcome = StoreResult(stored, digests)
    keyed = [act for act in unconflicted if act.keyed and outcome.refused(act) is None]
    await _bind(connection, keyed)
    return outcome


async def find_by_key(connection: Connection, officer_id: str, key: str) -> asyncpg.Record | None:
    """Return the request and the stored act of an idempotency key, or None."""
    return await connection.fetchrow(
        "SELECT k.request_digest, k.answer, a.id, a.topic, a.key, a.value, a.digest "
        "FROM console.request_key k JOIN console.action a ON a.id = k.action_id "
        "WHERE k.officer_id = $1 AND k.key = $2",
        officer_id,
        key,
    )


async def action_value(connection: Connection, action_id: str) -> bytes | None:
    """Return the record of an act as first sent, or None."""
    value: bytes | None = await connection.fetchval(
        "SELECT value FROM console.action WHERE id = $1", action_id
    )
    return value


async def _keys(
    connection: Connection, acts: Sequence[ActionEntry]
) -> dict[tuple[str, str], bytes]:
    """Return the request digests of these keys, and lock each key until the transaction ends."""
    officer_keys = sorted({(act.officer_id, act.keyed.key) for act in acts if act.keyed})
    if not officer_keys:
        return {}
    officers, keys = zip(*officer_keys, strict=True)
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(o || ' ' || k, 4)) "
        "FROM unnest($1::text[], $2::text[]) AS t (o, k)",
        officers,
        keys,
    )
    rows = await connection.fetch(
        "SELECT officer_id, key, request_digest FROM console.request_key "
        "JOIN unnest($1::text[], $2::text[]) AS t (officer_id, key) USING (officer_id, key)",
        officers,
        keys,
    )
    return {(row["officer_id"], row["key"]): row["request_digest"] for row in rows}


async def _acts(connection: Connection, acts: Sequence[ActionEntry]) -> dict[str, StoredAction]:
    first: dict[str, ActionEntry] = {}
    for act in acts:
        first.setdefault(act.id, act)
    names = ("id", "topic", "key", "value", "digest", "officer_id")
    new = await connection.fetch(
        f"INSERT INTO console.action ({', '.join(names)}) "  # noqa: S608
        "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bytea[], "
        "$6::text[]) ON CONFLICT (id) DO NOTHING RETURNING id",
        *([getattr(act, name) for act in first.values()] for name in names),
    )
    stored = {
        row["id"]: StoredAction(first[row["id"]].value, first[row["id"]].digest, True)
        for row in new
    }
    if len(stored) < len(first):
        rows = await connection.fetch(
            "SELECT id, value, digest FROM console.action WHERE id = ANY($1::text[])",
            [action_id for action_id in first if action_id not in stored],
        )
        stored |= {row["id"]: StoredAction(row["value"], row["digest"], False) for row in rows}
    return stored


async def _bind(connection: Connection, acts: Sequence[ActionEntry]) -> None:
    if not acts:
        return
    rows = [
        (act.officer_id, act.keyed.key, act.keyed.request_digest, act.keyed.answer, act.id)
        for act in acts
        if act.keyed
    ]
    await connection.execute(
        "INSERT INTO console.request_key (officer_id, key, request_digest, answer, action_id) "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::text[]) "
        "ON CONFLICT (officer_id, key) DO NOTHING",
        *(list(column) for column in zip(*rows, strict=True)),
    )
