"""Conservation per hop: the outcome of each record that a reader has passed.

A hop is a topic and a service that reads it. Each record below the reader's stored offset has left
a trace: its id and body in the reader's inbox (applied or repeated), or a dead letter that names
its offset. in = applied + repeated + refused + unchecked + in flight; any remainder is a
difference.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from services.audit.core.conservation.audited_record import AuditedRecord, Partition


class RecordOutcome(StrEnum):
    """The outcome of a record at a reader; a closed set, also a label of a metric."""

    APPLIED = "applied"
    REPEATED = "repeated"
    REFUSED = "refused"
    UNCHECKED = "unchecked"
    LOST = "lost"


class TraceKind(StrEnum):
    """The place where a reader leaves traces of records."""

    INBOX = "inbox"
    DEAD_LETTERS = "dead_letters"
    """Refused records alone leave a trace: the reader's state is a changelog without record ids."""


@dataclass(frozen=True, slots=True)
class ReaderProgress:
    """A reader in a partition, audited from `first_offset` up to `next_offset`, counted by outcome.

    `compacted` counts offsets without a record: compacted away, or the end mark of a transaction.
    `stored_offset` is the offset that the reader has stored, `end_offset` the end of the partition.
    """

    service: str
    topic: str
    part: int
    first_offset: int
    next_offset: int
    stored_offset: int
    end_offset: int
    applied: int = 0
    repeated: int = 0
    refused: int = 0
    unchecked: int = 0
    lost: int = 0
    compacted: int = 0

    @property
    def partition(self) -> Partition:
        """The topic and the number of the partition."""
        return self.topic, self.part


def outcome_of(
    record: AuditedRecord,
    trace: TraceKind,
    inbox: Mapping[str, bytes],
    refused: bool,
    since_ms: int,
) -> RecordOutcome:
    """Return the outcome of a record; `inbox` maps ids to the body hashes in the reader's inbox.

    The reader may have deleted the trace of a record older than `since_ms`: it counts as unchecked.
    """
    if refused:
        return RecordOutcome.REFUSED
    if record.event_id is not None:
        in_inbox = inbox.get(record.event_id) == record.body_hash
        if in_inbox or trace is TraceKind.DEAD_LETTERS:
            return RecordOutcome.REPEATED if record.repeated else RecordOutcome.APPLIED
    return RecordOutcome.UNCHECKED if record.accepted_ms < since_ms else RecordOutcome.LOST


@dataclass(frozen=True, slots=True)
class AdvancedProgress:
    """The progress after the newest records were checked, and the records without a trace."""

    progress: ReaderProgress
    lost: list[AuditedRecord]


def advance(
    progress: ReaderProgress,
    records: Sequence[AuditedRecord],
    next_offset: int,
    trace: TraceKind,
    inbox: Mapping[str, bytes],
    refused: Collection[int],
    since_ms: int,
    *,
    compacted: bool = False,
    gaps_allowed: bool = False,
    empty: int = 0,
) -> AdvancedProgress:
    """Check all `records` from the progress's next offset up to `next_offset`.

    Offsets without a record are normal in a compacted topic; elsewhere `empty` of these offsets are
    due to transactions. The remaining offsets are unchecked if the auditor skipped records or
    retention deleted records (`gaps_allowed`); otherwise the hop does not balance.
    """
    counts: dict[RecordOutcome, int] = dict.fromkeys(RecordOutcome, 0)
    lost: list[AuditedRecord] = []
    for record in records:
        outcome = outcome_of(record, trace, inbox, record.offset in refused, since_ms)
        counts[outcome] += 1
        if outcome is RecordOutcome.LOST:
            lost.append(record)
    absent = next_offset - progress.next_offset - len(records)
    accounted = absent if compacted else min(absent, empty)
    skipped = absent - accounted if gaps_allowed else 0
    updated = replace(
        progress,
        next_offset=next_offset,
        applied=progress.applied + counts[RecordOutcome.APPLIED],
        repeated=progress.repeated + counts[RecordOutcome.REPEATED],
        refused=progress.refused + counts[RecordOutcome.REFUSED],
        unchecked=progress.unchecked + counts[RecordOutcome.UNCHECKED] + skipped,
        lost=progress.lost + counts[RecordOutcome.LOST],
        compacted=progress.compacted + accounted,
    )
    return AdvancedProgress(updated, lost)
