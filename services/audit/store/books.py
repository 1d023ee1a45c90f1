"""Audit's own tables: the chained trail, recounted records, the world each subject belongs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from services.audit.core.conservation import Evidence
from services.audit.core.newest import Newest
from services.audit.core.trail import Act, Head, append, entry_id
from shared.contracts.audit import AuditEntry
from shared.contracts.fields import Status
from shared.contracts.topics import TRAIL
from shared.runtime.database import Transaction
from shared.runtime.outbound_records import encode


async def enter(work: Transaction, acts: Sequence[Act]) -> int:
    """Append the acts to the trail and publish them; how many were new.

    The head row is locked until the commit, so sequences have no gap and the chain cannot fork.
    """
    if not acts:
        return 0
    row = await work.connection.fetchrow(
        "SELECT sequence, hash FROM audit.trail_head WHERE single FOR UPDATE"
    )
    assert row is not None, "audit.trail_head has its one row since the migration"
    entries = append(acts, Head(row["sequence"], row["hash"]), work.now)
    await work.connection.execute(
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
    await work.connection.execute(
        "UPDATE audit.trail_head SET sequence = $1, hash = $2 WHERE single",
        last.sequence,
        last.hash,
    )
    for entry in entries:
        work.publish(TRAIL, entry.actor, entry, entry.id)
    return len(entries)


async def enter_new(work: Transaction, acts: Sequence[Act]) -> int:
    """As `enter`, without those whose cause is in the trail."""
    if not acts:
        return 0
    ids = {entry_id(act): act for act in acts}
    rows = await work.connection.fetch(
        "SELECT entry_id FROM audit.trail WHERE entry_id = ANY($1::text[])", list(ids)
    )
    known = {row["entry_id"] for row in rows}
    return await enter(work, [identifier for name, identifier in ids.items() if name not in known])


async def head(work: Transaction) -> Head:
    """Where the chain ends."""
    row = await work.connection.fetchrow("SELECT sequence, hash FROM audit.trail_head WHERE single")
    assert row is not None, "audit.trail_head has its one row since the migration"
    return Head(row["sequence"], row["hash"])


async def entries_after(work: Transaction, sequence: int, limit: int) -> list[AuditEntry]:
    """The next entries of the trail, in order."""
    rows = await work.connection.fetch(
        "SELECT body FROM audit.trail WHERE sequence > $1 ORDER BY sequence LIMIT $2",
        sequence,
        limit,
    )
    return [AuditEntry.model_validate_json(row["body"]) for row in rows]


async def count_records(work: Transaction, counts: Counter[tuple[str, str, str]]) -> None:
    """Add to the counts by (topic, status, label)."""
    if not counts:
        return
    keys = sorted(counts)
    await work.connection.execute(
        "INSERT INTO audit.record_count (topic, status, label, records) "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) "
        "ON CONFLICT (topic, status, label) "
        "DO UPDATE SET records = audit.record_count.records + EXCLUDED.records",
        [key[0] for key in keys],
        [key[1] for key in keys],
        [key[2] for key in keys],
        [counts[key] for key in keys],
    )


async def first_records(work: Transaction, topic: str) -> dict[Status, int]:
    """How many first versions lay on a topic, by status."""
    rows = await work.connection.fetch(
        "SELECT status, records FROM audit.record_count WHERE topic = $1 AND label = 'first'",
        topic,
    )
    return {Status(row["status"]): row["records"] for row in rows}


async def keep_evidence(work: Transaction, evidence: Sequence[Evidence]) -> None:
    """Keep what became of the alarms, in place of what was counted before."""
    await work.connection.execute("DELETE FROM audit.evidence")
    await work.connection.executemany(
        "INSERT INTO audit.evidence (status, disposition, alarms, nowhere) VALUES ($1, $2, $3, $4)",
        [(one.status, one.disposition, one.alarms, one.nowhere) for one in evidence],
    )


async def evidence(work: Transaction) -> list[Evidence]:
    """What became of the alarms when they were last counted."""
    rows = await work.connection.fetch(
        "SELECT status, disposition, alarms, nowhere FROM audit.evidence ORDER BY 1, 2"
    )
    return [Evidence(Status(row[0]), row[1], row[2], row[3]) for row in rows]


async def count_fanout(
    work: Transaction, fanout: Mapping[str, tuple[str, int | None, int]]
) -> None:
    """Per command: its status, the recipients it announced (None: not in this batch), new records."""
    if not fanout:
        return
    keys = sorted(fanout)
    await work.connection.execute(
        "INSERT INTO audit.fanout (command_id, status, recipients, assignments) "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[]) "
        "ON CONFLICT (command_id) DO UPDATE SET "
        "recipients = coalesce(EXCLUDED.recipients, audit.fanout.recipients), "
        "assignments = audit.fanout.assignments + EXCLUDED.assignments",
        keys,
        [fanout[key][0] for key in keys],
        [fanout[key][1] for key in keys],
        [fanout[key][2] for key in keys],
    )


async def worlds(work: Transaction, first: Mapping[str, str]) -> dict[str, str]:
    """Remember the status of subjects not seen before; the status that each has had all along."""
    if not first:
        return {}
    keys = sorted(first)
    await work.connection.execute(
        "INSERT INTO audit.world (subject_id, status) "
        "SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT (subject_id) DO NOTHING",
        keys,
        [first[key] for key in keys],
    )
    rows = await work.connection.fetch(
        "SELECT subject_id, status FROM audit.world WHERE subject_id = ANY($1::text[])", keys
    )
    return {row["subject_id"]: row["status"] for row in rows}


async def note_leaks(work: Transaction, leaks: Sequence[tuple[str, str, str, str, str]]) -> None:
    """Keep (record, subject, topic, status, the subject's status) of records in the wrong world."""
    if not leaks:
        return
    await work.connection.execute(
        "INSERT INTO audit.leak (record_id, subject_id, topic, status, subject_status) "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) "
        "ON CONFLICT DO NOTHING",
        *(list(column) for column in zip(*leaks, strict=True)),
    )


async def remember(work: Transaction, newests: Sequence[Newest]) -> None:
    """Keep the newest version of what is open, forget what is over; `told` names a subject once."""
    living = [newest for newest in newests if not newest.over]
    if living:
        await work.connection.execute(
            "INSERT INTO audit.latest (kind, subject_id, status, version, state) "
            "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[]) "
            "ON CONFLICT (kind, subject_id) DO UPDATE "
            "SET version = EXCLUDED.version, state = EXCLUDED.state "
            "WHERE audit.latest.version < EXCLUDED.version",
            [newest.kind for newest in living],
            [newest.subject_id for newest in living],
            [newest.status for newest in living],
            [newest.version for newest in living],
            [newest.state for newest in living],
        )
    over = [newest for newest in newests if newest.over]
    if over:
        await work.connection.execute(
            "DELETE FROM audit.latest AS l USING unnest($1::text[], $2::text[], $3::int[]) "
            "AS o (kind, subject_id, version) WHERE l.kind = o.kind "
            "AND l.subject_id = o.subject_id AND l.version <= o.version",
            [newest.kind for newest in over],
            [newest.subject_id for newest in over],
            [newest.version for newest in over],
        )
