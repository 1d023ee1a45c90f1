"""The check of the records that each reader has passed since the previous round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.audit.core.conservation.audited_record import AuditedRecord, Partition
from services.audit.core.conservation.progress import ReaderProgress, TraceKind, advance
from services.audit.core.conservation.provenance import RecordFlaw
from services.audit.rounds.windows import LIMIT, SAMPLED, LogReading, LogWindows, is_compacted
from services.audit.store import dead_letters, progress, suspects
from services.audit.store.service_tables import readers
from shared.runtime.database import Transaction

SCORING = "scoring"
"""The service without an inbox: its traces are dead letters."""


@dataclass(slots=True)
class _Step:
    """The progress of a reader before and after a round, and the records in between."""

    previous: ReaderProgress
    next_offset: int
    records: list[AuditedRecord]


async def advance_readers(
    transaction: Transaction, windows: LogWindows, reading: LogReading, since_ms: int
) -> dict[tuple[str, Partition], ReaderProgress]:
    """Check the records that readers have passed, at most LIMIT per service.

    Returns the progress of all readers by service and partition.
    """
    progress_of = await progress.load(transaction)
    steps: dict[str, list[_Step]] = {}
    for (service, partition), stored_offset in sorted(reading.stored_offsets.items()):
        step = _next_step(service, partition, stored_offset, windows, reading, progress_of)
        if step is None:
            continue
        service_steps = steps.setdefault(service, [])
        budget = LIMIT - sum(len(step.records) for step in service_steps)
        if len(step.records) > budget:
            step.records = step.records[: max(0, budget)]
            last = step.records[-1].offset + 1 if step.records else step.previous.next_offset
            step.next_offset = last
        service_steps.append(step)
    changed: list[ReaderProgress] = []
    for service, service_steps in steps.items():
        for updated in await _check(transaction, windows, service, service_steps, since_ms):
            key = (service, updated.partition)
            if updated != progress_of.get(key):
                changed.append(updated)
            progress_of[key] = updated
    await progress.save(transaction, changed)
    return progress_of


def _next_step(
    service: str,
    partition: Partition,
    stored_offset: int,
    windows: LogWindows,
    reading: LogReading,
    progress_of: Mapping[tuple[str, Partition], ReaderProgress],
) -> _Step | None:
    window = windows.get(partition)
    if window is None or not reading.letters_read(partition):
        return None
    end_offset = reading.end_offsets[partition]
    previous = progress_of.get((service, partition))
    if previous is None:
        start = window.start
        previous = ReaderProgress(service, *partition, start, start, stored_offset, end_offset)
    if previous.next_offset < window.start and partition[0] not in SAMPLED:
        windows.mark_stale(partition)
        return None
    previous = replace(previous, stored_offset=stored_offset, end_offset=end_offset)
    next_offset = max(previous.next_offset, min(stored_offset, window.end))
    return _Step(previous, next_offset, window.between(previous.next_offset, next_offset))


async def _check(
    transaction: Transaction,
    windows: LogWindows,
    service: str,
    steps: list[_Step],
    since_ms: int,
) -> list[ReaderProgress]:
    trace = TraceKind.DEAD_LETTERS if service == SCORING else TraceKind.INBOX
    ids = [
        record.event_id for step in steps for record in step.records if record.event_id is not None
    ]
    inbox: dict[str, dict[str, bytes]] = {}
    if ids and trace is TraceKind.INBOX:
        inbox = await readers.load_inbox(transaction, service, ids)
    ranges = {
        step.previous.partition: (step.previous.next_offset, step.next_offset)
        for step in steps
        if step.records
    }
    refused = await dead_letters.load_refused_offsets(transaction, ranges)
    updated: list[ReaderProgress] = []
    for step in steps:
        previous, partition = step.previous, step.previous.partition
        window = windows.get(partition)
        assert window is not None, "a step is made from a window"
        advanced = advance(
            previous,
            step.records,
            step.next_offset,
            trace,
            inbox.get(previous.topic, {}),
            refused.get((service, partition), set()),
            since_ms,
            compacted=is_compacted(partition),
            gaps_allowed=previous.topic in SAMPLED or previous.next_offset < window.expired_below,
            empty=window.empty_between(previous.next_offset, step.next_offset),
        )
        await suspects.add(transaction, partition, service, RecordFlaw.LOST, advanced.lost)
        updated.append(advanced.progress)
    return updated
