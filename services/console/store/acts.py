"""Acts as first recorded: the same act again yields the same bytes, another under its id is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.runtime.database import Database


@dataclass(frozen=True, slots=True)
class Written:
    """An act ready to be kept: its id, destination, bytes, and the hash of what was meant."""

    id: str
    topic: str
    key: str
    value: bytes
    digest: bytes
    officer_id: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What the table holds for an id, and whether it was new."""

    value: bytes
    digest: bytes
    new: bool


async def keep(database: Database, acts: Sequence[Written]) -> dict[str, Kept]:
    """Store acts that are new; return by id what is stored. Raises Transient."""
    first: dict[str, Written] = {}
    for act in acts:
        first.setdefault(act.id, act)
    names = ("id", "topic", "key", "value", "digest", "officer_id")
    async with database.transaction() as work:
        new = await work.connection.fetch(
            f"INSERT INTO console.act ({', '.join(names)}) "  # noqa: S608
            "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bytea[], "
            "$6::text[]) ON CONFLICT (id) DO NOTHING RETURNING id",
            *([getattr(act, name) for act in first.values()] for name in names),
        )
        kept = {
            row["id"]: Kept(first[row["id"]].value, first[row["id"]].digest, True) for row in new
        }
        if len(kept) < len(first):
            rows = await work.connection.fetch(
                "SELECT id, value, digest FROM console.act WHERE id = ANY($1::text[])",
                [act_id for act_id in first if act_id not in kept],
            )
            kept |= {row["id"]: Kept(row["value"], row["digest"], False) for row in rows}
    return kept
