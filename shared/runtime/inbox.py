"""Pattern (ii): one Postgres transaction per batch holds offset, dedupe, state, timers and outbox.

The stored offset is advanced by compare-and-set, so a stale owner's write fails as a whole; event
ids in the inbox make a repeat harmless wherever it comes from (docs/adr/0003). So an urgent message
may be handled early: the offset stays, and the record is a repeat in its turn (docs/adr/0016).
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from aiokafka import ConsumerRecord, TopicPartition

from shared.contracts.dead_letter import Reason
from shared.runtime import inbox_store as store
from shared.runtime.database import Database, Transaction, is_environment
from shared.runtime.dead_letters import DeadLetters
from shared.runtime.errors import LostOwnership, Reject, StatementTimeout, Transient
from shared.runtime.failed_records import FailedRecords
from shared.runtime.inbound_messages import (
    Apply,
    DecodedRecord,
    FastDecoder,
    InboundMessage,
    PriorityRule,
)
from shared.runtime.inbox_decoder import BatchDecoder, DecodedBatch, RefusedRecords
from shared.runtime.inbox_refusals import PoisonedBatch, refusals_of, refused_records
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.stored_offsets import StoredOffset, fingerprint

log = structlog.get_logger("fenghuo.inbox")

_FIRST_RECORDS = 32
"""The most records of the first transaction of a process: some may take long."""
_QUICK_S, _SLOW_S = 5.0, 20.0
"""After a transaction of less time the next one has twice as many records, after one of more time
half as many."""


@dataclass(frozen=True, slots=True)
class _RunningBatch:
    """A batch under way. `entered`: its ids are in the inbox, or it has failed."""

    task: asyncio.Task[None]
    entered: asyncio.Event


class InboxWorker:
    """A Worker (shared/runtime/worker.py) whose state is Postgres."""

    def __init__(
        self,
        database: Database,
        group: str,
        apply: Apply,
        dead_letters: DeadLetters,
        metrics: RuntimeMetrics,
        *,
        max_records: int = 10_000,
        first_records: int = _FIRST_RECORDS,
        priority: PriorityRule | None = None,
        fast_decoders: Mapping[str, FastDecoder] | None = None,
    ) -> None:
        """`max_records`: the most records of one transaction; `first_records`: of the first one.

        `fast_decoders`: by topic name.
        """
        self._decoder = BatchDecoder(database.loop_priority, priority, fast_decoders or {})
        self._database = database
        self._max_records = max_records
        self._size = min(max_records, first_records)
        self._failed = FailedRecords(database, group)
        self._group = group
        self._apply = apply
        self._dead_letters = dead_letters
        self._metrics = metrics
        self._stored: dict[TopicPartition, StoredOffset] = {}
        self._unconfirmed: dict[TopicPartition, StoredOffset] = {}
        self._prioritised: dict[TopicPartition, set[int]] = defaultdict(set)

    async def restore(
        self, assigned: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, StoredOffset]:
        """Return the stored offset of each partition that has one."""
        async with self._database.transaction() as transaction:
            for partition in assigned:
                self._stored[partition] = await store.load_offset(
                    transaction, self._group, partition
                )
            await self._failed.restore(transaction, assigned)
        return {
            partition: stored
            for partition, stored in self._stored.items()
            if partition in assigned and stored.next_offset > 0
        }

    def stored(self, partition: TopicPartition) -> StoredOffset | None:
        """Return the stored offset of a partition, None where it is not restored."""
        return self._stored.get(partition)

    async def move(self, partition: TopicPartition, target: StoredOffset) -> None:
        """Store another offset of a partition. A record that is read again is a repeat."""
        await self._confirm_commits()
        ends = {partition: target}
        async with self._database.transaction() as transaction:
            await store.advance_offsets(transaction, self._group, self._stored, ends)
            self._unconfirmed.update(ends)
        self._note_commit(ends)
        self._prioritised.pop(partition, None)

    async def release(self, revoked: Sequence[TopicPartition]) -> None:
        """Forget the partitions; everything is in the database already."""
        for partition in revoked:
            self._stored.pop(partition, None)
            self._unconfirmed.pop(partition, None)
            self._prioritised.pop(partition, None)
        self._failed.release(revoked)

    def is_urgent(self, record: ConsumerRecord) -> bool:
        """Return whether a record is to be handled before its turn."""
        return self._decoder.is_urgent(record)

    async def handle_urgent(self, records: list[ConsumerRecord]) -> None:
        """Handle records early and leave the offsets. Refused records wait for their turn."""
        batch = await self._decoder.decode_batch(records)
        if not batch.decoded:
            return
        try:
            await self._apply_urgent(batch.decoded)
        except (PoisonedBatch, StatementTimeout) as error:
            log.warning("overtaking_halved", records=len(batch.decoded), error=str(error))
            decoded = [record.record for record in batch.decoded]
            if len(decoded) > 1:
                middle = len(decoded) // 2
                await self.handle_urgent(decoded[:middle])
                await self.handle_urgent(decoded[middle:])

    async def handle(self, records: list[ConsumerRecord]) -> None:
        """Handle records in order, `max_records` per transaction, of which two run side by side.

        Beside a transaction, the next transaction decodes records and inserts ids; all other work
        waits for the commit. After a failure the next transaction is rolled back too, and the
        consumer calls again with these records, in smaller transactions, since Postgres ends the
        session of a slow handler. Raises BlockedPartition when a bug makes too many
        dead letters.
        """
        await self._confirm_commits()
        todo = [
            record
            for record in records
            if record.offset >= self._stored[_partition(record)].next_offset
        ]
        if not todo:
            return
        batches = self._divide(todo)
        running: _RunningBatch | None = self._begin(batches[0])
        following: _RunningBatch | None = None
        try:
            for batch, next_batch in zip(batches, [*batches[1:], None], strict=True):
                assert running is not None
                following = self._begin(next_batch, running) if next_batch else None
                try:
                    await running.task
                except Transient:
                    self._size = max(1, len(batch) // 2)
                    raise
                except PoisonedBatch as poisoned:
                    # An id that is in both would make the halves wait for a transaction that waits
                    # for them.
                    await _cancel(following)
                    await self._halve(batch, poisoned)
                    following = self._begin(next_batch) if next_batch else None
                running, following = following, None
        finally:
            await _cancel(running, following)

    def _divide(self, records: Sequence[ConsumerRecord]) -> list[list[ConsumerRecord]]:
        """Return the records of each transaction; a failed record has a transaction of its own."""
        batches: list[list[ConsumerRecord]] = []
        alone = True
        for record in records:
            failed = self._failed.contains(record)
            if alone or failed or len(batches[-1]) >= self._size:
                batches.append([])
            batches[-1].append(record)
            alone = failed
        return batches

    def _begin(
        self, records: Sequence[ConsumerRecord], previous: _RunningBatch | None = None
    ) -> _RunningBatch:
        entered = asyncio.Event()
        batch = self._decode_and_commit(records, previous, entered)
        return _RunningBatch(asyncio.create_task(batch), entered)

    async def _decode_and_commit(
        self,
        records: Sequence[ConsumerRecord],
        previous: _RunningBatch | None,
        entered: asyncio.Event,
    ) -> None:
        try:
            await self._commit(await self._decoder.decode_batch(records), previous, entered)
        finally:
            entered.set()

    async def _halve(self, records: Sequence[ConsumerRecord], poisoned: PoisonedBatch) -> None:
        """Handle one half after the other, until the poisoning record is alone.

        Raises Transient while another try of a failed record is due.
        """
        if len(records) == 1:
            if poisoned.reject.reason is Reason.HANDLER_ERROR:
                await self._failed.note(records[0], poisoned.reject)
            await self._commit(DecodedBatch(records, [], [(records[0], poisoned.reject)]))
            return
        log.warning("batch_halved", records=len(records), error=str(poisoned))
        middle = len(records) // 2
        for half in (records[:middle], records[middle:]):
            try:
                await self._commit(await self._decoder.decode_batch(half))
            except PoisonedBatch as poisoned_half:
                await self._halve(half, poisoned_half)

    async def _commit(
        self,
        batch: DecodedBatch,
        previous: _RunningBatch | None = None,
        entered: asyncio.Event | None = None,
    ) -> None:
        """Handle a batch as one transaction, after the commit of the `previous` one."""
        refused = list(batch.refused)
        last_records = {_partition(record): record for record in batch.records}
        ends = {
            partition: StoredOffset(record.offset + 1, fingerprint(record.value))
            for partition, record in last_records.items()
        }
        bugs = sum(reject.reason is Reason.HANDLER_ERROR for _, reject in refused)
        began = time.monotonic()
        if previous is not None:
            await previous.entered.wait()
        async with self._database.transaction() as transaction:
            ids = await store.insert_new(transaction, self._in_turn(batch.decoded))
            if entered is not None:
                entered.set()
            if previous is not None:
                await transaction.wait_for(asyncio.wait({previous.task}))
                previous.task.result()
                await transaction.refresh_clock()
            await store.advance_offsets(transaction, self._group, self._stored, ends)
            await self._failed.settle(transaction, batch.records, bugs)
            refusals = await self._apply_new(transaction, ids.new)
            await store.save_refusals(transaction, refusals)
            refused += self._count_repeats(ids, refusals)
            # Before the commit: were they sent after it, a crash between would lose them.
            if refused:
                await transaction.wait_for(self._dead_letters.send(refused))
            self._unconfirmed.update(ends)
        self._note_commit(ends)
        for partition, end in ends.items():
            if offsets := self._prioritised.get(partition):
                self._prioritised[partition] = {
                    offset for offset in offsets if offset >= end.next_offset
                }
        self._failed.forget(batch.records)
        seconds = time.monotonic() - began
        if seconds < _QUICK_S:
            self._size = min(self._max_records, 2 * self._size)
        elif seconds > _SLOW_S:
            self._size = max(1, len(batch.records) // 2)

    def _note_commit(self, ends: Mapping[TopicPartition, StoredOffset]) -> None:
        self._stored.update(ends)
        for partition in ends:
            self._unconfirmed.pop(partition, None)

    async def _confirm_commits(self) -> None:
        """Look up the commits whose answer was lost; raises Transient.

        Where the table has exactly the end of the commit, it succeeded. Without this look, the
        process would take its own commit for the commit of another owner.
        """
        if not self._unconfirmed:
            return
        ends = self._unconfirmed
        async with self._database.transaction() as transaction:
            table = await store.load_offsets(transaction, self._group)
        for partition, end in ends.items():
            if table.get(partition) == end:
                self._stored[partition] = end
        self._unconfirmed = {}

    async def _apply_urgent(self, decoded: Sequence[DecodedRecord]) -> None:
        """Handle decoded records early; refused records are decided again in their turn."""
        partitions = sorted({_partition(record.record) for record in decoded})
        async with self._database.transaction() as transaction:
            ends = {partition: self._stored[partition] for partition in partitions}
            await store.advance_offsets(transaction, self._group, self._stored, ends)
            ids = await store.insert_new(transaction, decoded)
            refusals = await self._apply_new(transaction, ids.new, early=True)
            await store.delete_ids(transaction, [record for record, _ in refusals])
        later = {id(record) for record, _ in self._count_repeats(ids, refusals)}
        for record, _, _ in decoded:
            if id(record) not in later:
                self._prioritised[_partition(record)].add(record.offset)
                self._metrics.prioritised.labels(record.topic).inc()

    def _in_turn(self, decoded: Sequence[DecodedRecord]) -> Sequence[DecodedRecord]:
        """Return the records without those handled early."""
        if not any(self._prioritised.values()):
            return decoded
        return [
            record
            for record in decoded
            if record.record.offset not in self._prioritised[_partition(record.record)]
        ]

    def _count_repeats(
        self, ids: store.NewRecords, refusals: Sequence[store.RefusedMessage]
    ) -> RefusedRecords:
        """Count the harmless repeats, and return the records to refuse."""
        refused, repeats = refused_records(ids, refusals)
        for record in repeats:
            self._metrics.duplicates.labels(record.topic).inc()
        return refused

    async def _apply_new(
        self, transaction: Transaction, new: Sequence[DecodedRecord], *, early: bool = False
    ) -> list[store.RefusedMessage]:
        """Handle new messages; return the refused messages."""
        if not new:
            return []
        try:
            await self._apply(transaction, [_inbound(record, early) for record in new])
            # A message that cannot be queued is the fault of the records that it follows from.
            await transaction.flush()
        except Reject as reject:
            raise PoisonedBatch(reject) from reject
        except (Transient, LostOwnership):
            raise
        except Exception as bug:
            if is_environment(bug):
                raise
            log.exception("handler_error", records=len(new))
            raise PoisonedBatch(
                Reject(Reason.HANDLER_ERROR, repr(bug)),
            ) from bug
        return refusals_of(new, transaction.refused)


async def _cancel(*batches: _RunningBatch | None) -> None:
    """Cancel batches under way; a finished one stays as it is."""
    tasks = [batch.task for batch in batches if batch is not None]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _partition(record: ConsumerRecord) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


def _inbound(decoded: DecodedRecord, early: bool) -> InboundMessage:
    record = decoded.record
    return InboundMessage(
        *(decoded.message, record.topic, record.partition),
        *(record.offset, record.timestamp, early),
    )
