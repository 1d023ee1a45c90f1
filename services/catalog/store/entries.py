"""Entries of the ledger: the newest version of each, and every version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from services.catalog.core.versions import Authorship, EntryVersion, named_units
from shared.contracts.catalog import CatalogEntry, kind_and_id
from shared.runtime.database import Transaction

_LOCK = 0x63617461
"""First key of the advisory lock of the ledger ("cata")."""
NewVersion = tuple[EntryVersion, Authorship]
"""A new version and its authorship."""


async def lock(transaction: Transaction) -> None:
    """Lock the ledger for this transaction alone, and let its time begin now.

    So versions that follow on each other have times that do.
    """
    await transaction.connection.execute("SELECT pg_advisory_xact_lock($1, 0)", _LOCK)
    await transaction.refresh_clock()


async def units_below(transaction: Transaction, roots: Collection[str]) -> set[str]:
    """Return these units and all units below them, also retired ones."""
    if not roots:
        return set()
    rows = await transaction.connection.fetch(
        "WITH RECURSIVE below (unit) AS (SELECT unnest($1::text[]) UNION "
        "SELECT substr(entry.key, 6) FROM below JOIN catalog.entry "
        "ON entry.names @> ARRAY[below.unit] WHERE entry.kind = 'unit') SELECT unit FROM below",
        list(roots),
    )
    return {row["unit"] for row in rows}


async def load(
    transaction: Transaction, keys: Collection[str], named: Collection[str] = ()
) -> list[EntryVersion]:
    """Return the newest versions of these keys, and of the entries that name these units."""
    rows = await transaction.connection.fetch(
        "SELECT version, retired, by_set_up, body FROM catalog.entry WHERE key = ANY($1::text[]) "
        "UNION SELECT version, retired, by_set_up, body FROM catalog.entry "
        "WHERE names && $2::text[]",
        list(keys),
        list(named),
    )
    return [_version(row) for row in rows]


async def save(transaction: Transaction, versions: Sequence[NewVersion]) -> None:
    """Write new versions; the last one of an entry is the newest."""
    if not versions:
        return
    newest = {version.key: version for version, _ in versions}
    await transaction.connection.execute(
        "INSERT INTO catalog.entry (key, kind, version, retired, by_set_up, effective_at, body, "
        "names) SELECT key, kind, version, retired, by_set_up, $1, body, "
        "string_to_array(names, ' ') FROM unnest($2::text[], $3::text[], $4::int[], $5::bool[], "
        "$6::bool[], $7::text[], $8::text[]) "
        "AS new (key, kind, version, retired, by_set_up, body, names) "
        "ON CONFLICT (key) DO UPDATE SET version = EXCLUDED.version, retired = EXCLUDED.retired, "
        "by_set_up = EXCLUDED.by_set_up, effective_at = EXCLUDED.effective_at, "
        "body = EXCLUDED.body, names = EXCLUDED.names",
        transaction.now,
        *_columns([_entry_row(version) for version in newest.values()]),
    )
    await transaction.connection.execute(
        "INSERT INTO catalog.entry_history (key, version, retired, by_set_up, effective_at, actor, "
        "unit, post, reason, cause_id, body) SELECT key, version, retired, by_set_up, $1, "
        "actor, unit, post, reason, cause_id, body "
        "FROM unnest($2::text[], $3::int[], $4::bool[], $5::bool[], $6::text[], $7::text[], "
        "$8::text[], $9::text[], $10::text[], $11::text[]) "
        "AS new (key, version, retired, by_set_up, actor, unit, post, reason, cause_id, body)",
        transaction.now,
        *_columns([_history_row(version, authorship) for version, authorship in versions]),
    )


def _entry_row(version: EntryVersion) -> dict[str, object]:
    kind, _ = kind_and_id(version.key)
    return {
        "key": version.key,
        "kind": kind,
        "version": version.version,
        "retired": version.retired,
        "by_set_up": version.by_set_up,
        "body": version.record.to_wire().decode(),
        "names": " ".join(named_units(version.record.entry)),
    }


def _history_row(version: EntryVersion, authorship: Authorship) -> dict[str, object]:
    return {
        "key": version.key,
        "version": version.version,
        "retired": version.retired,
        "by_set_up": version.by_set_up,
        "actor": authorship.actor,
        "unit": authorship.unit,
        "post": authorship.post,
        "reason": authorship.reason,
        "cause_id": authorship.cause_id,
        "body": version.record.to_wire().decode(),
    }


def _columns(rows: Sequence[dict[str, object]]) -> list[list[object]]:
    by_column: defaultdict[str, list[object]] = defaultdict(list)
    for row in rows:
        for name, value in row.items():
            by_column[name].append(value)
    return list(by_column.values())


def _version(row: Any) -> EntryVersion:
    record = CatalogEntry.from_wire(row["body"])
    return EntryVersion(row["version"], record, row["retired"], row["by_set_up"])
