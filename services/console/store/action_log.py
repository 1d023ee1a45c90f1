"""Acts as first recorded: the same act again yields the same bytes, another under its id is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import asyncpg

from services.console.store.connections import Connection
from shared.runtime.database import Database


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """An officer's idempotency key, the hash of what was asked with it, the answer for the next
    time.
    """

    key: str
    asked: bytes
    answer: bytes


@dataclass(frozen=True, slots=True)
class ActionEntry:
    """An act ready to be kept: its id, destination, bytes, and the hash of what was meant."""

    id: str
    topic: str
    key: str
    value: bytes
    digest: bytes
    officer_id: str
    bound: KeyedRequest | None = None


@dataclass(frozen=True, slots=True)
class StoredAction:
    """What the table holds for an id, and whether it was new."""

    value: bytes
    digest: bytes
    new: bool


@dataclass(frozen=True, slots=True)
class StoreResult:
    """What the tables hold for a group of acts: by act id, and by (officer, key) what was asked."""

    acts: Mapping[str, StoredAction]
    keys: Mapping[tuple[str, str], bytes]

    def refused(self, act: ActionEntry) -> Literal["key", "act"] | None:
        """Whether its key stands for another request, or its id for another content."""
        if act.bound and self.keys[act.officer_id, act.bound.key] != act.bound.asked:
            return "key"
        return None if self.acts[act.id].digest == act.digest else "act"


async def store_actions(database: Database, acts: Sequence[ActionEntry]) -> StoreResult:
    """Store acts that are new, with their idempotency keys; say what is stored. Raises Transient.

    A key is bound only to an act that is kept as it was meant.
    """
    async with database.transaction() as work:
        taken = await _keys(work.connection, acts)
        free = [
            act
            for act in acts
            if not act.bound
            or taken.setdefault((act.officer_id, act.bound.key), act.bound.asked) == act.bound.asked
        ]
        kept = await _acts(work.connection, free)
        outcome = StoreResult(kept, taken)
        bound = [act for act in free if act.bound and outcome.refused(act) is None]
        await _bind(work.connection, bound)
    return outcome


async def find_by_key(connection: Connection, officer_id: str, key: str) -> asyncpg.Record | None:
    """What an officer's key stands for, with the act as it was kept."""
    return await connection.fetchrow(
        "SELECT k.request_digest, k.answer, a.id, a.topic, a.key, a.value, a.digest "
        "FROM console.request_key k JOIN console.action a ON a.id = k.action_id "
        "WHERE k.officer_id = $1 AND k.key = $2",
        officer_id,
        key,
    )


async def _keys(
    connection: Connection, acts: Sequence[ActionEntry]
) -> dict[tuple[str, str], bytes]:
    """What was asked with these acts' keys before. Locks each key until the transaction ends."""
    wanted = sorted({(act.officer_id, act.bound.key) for act in acts if act.bound})
    if not wanted:
        return {}
    officers, keys = zip(*wanted, strict=True)
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
    kept = {
        row["id"]: StoredAction(first[row["id"]].value, first[row["id"]].digest, True)
        for row in new
    }
    if len(kept) < len(first):
        rows = await connection.fetch(
            "SELECT id, value, digest FROM console.action WHERE id = ANY($1::text[])",
            [action_id for action_id in first if action_id not in kept],
        )
        kept |= {row["id"]: StoredAction(row["value"], row["digest"], False) for row in rows}
    return kept


async def _bind(connection: Connection, acts: Sequence[ActionEntry]) -> None:
    if not acts:
        return
    rows = [
        (act.officer_id, act.bound.key, act.bound.asked, act.bound.answer, act.id)
        for act in acts
        if act.bound
    ]
    await connection.execute(
        "INSERT INTO console.request_key (officer_id, key, request_digest, answer, action_id) "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::text[]) "
        "ON CONFLICT (officer_id, key) DO NOTHING",
        *(list(column) for column in zip(*rows, strict=True)),
    )
