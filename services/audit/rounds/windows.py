"""The auditor's reading of the topics: new dead letters, a window of records per partition."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from services.audit.core.conservation.audited_record import AuditedRecord, Partition
from services.audit.core.conservation.progress import ReaderProgress
from services.audit.core.conservation.window import PartitionWindow
from services.audit.core.trail.chain import EntryDraft
from services.audit.core.trail.drafts import refused_draft
from services.audit.store.dead_letters import DeadLetterKey
from services.audit.store.kafka_log import KafkaLog, LogRecord
from shared.contracts.dead_letter import DeadLetter, Reason
from shared.contracts.topics import AUDIT_TRAIL, CATALOG, DEAD_LETTER, READINGS, ROSTER, TOPICS
from shared.runtime.clock import record_time
from shared.runtime.decoding import MAX_LETTER_BYTES, decode_value
from shared.runtime.errors import Reject
from shared.runtime.inbound_messages import body_digest, is_of_canary

LIMIT = 5_000
"""The most records that one round reads, and that it checks per reader."""
SAMPLED = frozenset({READINGS.name})
"""Topics with too many records to decode all: of a backlog over LIMIT, the newest are read."""
_WITHOUT_INBOX = frozenset({READINGS.name, CATALOG.name, ROSTER.name, AUDIT_TRAIL.name})
_YIELD_INTERVAL = 200
"""Records decoded before other tasks of the process may run."""


class ReadLetter(NamedTuple):
    """A new dead letter: its reason, Kafka's time, an entry if it refuses a person's action."""

    reason: Reason
    at: datetime
    entry: EntryDraft | None


@dataclass(slots=True)
class LogReading:
    """The result of one round of reading, and the offsets of readers and topics before it."""

    stored_offsets: dict[tuple[str, Partition], int]
    end_offsets: dict[Partition, int]
    late_offsets: dict[Partition, int]
    """The offset below which a record is older than READER_GRACE, of partitions to be read."""
    letters: dict[DeadLetterKey, ReadLetter] = field(default_factory=dict)
    """New dead letters."""
    letter_offsets: dict[Partition, int] = field(default_factory=dict)
    """The next offset of each partition of dead letters."""
    unreadable: dict[Partition, str] = field(default_factory=dict)
    """The reason for each partition that the auditor itself cannot read further."""

    def letters_read(self, partition: Partition) -> bool:
        """Return True if all dead letters about records of a partition have been read."""
        topic, part = partition
        letters = (TOPICS[topic].dlq, part)
        return self.letter_offsets.get(letters, 0) >= self.end_offsets.get(letters, 0)


class LogWindows:
    """A window of records for each partition of a topic. Methods that read raise Transient."""

    def __init__(self, log: KafkaLog) -> None:
        self._log = log
        self._windows: dict[Partition, PartitionWindow] = {}
        self._stale: set[Partition] = set()

    def get(self, partition: Partition) -> PartitionWindow | None:
        """Return the window of a partition, None for a partition that is not read."""
        return self._windows.get(partition)

    def items(self) -> Iterator[tuple[Partition, PartitionWindow]]:
        """Return all partitions with their windows."""
        yield from self._windows.items()

    def mark_stale(self, partition: Partition) -> None:
        """Let the next round open a new window, since another process has advanced the readers."""
        self._stale.add(partition)

    def delete_passed(
        self,
        readers: Mapping[tuple[str, Partition], ReaderProgress],
        checked_offsets: Mapping[Partition, int],
    ) -> None:
        """Delete the records that all readers have passed and whose origin is checked.

        Both are what the database says, since another process of the auditor moves them, too.
        """
        passed = {partition: checked_offsets.get(partition, 0) for partition in self._windows}
        for (_, partition), reader in readers.items():
            if partition in passed:
                passed[partition] = min(passed[partition], reader.next_offset)
        for partition, offset in passed.items():
            self._windows[partition].delete_below(offset)

    def open(
        self,
        end_offsets: Mapping[Partition, int],
        readers: Mapping[tuple[str, Partition], ReaderProgress],
        checked_offsets: Mapping[Partition, int],
    ) -> None:
        """Open the windows that do not exist or are stale; skip a sampled topic's backlog."""
        needed: dict[Partition, int] = {}
        for (_, partition), reader in readers.items():
            needed[partition] = min(reader.next_offset, needed.get(partition, reader.next_offset))
        for partition, end in end_offsets.items():
            if holds_dead_letters(partition):
                continue
            window = self._windows.get(partition)
            if window is None or partition in self._stale:
                checked = checked_offsets.get(partition, 0)
                start = min(checked, needed.get(partition, checked))
                window = self._windows[partition] = PartitionWindow(start)
            if partition[0] in SAMPLED and end - window.end > LIMIT:
                sample = LIMIT // READINGS.partitions
                self._windows[partition] = PartitionWindow(end - sample)
        self._stale.clear()

    async def read_letters(
        self, reading: LogReading, checked_offsets: Mapping[Partition, int]
    ) -> None:
        """Read new dead letters."""
        cursors = {
            partition: checked_offsets.get(partition, 0)
            for partition in reading.end_offsets
            if holds_dead_letters(partition)
        }
        batch = await self._log.read(cursors, reading.end_offsets, LIMIT)
        reading.letter_offsets = cursors | batch.next_offsets
        reading.unreadable |= batch.unreadable
        for partition, records in batch.records.items():
            for record in records:
                try:
                    letter = decode_value(DEAD_LETTER, record.value, MAX_LETTER_BYTES)
                except Reject:
                    continue  # an undecodable letter names no record: that record stays a suspect
                spec = TOPICS.get(letter.topic)
                if spec is None or (spec.dlq, letter.partition) != partition:
                    continue  # our services write a letter only beside the refused record's topic
                key = (letter.topic, letter.partition, letter.offset, letter.service)
                reading.letters[key] = ReadLetter(
                    letter.reason, record_time(record.accepted_ms), _entry_of(letter)
                )

    async def read_records(self, reading: LogReading) -> None:
        """Read new records into the windows that are not full, sampled topics last."""
        cursors = {
            partition: window.end for partition, window in self._windows.items() if not window.full
        }
        for sampled in (False, True):
            part = {
                partition: offset
                for partition, offset in cursors.items()
                if (partition[0] in SAMPLED) is sampled
            }
            batch = await self._log.read(part, reading.end_offsets, LIMIT)
            reading.unreadable |= batch.unreadable
            for partition, end in batch.next_offsets.items():
                window, records = self._windows[partition], batch.records.get(partition, [])
                if end - window.end > len(records) and not is_compacted(partition):
                    begins = await self._log.begin_offsets([partition])
                    window.expired_below = begins[partition]
                audited = await _audited(partition[0], records)
                window.append(audited, end, batch.empty.get(partition, 0))

    async def begin_offsets(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """Return the first offset that Kafka still has of each partition."""
        return await self._log.begin_offsets(partitions)


def holds_dead_letters(partition: Partition) -> bool:
    """Return True for a partition of dead letters."""
    return partition[0] not in TOPICS


def is_compacted(partition: Partition) -> bool:
    """Return True for a partition of a compacted topic."""
    return TOPICS[partition[0]].cleanup == "compact"


def _entry_of(letter: DeadLetter) -> EntryDraft | None:
    spec = TOPICS.get(letter.topic)
    if spec is None or spec.contract is None or letter.value_b64 is None:
        return None
    try:
        message = decode_value(spec.model, base64.b64decode(letter.value_b64))
    except (Reject, ValueError):
        return None  # the value was altered, or is not a record of ours
    if is_of_canary(message):
        return None
    return refused_draft(letter, message)


async def _audited(topic: str, records: Sequence[LogRecord]) -> list[AuditedRecord]:
    model, hashed = TOPICS[topic].model, topic not in _WITHOUT_INBOX
    audited: list[AuditedRecord] = []
    for number, record in enumerate(records):
        if number % _YIELD_INTERVAL == _YIELD_INTERVAL - 1:
            await asyncio.sleep(0)
        event_id, body_hash, of_canary = None, b"", False
        value_hash = hashlib.sha256(record.value).digest() if record.value else b""
        try:
            message = decode_value(model, record.value)
            body_hash = body_digest(record.value) if hashed and record.value else b""
            event_id, of_canary = message.id, is_of_canary(message)
        except Reject:
            pass  # a record without an id
        audited.append(
            AuditedRecord(
                record.offset,
                record.accepted_ms,
                event_id,
                body_hash,
                value_hash,
                of_canary=of_canary,
            )
        )
    return audited
