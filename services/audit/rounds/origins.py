"""The check of new records against their origin, and the review of suspect records."""

from __future__ import annotations

from collections.abc import Mapping

from services.audit.core.conservation.audited_record import AuditedRecord, Partition
from services.audit.core.conservation.provenance import (
    RecordFlaw,
    RecordOrigin,
    flaw_of,
    is_explained,
    origin_of,
)
from services.audit.rounds.windows import LogWindows, is_compacted
from services.audit.store import dead_letters, progress, suspects
from services.audit.store.service_tables import readers
from shared.contracts.topics import CATALOG, ROSTER, TOPICS
from shared.runtime.database import Transaction

MAX_REVIEWED = 200
"""The most suspects that one round reviews, the longest not reviewed first."""
_REFUSED_BY_READERS = frozenset({CATALOG.name, ROSTER.name})


async def check_origins(
    transaction: Transaction,
    windows: LogWindows,
    checked_offsets: Mapping[Partition, int],
    since_ms: int,
) -> None:
    """Store each new record with a flaw as a suspect."""
    new = {
        partition: (window.between(checked_offsets.get(partition, 0), window.end), window.end)
        for partition, window in windows.items()
        if window.end > checked_offsets.get(partition, 0)
    }
    ids: dict[RecordOrigin, list[str]] = {origin: [] for origin in RecordOrigin}
    for partition, (records, _) in new.items():
        ids[origin_of(partition[0])] += [
            record.event_id for record in records if record.event_id is not None
        ]
    actions = await readers.load_actions(transaction, ids[RecordOrigin.CONSOLE_ACTIONS])
    inbox = await readers.load_inbox(transaction, "audit", ids[RecordOrigin.OUTBOX])
    for partition, (records, _) in new.items():
        topic = partition[0]
        by_flaw: dict[RecordFlaw, list[AuditedRecord]] = {}
        for record in records:
            if is_compacted(partition) and not record.value_hash:
                continue  # a deletion
            flaw = flaw_of(record, origin_of(topic), actions, inbox.get(topic, {}), since_ms)
            if record.event_id is None and topic in _REFUSED_BY_READERS:
                flaw = RecordFlaw.UNREFUSED
            if flaw is not None:
                by_flaw.setdefault(flaw, []).append(record)
        for flaw, flawed in by_flaw.items():
            await suspects.add(transaction, partition, TOPICS[topic].owner, flaw, flawed)
    await progress.save_checked_offsets(
        transaction, {partition: end for partition, (_, end) in new.items()}
    )


async def review_suspects(transaction: Transaction, windows: LogWindows, scoring: str) -> None:
    """Delete suspects that are explained by now, or whose record has left the topic.

    `scoring` is the service without an inbox: only dead letters explain its suspects.
    """
    partitions = await suspects.load_partitions(transaction)
    if not partitions:
        return
    begins = await transaction.wait_for(windows.begin_offsets(partitions))
    await suspects.delete_below(transaction, begins)
    due = await suspects.load_for_review(transaction, MAX_REVIEWED)
    refusing = await dead_letters.load_refusing_services(transaction, due)
    services = {suspect.service for suspect in due if suspect.flaw is RecordFlaw.LOST} - {scoring}
    ids = [suspect.event_id for suspect in due if suspect.event_id is not None]
    inboxes = {service: await readers.load_inbox(transaction, service, ids) for service in services}
    actions = await readers.load_actions(transaction, ids)
    explained = [
        suspect
        for suspect in due
        if is_explained(
            suspect,
            refusing.get((suspect.partition, suspect.offset), set()),
            inboxes.get(suspect.service, {}).get(suspect.partition[0], {}),
            actions,
        )
    ]
    await suspects.delete(transaction, explained)
