"""Blocks a partition whose log does not go on from the stored offset, and unblocks it.

The position of a consumer may jump back: Kafka answers that an offset is out of range, and aiokafka
begins anew. Such a partition is paused until its log is compared with the stored offset. A gap
blocks it until the log goes on again (the right replica is back) or a person accepts the gap. A
record that meets a bug is tried again when a person accepts that.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.gaps import GapAcceptance
from shared.contracts.ids import content_id
from shared.runtime.errors import Transient
from shared.runtime.fetching import fetch_states
from shared.runtime.gap_acceptances import gap_acceptances
from shared.runtime.handled_offsets import HandledOffsets
from shared.runtime.log_checks import LogChecks
from shared.runtime.log_client import LogRange
from shared.runtime.offset_gaps import BlockingGap, GapKind
from shared.runtime.record_runs import RecordRun, partition_of_run
from shared.runtime.retries import until_success
from shared.runtime.stored_offsets import StoredOffset
from shared.runtime.worker import Worker

log = structlog.get_logger("fenghuo.log_watch")

ROUND_S = 5.0
"""The time between two rounds of checks."""
UNTRUSTED = "replaced "
"""Stored before a fingerprint: a restart must find the gap again, however the log grows."""
_OF_NO_LOG = (GapKind.MISSING, GapKind.BUG)
"""A log that fits the stored offset says nothing about these."""


class LogWatch:
    """Checks the partitions of one consumer; `lock` is held while their records are handled."""

    def __init__(
        self,
        service: str,
        consumer: Callable[[], AIOKafkaConsumer | None],
        lock: asyncio.Lock,
        worker: Worker,
        handled: HandledOffsets,
        checks: LogChecks,
        discard_backlog: Callable[[Sequence[TopicPartition]], None],
    ) -> None:
        self._service = service
        self._consumer = consumer
        self._lock = lock
        self._worker = worker
        self._handled = handled
        self._checks = checks
        self._discard_backlog = discard_backlog
        self._suspects: set[TopicPartition] = set()
        self._suspicion = asyncio.Event()

    async def assign(
        self, partitions: Sequence[TopicPartition], stored: Mapping[TopicPartition, StoredOffset]
    ) -> dict[TopicPartition, int]:
        """Compare assigned partitions with the log; return the offset where each begins.

        A partition without a leader begins unchecked; the rounds check it later.
        """
        self._checks.forget(partitions)
        self._suspects.difference_update(partitions)
        ranges = await until_success(lambda: self._ranges(partitions, stored))
        comparable = {tp: position for tp, position in stored.items() if tp in ranges}
        gaps = await until_success(lambda: self._checks.compare(comparable, ranges))
        begins = {partition: position.next_offset for partition, position in stored.items()}
        for partition, (begin, _) in ranges.items():
            begins[partition] = max(begin, begins.get(partition, 0))
        for gap in gaps:
            begins[gap.partition] = gap.offset
        for partition, offset in begins.items():
            self._handled.assign(partition, offset)
        for gap in gaps:
            self._handled.gaps.block(gap)
        return begins

    async def _ranges(
        self, partitions: Sequence[TopicPartition], stored: Mapping[TopicPartition, StoredOffset]
    ) -> dict[TopicPartition, LogRange]:
        ranges = await self._checks.ranges(partitions)
        for partition in partitions:
            if partition not in ranges and partition not in stored:
                raise Transient(f"{partition} has no leader, and its first offset is unknown")
        return ranges

    def readable(self, partitions: Sequence[TopicPartition]) -> list[TopicPartition]:
        """Return the partitions that no gap blocks."""
        return [partition for partition in partitions if not self._handled.gaps.blocks(partition)]

    def trusted_runs(self, records: Sequence[Any]) -> list[RecordRun]:
        """Return the new runs of records; none of a partition that is blocked or under suspicion.

        A partition whose position has jumped back comes under suspicion.
        """
        runs, jumped_back = self._handled.new_runs(records)
        for partition in jumped_back - self._suspects:
            log.warning("position_jumped_back", place=str(partition))
            self._suspects.add(partition)
            self._pause(partition)
            self._suspicion.set()
        return [
            run
            for run in runs
            if not self._handled.gaps.blocks(place := partition_of_run(run))
            and place not in self._suspects
        ]

    async def run(self) -> None:
        """Check every few seconds, and at once where there is a suspicion; for ever."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ROUND_S):
                    await self._suspicion.wait()
            self._suspicion.clear()
            if self._consumer() is None:
                continue
            try:
                await self.check()
            except Transient as error:
                log.warning("log_not_checked", error=str(error))

    async def check(self) -> None:
        """Check the partitions once; raises Transient."""
        stored = {
            partition: offset
            for partition in sorted(self._handled.next_offsets)
            if (offset := self._worker.stored(partition)) is not None
        }
        results = await self._checks.round(stored, frozenset(self._suspects))
        for partition, gap in results.items():
            if partition not in self._handled.next_offsets:
                continue  # the partition was given up meanwhile
            if gap is None:
                await self._unblock(partition)
            elif not self._handled.gaps.blocks(partition):
                await self._block(gap)
        if self.gaps():
            accepted = await gap_acceptances(self._checks.client.bootstrap)
            for gap in self.gaps():
                acceptance = accepted.get(self.id_of(gap))
                if acceptance is not None:
                    await self._accept(gap, acceptance)

    def gaps(self) -> list[BlockingGap]:
        """Return the gaps and unreadable records that block a partition."""
        gaps, consumer = self._handled.gaps.blocking(), self._consumer()
        if consumer is not None:
            gaps += [
                BlockingGap(partition, GapKind.UNREADABLE, offset)
                for partition, offset in sorted(self._handled.next_offsets.items())
                if fetch_states.fetch_state(consumer, partition).failure is not None
                and not self._handled.gaps.blocks(partition)
            ]
        return gaps

    def id_of(self, gap: BlockingGap) -> str:
        """Return the id of a gap: of this service, at this offset, after this record."""
        stored = self._worker.stored(gap.partition)
        last_hash = "" if stored is None else _trusted(stored).fingerprint or ""
        return content_id("gap", self._service, *gap.partition, gap.offset, last_hash)

    async def _accept(self, gap: BlockingGap, acceptance: GapAcceptance) -> None:
        target = acceptance.continue_at
        if target is None:
            target = await self._continue_at(gap)
        if target is None:
            log.warning("acceptance_names_no_offset", place=str(gap.partition), why=gap.reason)
            return
        log.warning(
            "gap_accepted",
            place=str(gap.partition),
            offset=gap.offset,
            continue_at=target,
            by=acceptance.officer_id,
            why=acceptance.reason,
        )
        async with self._lock:
            if gap.partition in self._handled.next_offsets:
                await self._go_on(gap.partition, self._accepted_position(gap, target))

    def _accepted_position(self, gap: BlockingGap, target: int) -> StoredOffset:
        """Return the position to store; where a bug is accepted the log is the same as before.

        The id of the gap stays: the record is tried until the limit has room for its letter.
        """
        stored = self._worker.stored(gap.partition)
        if gap.kind is GapKind.BUG and stored is not None and stored.next_offset == target:
            return stored
        return StoredOffset(target)

    async def _continue_at(self, gap: BlockingGap) -> int | None:
        """Return the offset after a gap; None where only a person can know it.

        A topic that lost its end or was created anew is read from its beginning: repeats are
        recognised by their ids.
        """
        if gap.kind is GapKind.UNREADABLE:
            return None
        if gap.kind is GapKind.BUG:
            return gap.offset
        log_range = (await self._checks.ranges([gap.partition])).get(gap.partition)
        if log_range is None:
            raise Transient(f"{gap.partition} has no leader")
        if gap.kind in (GapKind.TRUNCATED, GapKind.REPLACED):
            return log_range.begin
        records = await self._checks.client.first_records({gap.partition: gap.offset})
        return int(records[gap.partition].offset) if records else log_range.end

    async def _block(self, gap: BlockingGap) -> None:
        self._handled.gaps.block(gap)
        self._pause(gap.partition)
        async with self._lock:
            stored = self._worker.stored(gap.partition)
            if gap.kind is GapKind.REPLACED and stored is not None:
                last_hash = UNTRUSTED + (_trusted(stored).fingerprint or "")
                await self._worker.move(gap.partition, StoredOffset(stored.next_offset, last_hash))

    async def _unblock(self, partition: TopicPartition) -> None:
        gap = self._handled.gaps.gap_of(partition)
        if gap is None and partition not in self._suspects:
            return
        async with self._lock:
            stored = self._worker.stored(partition)
            if stored is None or (gap is not None and gap.kind in _OF_NO_LOG):
                return
            if gap is not None:
                log.warning("log_goes_on", place=str(partition), offset=stored.next_offset)
                await self._go_on(partition, _trusted(stored))
            else:
                self._resume(partition, self._handled.next_offsets[partition])

    async def _go_on(self, partition: TopicPartition, target: StoredOffset) -> None:
        """Store an offset and read on from it; the caller holds the lock. Raises Transient."""
        await self._worker.move(partition, target)
        self._checks.forget([partition])
        self._handled.assign(partition, target.next_offset)
        self._resume(partition, target.next_offset)

    def _pause(self, partition: TopicPartition) -> None:
        self._discard_backlog([partition])
        consumer = self._consumer()
        if consumer is not None and partition in consumer.assignment():
            consumer.pause(partition)

    def _resume(self, partition: TopicPartition, offset: int) -> None:
        self._suspects.discard(partition)
        self._discard_backlog([partition])
        consumer = self._consumer()
        if consumer is not None and partition in consumer.assignment():
            fetch_states.fetch_state(consumer, partition).failure = None
            consumer.seek(partition, offset)
            consumer.resume(partition)


def _trusted(stored: StoredOffset) -> StoredOffset:
    """Return a stored offset with the fingerprint of the record that was handled there."""
    last_hash = stored.fingerprint
    if last_hash is None or not last_hash.startswith(UNTRUSTED):
        return stored
    return StoredOffset(stored.next_offset, last_hash.removeprefix(UNTRUSTED) or None)
