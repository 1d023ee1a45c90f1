"""Counts of records, recipients of commands, outcomes of alarms, and the status of each subject."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass

from services.audit.core.conservation.balances import DispositionCount
from shared.contracts.fields import Status
from shared.runtime.database import Transaction

RecordLabel = tuple[str, str, str]
"""Topic, status and label of a record."""


async def add_record_counts(transaction: Transaction, counts: Counter[RecordLabel]) -> None:
    """Add to the counts of records."""
    if not counts:
        return
    keys = sorted(counts)
    await transaction.connection.execute(
        "INSERT INTO audit.record_count (topic, status, label, records) "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) "
        "ON CONFLICT (topic, status, label) "
        "DO UPDATE SET records = audit.record_count.records + EXCLUDED.records",
        [key[0] for key in keys],
        [key[1] for key in keys],
        [key[2] for key in keys],
        [counts[key] for key in keys],
    )


async def load_first_version_counts(transaction: Transaction, topic: str) -> dict[Status, int]:
    """Return the number of first versions on a topic, by status."""
    rows = await transaction.connection.fetch(
        "SELECT status, records FROM audit.record_count WHERE topic = $1 AND label = 'first'",
        topic,
    )
    return {Status(row["status"]): row["records"] for row in rows}


async def save_dispositions(transaction: Transaction, counts: Iterable[DispositionCount]) -> None:
    """Replace the stored outcomes of alarms."""
    await transaction.connection.execute("DELETE FROM audit.alarm_disposition")
    await transaction.connection.executemany(
        "INSERT INTO audit.alarm_disposition (status, disposition, alarms, without_alert) "
        "VALUES ($1, $2, $3, $4)",
        [astuple(count) for count in counts],
    )


async def load_dispositions(transaction: Transaction) -> list[DispositionCount]:
    """Return the outcomes of alarms as of the last count."""
    rows = await transaction.connection.fetch(
        "SELECT status, disposition, alarms, without_alert FROM audit.alarm_disposition "
        "ORDER BY 1, 2"
    )
    return [DispositionCount(Status(row[0]), row[1], row[2], row[3]) for row in rows]


@dataclass(slots=True)
class FanoutCount:
    """The announced recipients of a command (None: not in this batch), and its assignments."""

    status: str
    recipients: int | None = None
    assignments: int = 0


async def add_fanout(transaction: Transaction, fanout: Mapping[str, FanoutCount]) -> None:
    """Store the recipients of commands and add to the counts of their assignments."""
    if not fanout:
        return
    keys = sorted(fanout)
    await transaction.connection.execute(
        "INSERT INTO audit.fanout (command_id, status, recipients, assignments) "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[]) "
        "ON CONFLICT (command_id) DO UPDATE SET "
        "recipients = coalesce(EXCLUDED.recipients, audit.fanout.recipients), "
        "assignments = audit.fanout.assignments + EXCLUDED.assignments",
        keys,
        [fanout[key].status for key in keys],
        [fanout[key].recipients for key in keys],
        [fanout[key].assignments for key in keys],
    )


async def add_subject_statuses(
    transaction: Transaction, statuses: Mapping[str, str]
) -> dict[str, str]:
    """Store the status of new subjects; return the stored status of each of these subjects."""
    if not statuses:
        return {}
    keys = sorted(statuses)
    await transaction.connection.execute(
        "INSERT INTO audit.subject_status (subject_id, status) "
        "SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT (subject_id) DO NOTHING",
        keys,
        [statuses[key] for key in keys],
    )
    rows = await transaction.connection.fetch(
        "SELECT subject_id, status FROM audit.subject_status WHERE subject_id = ANY($1::text[])",
        keys,
    )
    return {row["subject_id"]: row["status"] for row in rows}


@dataclass(frozen=True, slots=True)
class RecordLeak:
    """A record whose status differs from that of its subject."""

    record_id: str
    subject_id: str
    topic: str
    status: str
    subject_status: str


async def add_leaks(transaction: Transaction, leaks: Iterable[RecordLeak]) -> None:
    """Store leaks; each pair of record and subject once."""
    rows = [astuple(leak) for leak in leaks]
    if not rows:
        return
    await transaction.connection.execute(
        "INSERT INTO audit.leak (record_id, subject_id, topic, status, subject_status) "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) "
        "ON CONFLICT DO NOTHING",
        *(list(column) for column in zip(*rows, strict=True)),
    )
