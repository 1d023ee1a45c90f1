"""The table of the audit trail."""

from __future__ import annotations

from collections.abc import Sequence

from services.audit.core.trail.chain import ChainHead, EntryDraft, entry_id, seal_all
from shared.contracts.audit import AuditEntry
from shared.contracts.topics import AUDIT_TRAIL
from shared.runtime.database import Transaction
from shared.runtime.outbound_records import encode


async def append(transaction: Transaction, drafts: Sequence[EntryDraft]) -> int:
    """Append entries to the trail and publish them; return how many.

    The row of the head is locked until the commit: sequences have no gap and the chain cannot fork.
    """
    if not drafts:
        return 0
    row = await transaction.connection.fetchrow(
        "SELECT sequence, hash FROM audit.trail_head WHERE single FOR UPDATE"
    )
    assert row is not None, "audit.trail_head has its one row since the migration"
    entries = seal_all(drafts, ChainHead(row["sequence"], row["hash"]), transaction.now)
    await transaction.connection.execute(
        "INSERT INTO audit.trail (sequence, entry_id, status, actor, action, subject_id, outcome, "
        "occurred_at, prev_hash, hash, body) SELECT * FROM unnest($1::bigint[], $2::text[], "
        "$3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], "
        "$9::text[], $10::text[], $11::text[])",
        [entry.sequence for entry in entries],
        [entry.id for entry in entries],
        [entry.status for entry in entries],
        [entry.actor for entry in entries],
        [entry.action for entry in entries],
        [entry.subject_id for entry in entries],
        [entry.outcome for entry in entries],
        [entry.occurred_at for entry in entries],
        [entry.prev_hash for entry in entries],
        [entry.hash for entry in entries],
        [encode(entry).decode() for entry in entries],
    )
    last = entries[-1]
    await transaction.connection.execute(
        "UPDATE audit.trail_head SET sequence = $1, hash = $2 WHERE single",
        last.sequence,
        last.hash,
    )
    for entry in entries:
        transaction.publish(AUDIT_TRAIL, entry.actor, entry, entry.id)
    return len(entries)


async def append_new(transaction: Transaction, drafts: Sequence[EntryDraft]) -> int:
    """Append the entries whose cause has no entry in the trail yet; return how many."""
    if not drafts:
        return 0
    by_id = {entry_id(draft): draft for draft in drafts}
    rows = await transaction.connection.fetch(
        "SELECT entry_id FROM audit.trail WHERE entry_id = ANY($1::text[])", list(by_id)
    )
    stored = {row["entry_id"] for row in rows}
    return await append(
        transaction, [draft for identifier, draft in by_id.items() if identifier not in stored]
    )


async def load_head(transaction: Transaction) -> ChainHead:
    """Return the head of the chain."""
    row = await transaction.connection.fetchrow(
        "SELECT sequence, hash FROM audit.trail_head WHERE single"
    )
    assert row is not None, "audit.trail_head has its one row since the migration"
    return ChainHead(row["sequence"], row["hash"])


async def load_entries(transaction: Transaction, sequence: int, limit: int) -> list[AuditEntry]:
    """Return at most `limit` entries after the entry with number `sequence`, in order."""
    rows = await transaction.connection.fetch(
        "SELECT body FROM audit.trail WHERE sequence > $1 ORDER BY sequence LIMIT $2",
        sequence,
        limit,
    )
    return [AuditEntry.from_wire(row["body"]) for row in rows]
