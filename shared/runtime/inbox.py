"""Pattern (ii): one Postgres transaction per batch holds offset, dedupe, state, timers and outbox.

The stored offset is advanced by compare-and-set, so a stale owner's write fails as a whole; event
ids in the inbox make a repeat harmless wherever it comes from (docs/adr/0003). So an urgent message
may be handled early: the offset stays, and the record is a repeat in its turn (docs/adr/0016).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg
import msgspec
import structlog
from aiokafka import ConsumerRecord, TopicPartition

from shared.contracts.dead_letter import Reason
from shared.runtime import inbox_store as store
from shared.runtime.database import Database, Transaction, is_environment
from shared.runtime.dead_letters import DeadLetters
from shared.runtime.errors import LostOwnership, Reject, Transient
from shared.runtime.inbound_messages import (
    Apply,
    DecodedRecord,
    FastDecoder,
    InboundMessage,
    PriorityRule,
)
from shared.runtime.inbox_decoder import BatchDecoder, DecodedBatch, RefusedRecords
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.stored_offsets import StoredOffset, fingerprint

log = structlog.get_logger("fenghuo.inbox")


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
        priority: PriorityRule | None = None,
        fast_decoders: Mapping[str, FastDecoder] | None = None,
    ) -> None:
        """`max_records`: the most records of one transaction; `fast_decoders`: by topic name."""
        self._decoder = BatchDecoder(database.loop_priority, priority, fast_decoders or {})
        self._database = database
        self._max_records = max_records
        self._group = group
        self._apply = apply
        self._dead_letters = dead_letters
        self._metrics = metrics
        self._stored: dict[TopicPartition, StoredOffset] = {}
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
        async with self._database.transaction() as transaction:
            ends = {partition: target}
            await store.advance_offsets(transaction, self._group, self._stored, ends)
        self._stored[partition] = target
        self._prioritised.pop(partition, None)

    async def release(self, revoked: Sequence[TopicPartition]) -> None:
        """Forget the partitions; everything is in the database already."""
        for partition in revoked:
            self._stored.pop(partition, None)
            self._prioritised.pop(partition, None)

    def is_urgent(self, record: ConsumerRecord) -> bool:
        """Return whether a record is to be handled before its turn."""
        return self._decoder.is_urgent(record)

    async def handle_urgent(self, records: list[ConsumerRecord]) -> None:
        """Handle records early and leave the offsets. A refused record waits for its turn."""
        batch = await self._decoder.decode_batch(records)
        if not batch.decoded:
            return
        try:
            await self._apply_urgent(batch.decoded)
        except PoisonedBatch as poisoned:
            log.warning("overtaking_halved", records=len(batch.decoded), error=str(poisoned))
            decoded = [record.record for record in batch.decoded]
            if len(decoded) > 1:
                middle = len(decoded) // 2
                await self.handle_urgent(decoded[:middle])
                await self.handle_urgent(decoded[middle:])

    async def handle(self, records: list[ConsumerRecord]) -> None:
        """Handle records in order, `max_records` per transaction, of which two run side by side.

        Beside a transaction, the next transaction decodes records and inserts ids; all other work
        waits for the commit. When a transaction fails the next one is rolled back too, and the
        consumer calls again with the same records.
        """
        todo = [
            record
            for record in records
            if record.offset >= self._stored[_partition(record)].next_offset
        ]
        size = self._max_records
        batches = [todo[begin : begin + size] for begin in range(0, len(todo), size)]
        running, following = (self._begin(batches[0]) if batches else None), None
        try:
            for batch, next_batch in zip(batches, [*batches[1:], None], strict=True):
                assert running is not None
                following = self._begin(next_batch, running) if next_batch else None
                try:
                    await running.task
                except PoisonedBatch as poisoned:
                    # An id that is in both would make the halves wait for a transaction that waits
                    # for them.
                    await _cancel(following)
                    await self._halve(batch, poisoned)
                    following = self._begin(next_batch) if next_batch else None
                running, following = following, None
        finally:
            await _cancel(running, following)

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
        """Handle one half after the other, until the poisoning record is alone."""
        alone = len(records) == 1
        if alone and not poisoned.raced:
            await self._commit(DecodedBatch(records, [], [(records[0], poisoned.reject)]))
            return
        log.warning("batch_halved", records=len(records), error=str(poisoned))
        middle = len(records) // 2
        for half in (records,) if alone else (records[:middle], records[middle:]):
            try:
                await self._commit(await self._decoder.decode_batch(half))
            except PoisonedBatch as poisoned_half:
                poisoned_half.raced = poisoned_half.raced and not alone
                await self._halve(half, poisoned_half)

    async def _commit(
        self,
        batch: DecodedBatch,
        previous: _RunningBatch | None = None,
        entered: asyncio.Event | None = None,
    ) -> None:
        """Handle a batch as one transaction, once the `previous` one has committed."""
        refused = list(batch.refused)
        last_records = {_partition(record): record for record in batch.records}
        ends = {
            partition: StoredOffset(record.offset + 1, fingerprint(record.value))
            for partition, record in last_records.items()
        }
        if previous is not None:
            await previous.entered.wait()
        async with self._database.transaction() as transaction:
            new = await self._insert_new(transaction, self._in_turn(batch.decoded), refused)
            if entered is not None:
                entered.set()
            if previous is not None:
                await transaction.wait_for(asyncio.wait({previous.task}))
                previous.task.result()
                await transaction.refresh_clock()
            await store.advance_offsets(transaction, self._group, self._stored, ends)
            await self._apply_new(transaction, new)
            # Before the commit: were they sent after it, a crash between would lose them.
            if refused:
                await transaction.wait_for(self._dead_letters.send(refused))
        self._stored.update(ends)
        for partition, end in ends.items():
            if offsets := self._prioritised.get(partition):
                self._prioritised[partition] = {
                    offset for offset in offsets if offset >= end.next_offset
                }
        bugs = sum(reject.reason is Reason.HANDLER_ERROR for _, reject in refused)
        self._dead_letters.account(len(batch.records), bugs)

    async def _apply_urgent(self, decoded: Sequence[DecodedRecord]) -> None:
        refused: RefusedRecords = []
        partitions = sorted({_partition(record.record) for record in decoded})
        async with self._database.transaction() as transaction:
            ends = {partition: self._stored[partition] for partition in partitions}
            await store.advance_offsets(transaction, self._group, self._stored, ends)
            new = await self._insert_new(transaction, decoded, refused)
            await self._apply_new(
                transaction, [msgspec.structs.replace(inbound, early=True) for inbound in new]
            )
        later = {id(record) for record, _ in refused}
        for record, _, _ in decoded:
            if id(record) not in later:
                self._prioritised[_partition(record)].add(record.offset)
                self._metrics.prioritised.labels(record.topic).inc()

    def _in_turn(self, decoded: Sequence[DecodedRecord]) -> Sequence[DecodedRecord]:
        """Return the records that were not handled early."""
        if not any(self._prioritised.values()):
            return decoded
        return [
            record
            for record in decoded
            if record.record.offset not in self._prioritised[_partition(record.record)]
        ]

    async def _insert_new(
        self, transaction: Transaction, decoded: Sequence[DecodedRecord], refused: RefusedRecords
    ) -> list[InboundMessage]:
        """Return the messages with a new id; add each conflicting record to `refused`."""
        result = await store.insert_new(transaction, decoded)
        refused += [(record, _conflict(message.id)) for record, message, _ in result.conflicts]
        for record, _, _ in result.repeats:
            self._metrics.duplicates.labels(record.topic).inc()
        return [
            InboundMessage(message, record.topic, record.partition, record.offset, record.timestamp)
            for record, message, _ in result.new
        ]

    async def _apply_new(self, transaction: Transaction, new: Sequence[InboundMessage]) -> None:
        if not new:
            return
        try:
            await self._apply(transaction, new)
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
                raced=isinstance(bug, asyncpg.IntegrityConstraintViolationError),
            ) from bug


class PoisonedBatch(Exception):
    """The transaction is rolled back because of one record.

    `raced`: another transaction, over by now, may be the cause, so another attempt may help.
    """

    def __init__(self, reject: Reject, *, raced: bool = False) -> None:
        super().__init__(str(reject))
        self.reject = reject
        self.raced = raced


async def _cancel(*batches: _RunningBatch | None) -> None:
    """Cancel batches under way; a finished one stays as it is."""
    tasks = [batch.task for batch in batches if batch is not None]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _partition(record: ConsumerRecord) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


def _conflict(event_id: str) -> Reject:
    return Reject(Reason.ID_CONFLICT, f"id {event_id} was seen before with another body")
