"""One consumer, its partitions and its offsets, correct through rebalances and outages.

The recipe (docs/adr/0002): on assignment pause, restore, seek, resume; the handler holds a lock and
drops records that this process does not own or has already handled; on revocation take the same
lock and release. Transient failures are retried inside the lock for a while; then the batch is
given back to Kafka by seeking, so that polling never stops. No record is passed over in silence
(offset_gaps.py, log_watch.py). A partition that is no longer fetched from while it grows ends the
process (docs/sources.md S33), and so does a handler that does not return. Where urgent records go
first (backlog.py), a backlog is handled batch by batch, with the urgent records before each.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import ConsumerStoppedError, KafkaError

from shared.contracts.topics import TopicSpec
from shared.runtime import group_membership
from shared.runtime.backlog import Backlog
from shared.runtime.broker import CheckedBroker, subscribe
from shared.runtime.clock import SystemClock
from shared.runtime.errors import BlockedPartition, LostOwnership, Transient, exit_process
from shared.runtime.fetching.partition_records import OrdinaryRecords, RecordReader
from shared.runtime.handled_offsets import HandledOffsets
from shared.runtime.log_checks import LogChecks
from shared.runtime.log_client import LogClient
from shared.runtime.log_watch import LogWatch
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.offset_commits import OffsetCommits
from shared.runtime.offset_gaps import BlockingGap, GapKind
from shared.runtime.partition_progress import ConsumerActivity, PartitionProgress
from shared.runtime.record_runs import RecordRun, items_of
from shared.runtime.retries import Retries, until_success
from shared.runtime.worker import PriorityWorker, Worker

log = structlog.get_logger("fenghuo.batches")

Handle = Callable[[list[ConsumerRecord]], Awaitable[None]]
OnLost = Callable[[Sequence[TopicPartition]], Awaitable[None]]

_CHECK_INTERVAL_S = 2.0
_UNJOINED_SHOWN_S = 15.0
"""A rebalance may take so long; after it /readyz says that the group does not take us back."""
_UNJOINED_S = 90.0
"""A process that Kafka answers and that has not joined its group for so long ends."""
_POLL_ERROR_SHOWN_S = 10.0
"""The time for which /readyz names the error of a poll."""
_MAX_BACKLOG = 20_000
_MAX_BACKLOG_BYTES = 32 * 1_048_576
"""Half a minute of a storm. Records after it are handled in their turn only."""
_SMALL_BACKLOG = 100
"""So few records are handled as soon as the urgent ones among them would be by themselves."""


class PartitionConsumer(ConsumerRebalanceListener):  # type: ignore[misc]
    """Calls a Worker with the batches of a FastStream subscriber."""

    def __init__(
        self,
        broker: CheckedBroker,
        topics: Sequence[TopicSpec],
        worker: Worker,
        metrics: RuntimeMetrics,
        *,
        group: str,
        instance_id: str | None,
        max_records: int = 500,
        fetch_batches: int = 1,
        reader: RecordReader = OrdinaryRecords,
        priority_worker: PriorityWorker | None = None,
    ) -> None:
        self._worker = worker
        self._priority_worker = priority_worker
        self._backlog = Backlog(priority_worker.is_urgent) if priority_worker is not None else None
        self._max_records = max_records
        self._metrics = metrics
        self._lock = asyncio.Lock()
        self._commits = OffsetCommits(lambda: self.subscriber.consumer)
        self._handled = HandledOffsets(topics, self._commits)
        self._log = LogChecks(LogClient(broker.bootstrap), self._handled.gaps, SystemClock())
        self.log_watch = LogWatch(
            group,
            lambda: self.subscriber.consumer,
            self._lock,
            worker,
            self._handled,
            self._log,
            self._discard_backlog,
        )
        self._progress = PartitionProgress(
            self._handled.gaps, self._log.ends, self._log.answered_at
        )
        self._retries = Retries(metrics)
        self._finished_batches = 0
        self._poll_error: tuple[float, str] | None = None
        self._assigned_once = False
        self._unjoined_since: float | None = None
        self.on_lost: OnLost | None = None
        """Set by a worker whose own store cannot refuse a late write: called instead of `release`
        with partitions that the group has given to another member."""
        self.topics = tuple(topics)
        self.subscriber = subscribe(
            broker,
            topics,
            group=group,
            instance_id=instance_id,
            listener=self,
            callback=self.on_batch,
            on_error=self._note_poll_error,
            max_records=max_records,
            fetch_batches=fetch_batches,
            reader=reader,
        )

    @property
    def _consumer(self) -> AIOKafkaConsumer:
        consumer = self.subscriber.consumer
        assert consumer is not None
        return consumer

    @property
    def log_client(self) -> LogClient:
        """The client that asks for the ends of partitions beside the consumer's fetches."""
        return self._log.client

    @property
    def next_offsets(self) -> dict[TopicPartition, int]:
        """The next offset to handle of each partition that this process owns."""
        return self._handled.next_offsets

    def ready(self) -> str | None:
        """Return None when partitions are assigned and work does not fail, else the reason."""
        if not self._assigned_once:
            return "no partitions assigned yet"
        if (reason := self._retries.ready()) is not None:
            return reason
        error = self._poll_error
        if error is not None and time.monotonic() - error[0] < _POLL_ERROR_SHOWN_S:
            return f"cannot read: {error[1]}"
        if self.subscriber.consumer is None:
            return None
        if self._unjoined_s() > _UNJOINED_SHOWN_S:
            return "this process is no member of its consumer group"
        reasons = self._handled.reasons(self._consumer)
        reasons += self._log.client.wrong_counts(self.topics)
        return "; ".join(reasons) or self._log.ready()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Restore before any record is handled. An error is fatal: aiokafka would only log it.

        Another rebalance ends a restore that is under way: the group waits for this member no
        longer than for the others, and the partitions come back with the next assignment.
        """
        partitions = sorted(assigned)
        consumer = self._consumer
        consumer.pause(*partitions)
        group_membership.start_heartbeats(consumer)
        async with self._lock:
            restore = until_success(lambda: self._worker.restore(partitions))
            try:
                stored = await group_membership.before_rebalance(consumer, restore)
                if stored is None:
                    log.info("restore_given_up", count=len(partitions))
                    return
                begins = await self.log_watch.assign(partitions, stored)
            except KafkaError as error:
                exit_process(f"cannot restore: {error!r}")
            self._discard_backlog(partitions)
            for partition, offset in begins.items():
                consumer.seek(partition, offset)
            self._commits.refused = self.on_lost is not None and await group_membership.is_lost(
                consumer, self.next_offsets
            )
            self._assigned_once = True
        consumer.resume(*self.log_watch.readable(partitions))
        log.info("partitions_assigned", count=len(partitions))

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Wait for the batch under way, flush, then release."""
        async with self._lock:
            try:
                await self._commits.wait()
                if self.on_lost is not None:
                    await self.confirm()
                await self._worker.release(sorted(revoked))
                await self._commits.finish()
            except LostOwnership as error:
                await self._give_up(error)
            except Transient as error:
                # The next owner replays from the stored offset; nothing was acknowledged for good.
                log.warning("release_failed", error=str(error))
                if self.on_lost is not None:
                    await self.on_lost(sorted(revoked))
            self._discard_backlog(sorted(revoked))
            self._handled.release(revoked)

    async def close(self) -> None:
        """Stop and release everything. Kafka does not revoke from a static member that leaves."""
        async with self._lock:
            partitions = sorted(self.next_offsets)
            self.next_offsets.clear()
            self._commits.cancel()
            try:
                await self._worker.release(partitions)
            except Transient as error:
                log.warning("release_failed", error=str(error))
        await self._log.client.stop()

    async def on_batch(self, records: list[ConsumerRecord]) -> None:
        """Handle a batch of FastStream; return when it is handled or given back."""
        if self._backlog is None or self._priority_worker is None:
            await self._handle_in_turn(records)
            return
        self._backlog.add(records)
        while len(self._backlog) and self.subscriber.running:
            await self._fill_backlog(self._backlog)
            if len(self._backlog) > _SMALL_BACKLOG:
                urgent = self._backlog.prioritise(self._max_records)
                await self._handle_urgent(self._priority_worker, urgent)
            await self._handle_in_turn(self._backlog.remove(self._max_records))
        self._backlog.discard()

    async def _fill_backlog(self, backlog: Backlog) -> None:
        """Add the records that lie in the client by now, without waiting."""
        room = _MAX_BACKLOG - len(backlog)
        if room <= 0 or backlog.size >= _MAX_BACKLOG_BYTES:
            return
        try:
            fetched = await self._consumer.getmany(timeout_ms=0, max_records=room)
        except ConsumerStoppedError:
            return
        except KafkaError as error:
            self._note_poll_error(error)
            return
        for records in fetched.values():
            backlog.add(records)

    async def _handle_urgent(self, worker: PriorityWorker, records: list[ConsumerRecord]) -> None:
        async with self._lock:
            runs = await self._own_runs(records)
            if runs:
                await self._handle(worker.handle_urgent, runs)

    async def _handle_in_turn(self, records: list[ConsumerRecord]) -> None:
        """Handle records in their turn, and move on."""
        async with self._lock:
            runs, gaps = self._handled.up_to_gaps(self._consumer, await self._own_runs(records))
            for gap in gaps:
                self._fetch_again(gap.partition, gap.missing, gap.arrived)
            if not runs or not await self._handle(self._worker.handle, runs):
                return
            self._handled.advance(runs)
            self._finished_batches += 1
            self._skip_empty()
            self._commits.begin()
        for run in runs:
            self._metrics.records.labels(run.topic).inc(run.count)

    async def _own_runs(self, records: list[ConsumerRecord]) -> list[RecordRun]:
        if self._commits.refused and self.on_lost is not None:
            await self._give_up(LostOwnership("a commit was refused"))
        return self.log_watch.trusted_runs(records)

    async def confirm(self) -> None:
        """Return when the group says that the partitions still belong to this process.

        Raises LostOwnership or Transient.
        """
        await group_membership.confirm(self._consumer, self.next_offsets)

    async def _give_up(self, error: LostOwnership) -> None:
        """Handle nothing more until the group is joined anew, which aiokafka does by itself."""
        log.warning("ownership_lost", error=str(error), partitions=len(self.next_offsets))
        partitions = sorted(self.next_offsets)
        self._discard_backlog(partitions)
        self._handled.release(partitions)
        if self.on_lost is not None:
            await self.on_lost(partitions)

    def _discard_backlog(self, partitions: Sequence[TopicPartition]) -> None:
        if self._backlog is not None:
            self._backlog.discard(partitions)

    def _fetch_again(self, partition: TopicPartition, missing: int, arrived: int | None) -> None:
        self._discard_backlog([partition])
        self._consumer.seek(partition, missing)
        if self._handled.gaps.note(partition, missing, arrived):
            self._consumer.pause(partition)

    def _skip_empty(self) -> None:
        if self.subscriber.consumer is not None:
            self._handled.skip_empty(self._consumer)

    async def watch(self) -> None:
        """Export lag, commit when idle, end the process when a partition is stuck; for ever."""
        while True:
            began = time.monotonic()
            await asyncio.sleep(_CHECK_INTERVAL_S)
            was_paused = time.monotonic() - began > 3 * _CHECK_INTERVAL_S
            # After a pause of the process every sign of life is old: Kafka's answers come first.
            if self.subscriber.consumer is not None and not was_paused:
                self.check()
            self._commits.begin()

    def check(self) -> None:
        """Check the progress of each partition once."""
        self._skip_empty()
        in_batch = self._lock.locked() or (self._backlog is not None and len(self._backlog) > 0)
        activity = ConsumerActivity(self._finished_batches, in_batch, self._retries.retrying)
        report = self._progress.check(self._consumer, self.next_offsets, activity)
        for partition in report.missing:
            self._fetch_again(partition, self.next_offsets[partition], None)
        for spec in self.topics:
            partitions = list(self._handled.of_topic(spec.name))
            lag = sum(report.lags[partition] for partition in partitions)
            self._metrics.lag.labels(spec.name).set(lag)
            ages = [self._log.age_s(place, self.next_offsets[place]) for place in partitions]
            self._metrics.lag_s.labels(spec.name).set(max(ages, default=0.0))
            blocked = sum(
                self._handled.is_blocked(self._consumer, partition) for partition in partitions
            )
            self._metrics.blocked.labels(spec.name).set(blocked)
        if report.stuck:
            exit_process(f"nothing more is fetched from {report.stuck[0]} while it grows")
        if self._retries.is_hanging([self._worker.stored(place) for place in self.next_offsets]):
            exit_process(f"a handler of {self.topics[0].name} does not return")
        # A restore holds the lock; while Kafka is silent nobody can join.
        if group_membership.is_joined(self._consumer) or self._lock.locked() or self._log.ready():
            self._unjoined_since = None
        else:
            self._unjoined_since = self._unjoined_since or time.monotonic()
            if self._unjoined_s() > _UNJOINED_S:
                exit_process("the consumer group does not take this process back")

    def _unjoined_s(self) -> float:
        since = self._unjoined_since
        return 0.0 if since is None else time.monotonic() - since

    def _note_poll_error(self, error: KafkaError) -> None:
        """Note that a poll has failed; it has returned no record, so none is lost."""
        log.warning("fetch_failed", error=repr(error))
        self._poll_error = time.monotonic(), repr(error)

    async def _handle(self, handle: Handle, runs: list[RecordRun]) -> bool:
        """Return whether the runs are handled; if not, they were given back or given up."""
        items = items_of(runs)
        try:
            if await self._retries.attempt(lambda: handle(items), len(items)):
                return True
        except LostOwnership as error:
            if self.on_lost is None:
                exit_process(f"another process owns these partitions: {error}")
            await self._give_up(error)
            return False
        except BlockedPartition as error:
            self._handled.gaps.block(BlockingGap(error.partition, GapKind.BUG, error.offset))
            self._consumer.pause(error.partition)
        except Exception as error:
            log.exception("batch_failed")
            exit_process(f"a bug: {error!r}")
        for partition, offset in self.next_offsets.items():
            self._consumer.seek(partition, offset)
        self._discard_backlog(list(self.next_offsets))
        return False
