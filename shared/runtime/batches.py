"""One consumer, its partitions and its offsets, right through rebalances and outages.

The recipe (docs/adr/0002): on assignment pause, restore, seek, resume; the handler holds a lock and
drops what this process does not own or has already done; on revocation take the same lock, release.
Transient failures are retried inside the lock for a while, then the batch is given back to Kafka by
seeking, so that polling never stops. No record is passed over in silence (gaps.py). A partition no
longer fetched from while it grows ends the process (docs/sources.md S33). Where urgent records go
first (ahead.py), a backlog is worked off batch by batch, with what is urgent before each.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import ConsumerStoppedError, KafkaError
from faststream.kafka import KafkaBroker

from shared.contracts.topics import TopicSpec
from shared.fastpath import walked
from shared.fastpath.raw_batches import behind, count_of, pieces, place_of, runs, since
from shared.runtime import membership
from shared.runtime.ahead import Ahead
from shared.runtime.broker import subscribe
from shared.runtime.clock import record_time
from shared.runtime.commits import Commits
from shared.runtime.errors import LostOwnership, Transient, die
from shared.runtime.gaps import Gaps
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.progress import Progress, Work
from shared.runtime.worker import Overtaking, Worker

log = structlog.get_logger("fenghuo.batches")

Do = Callable[[list[ConsumerRecord]], Awaitable[None]]
Lost = Callable[[Sequence[TopicPartition]], Awaitable[None]]

_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 2.0
_GIVE_BACK_AFTER_S = 30.0
_POLL_SHOWN_S = 10.0  # so long /readyz names what a poll has failed with
_MOST_AHEAD = 20_000
_MOST_BYTES_AHEAD = 32 * 1_048_576
"""Fetched ahead: half a minute of a storm. What lies further behind has its turn only."""
_NO_BACKLOG = 100
"""So few are done as soon as what is urgent among them would be by itself."""


class BatchConsumer(ConsumerRebalanceListener):  # type: ignore[misc]
    """Drives a Worker from a FastStream batch subscriber."""

    def __init__(
        self,
        broker: KafkaBroker,
        topics: Sequence[TopicSpec],
        worker: Worker,
        metrics: RuntimeMetrics,
        *,
        group: str,
        instance_id: str | None,
        max_records: int = 500,
        fetch_batches: int = 1,
        unopened: int = 0,
        overtaking: Overtaking | None = None,
    ) -> None:
        self._worker = worker
        self._overtaking = overtaking
        self._ahead = Ahead(overtaking.urgent) if overtaking is not None else None
        self._max_records = max_records
        self._metrics = metrics
        self._lock = asyncio.Lock()
        self._next: dict[TopicPartition, int] = {}
        self._commits = Commits(lambda: self.subscriber.consumer)
        self._heard: dict[TopicPartition, datetime] = {}
        self._gaps = Gaps(topics)
        self._progress = Progress(self._gaps)
        self._finished = 0
        """Batches that were handled, whole."""
        self._poll_failed: tuple[float, str] | None = None
        self._retrying_since: float | None = None
        self._assigned_once = False
        self.lost: Lost | None = None
        """Set by a worker whose own store cannot refuse a late write: called instead of `release` with
        partitions that the group has given to another member."""
        self.topics = tuple(topics)
        self.subscriber = subscribe(
            broker,
            topics,
            group=group,
            instance_id=instance_id,
            listener=self,
            callback=self.on_batch,
            on_error=self._note_failure,
            max_records=max_records,
            fetch_batches=fetch_batches,
            unopened=unopened,
        )

    @property
    def _consumer(self) -> AIOKafkaConsumer:
        consumer = self.subscriber.consumer
        assert consumer is not None
        return consumer

    def ready(self) -> str | None:
        """For /readyz: None when partitions are assigned and work is not failing."""
        if not self._assigned_once:
            return "no partitions assigned yet"
        if self._retrying_since is not None and time.monotonic() - self._retrying_since > 5:
            return "a dependency fails, retrying"
        failed = self._poll_failed
        if failed is not None and time.monotonic() - failed[0] < _POLL_SHOWN_S:
            return f"cannot read: {failed[1]}"
        if self.subscriber.consumer is None:
            return None
        results = [*self._gaps.troubles(), *walked.troubles(self._consumer, self._next)]
        return "; ".join(results) or None

    def caught_up(self, topic: str, moment: datetime) -> bool:
        """Whether all that Kafka took before `moment` in this process's partitions of a topic is handled.

        False until partitions are assigned and each has been fetched from.
        """
        self._pass_over()
        mine = [(one, offset) for one, offset in self._next.items() if one.topic == topic]
        return self._assigned_once and all(
            self._heard.get(one, moment) > moment or self._is_at_end(one, offset)
            for one, offset in mine
        )

    def _is_at_end(self, partition: TopicPartition, offset: int) -> bool:
        end = walked.stable_end(self._consumer, partition)
        return end is not None and offset >= end

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Restore before anything is handled. An error here is fatal: aiokafka would only log it."""
        partitions = sorted(assigned)
        consumer = self._consumer
        consumer.pause(*partitions)
        membership.keep_alive(consumer)
        async with self._lock:
            try:
                offsets = await self._until_it_works(partitions)
                first = await consumer.beginning_offsets(partitions)
                last = await consumer.end_offsets(partitions)
            except KafkaError as error:
                die(f"cannot restore: {error!r}")
            self._forget_ahead(partitions)
            for partition in partitions:
                offset = offsets.get(partition, first[partition])
                if offset > last[partition]:
                    die(f"{partition} ends before our offset {offset}: topic re-created?")
                if offset < first[partition] and offset > 0:
                    die(f"{partition} begins after our offset {offset}: records were lost")
                self._next[partition] = max(offset, first[partition])
                consumer.seek(partition, self._next[partition])
            self._gaps.forget(partitions)
            self._commits.refused = self.lost is not None and await membership.is_lost(
                consumer, self._next
            )
            self._assigned_once = True
        consumer.resume(*partitions)
        log.info("partitions_assigned", count=len(partitions))

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Wait for the batch in flight, flush, then let go."""
        async with self._lock:
            try:
                await self._commits.wait()
                if self.lost is not None:
                    await self.confirm()
                await self._worker.release(sorted(revoked))
                await self._commits.finish()
            except LostOwnership as error:
                await self._let_go(error)
            except Transient as error:
                # The next owner replays from the stored offset; nothing was acknowledged for good.
                log.warning("release_failed", error=str(error))
                if self.lost is not None:
                    await self.lost(sorted(revoked))
            self._forget_ahead(revoked)
            self._gaps.forget(revoked)
            self._commits.forget(revoked)
            for partition in revoked:
                self._next.pop(partition, None)
                self._heard.pop(partition, None)

    async def close(self) -> None:
        """Graceful stop: release everything. A static member is never told to when it leaves."""
        async with self._lock:
            held = sorted(self._next)
            self._next.clear()
            self._commits.cancel()
            try:
                await self._worker.release(held)
            except Transient as error:
                log.warning("release_failed", error=str(error))

    async def on_batch(self, records: list[ConsumerRecord]) -> None:
        """FastStream's handler: returns when the batch is done or has been given back."""
        if self._ahead is None or self._overtaking is None:
            await self._work(records)
            return
        self._ahead.put(records)
        while len(self._ahead) and self.subscriber.running:
            await self._fetch_ahead(self._ahead)
            if len(self._ahead) > _NO_BACKLOG:
                await self._overtake(self._overtaking, self._ahead.overtaking(self._max_records))
            await self._work(self._ahead.take(self._max_records))
        self._ahead.drop()

    async def _fetch_ahead(self, ahead: Ahead) -> None:
        """What lies in the client by now, without waiting for anything."""
        room = _MOST_AHEAD - len(ahead)
        if room <= 0 or ahead.size >= _MOST_BYTES_AHEAD:
            return
        try:
            fetched = await self._consumer.getmany(timeout_ms=0, max_records=room)
        except ConsumerStoppedError:
            return
        except KafkaError as error:
            self._note_failure(error)
            return
        for found in fetched.values():
            ahead.put(found)

    async def _overtake(self, worker: Overtaking, records: list[ConsumerRecord]) -> None:
        async with self._lock:
            new = await self._mine(records)
            if new:
                await self._handle(worker.overtake, pieces(new))

    async def _work(self, records: list[ConsumerRecord]) -> None:
        """Handle records in their turn, and move on."""
        async with self._lock:
            new = self._without_gaps(await self._mine(records))
            if not new or not await self._handle(self._worker.handle, pieces(new)):
                return
            for run in new:
                partition = TopicPartition(*place_of(run))
                self._next[partition] = behind(run)
                self._commits.note(partition, behind(run))
                if isinstance(run, list):  # records of their own, not a span of unopened ones
                    self._heard[partition] = record_time(run[-1].timestamp)
            self._finished += 1
            self._pass_over()
            self._commits.begin()
        for run in new:
            self._metrics.records.labels(place_of(run)[0]).inc(count_of(run))

    async def _mine(self, records: list[ConsumerRecord]) -> list[Any]:
        if self._commits.refused and self.lost is not None:
            await self._let_go(LostOwnership("a commit was refused"))
        return self._new(records)

    async def confirm(self) -> None:
        """Return when the group says that the partitions are still of this process.

        Raises LostOwnership or Transient.
        """
        await membership.confirm(self._consumer, self._next)

    async def _let_go(self, error: LostOwnership) -> None:
        """Handle nothing more until the group has been joined anew, which aiokafka does by itself."""
        log.warning("ownership_lost", error=str(error), partitions=len(self._next))
        mine = sorted(self._next)
        self._next.clear()
        self._commits.forget(mine)
        self._forget_ahead(mine)
        self._gaps.forget(mine)
        if self.lost is not None:
            await self.lost(mine)

    def _forget_ahead(self, partitions: Iterable[TopicPartition]) -> None:
        if self._ahead is not None:
            self._ahead.drop(partitions)

    def _new(self, records: list[Any]) -> list[Any]:
        """Runs of records of ours that are not handled yet."""
        new = []
        for run in runs(records):
            expected = self._next.get(TopicPartition(*place_of(run)))
            if expected is None:
                continue  # given up meanwhile
            left = since(run, expected)
            if left is not None:
                new.append(left)
        return new

    def _without_gaps(self, runs: list[Any]) -> list[Any]:
        """Each partition's runs up to a gap; what is missing there is fetched once more."""
        result, expected = [], dict(self._next)
        broken: set[TopicPartition] = set()
        for run in runs:
            partition = TopicPartition(*place_of(run))
            if partition in broken:
                continue
            walk = walked.over(self._consumer, partition)
            whole, missing = self._gaps.before(run, expected[partition], walk)
            if whole:
                result.append(whole)
                expected[partition] = behind(whole)
            if missing is not None:
                broken.add(partition)
                self._fetch_again(partition, missing, behind(run) - 1)
        return result

    def _fetch_again(self, partition: TopicPartition, missing: int, seen: int | None) -> None:
        self._forget_ahead([partition])
        self._consumer.seek(partition, missing)
        if self._gaps.lasts(partition, missing, seen):
            self._consumer.pause(partition)

    def _pass_over(self) -> None:
        """Move on over what holds no record: nothing comes that would."""
        if self.subscriber.consumer is None:
            return
        for partition, offset in self._next.items():
            after = walked.over(self._consumer, partition).past(offset)
            if after > offset:
                self._next[partition] = after
                self._commits.note(partition, after)

    async def watch(self) -> None:
        """Background loop: export lag, commit when idle, end the process when a partition is stuck."""
        while True:
            await asyncio.sleep(2)
            if self.subscriber.consumer is not None:
                self._look()
            self._commits.begin()

    def _look(self) -> None:
        self._pass_over()
        in_hand = self._lock.locked() or (self._ahead is not None and len(self._ahead) > 0)
        work = Work(self._finished, in_hand, self._retrying_since is not None)
        result = self._progress.look(self._consumer, self._next, work)
        for partition in result.missing:
            self._fetch_again(partition, self._next[partition], None)
        for spec in self.topics:
            mine = [one for one in self._next if one.topic == spec.name]
            lag = sum(result.lags[one] for one in mine)
            self._metrics.lag.labels(spec.name).set(lag)
            stand = sum(
                self._gaps.stands(one) or walked.over(self._consumer, one).trouble is not None
                for one in mine
            )
            self._metrics.standing.labels(spec.name).set(stand)
        if result.stuck:
            die(f"nothing more is fetched from {result.stuck[0]} while it grows")

    def _note_failure(self, error: KafkaError) -> None:
        """A poll has failed; nothing was handed out, so nothing is lost."""
        log.warning("fetch_failed", error=repr(error))
        self._poll_failed = time.monotonic(), repr(error)

    async def _until_it_works(
        self, partitions: list[TopicPartition]
    ) -> Mapping[TopicPartition, int]:
        delay = _FIRST_DELAY_S
        while True:
            try:
                return await self._worker.restore(partitions)
            except Transient as error:
                log.warning("restore_retry", error=str(error))
                await asyncio.sleep(delay)
                delay = min(delay * 2, _LONGEST_DELAY_S)

    async def _handle(self, do: Do, mine: list[ConsumerRecord]) -> bool:
        started, delay = time.monotonic(), _FIRST_DELAY_S
        while True:
            try:
                await do(mine)
            except Transient as error:
                self._metrics.retries.inc()
                self._retrying_since = self._retrying_since or time.monotonic()
                log.warning("batch_retry", error=str(error), records=len(mine))
                if time.monotonic() - started > _GIVE_BACK_AFTER_S:
                    for partition, offset in self._next.items():
                        self._consumer.seek(partition, offset)
                    self._forget_ahead(list(self._next))
                    return False
                await asyncio.sleep(delay)
                delay = min(delay * 2, _LONGEST_DELAY_S)
            except LostOwnership as error:
                if self.lost is None:
                    die(f"another process owns these partitions: {error}")
                await self._let_go(error)
                return False
            except Exception as error:
                log.exception("batch_failed")
                die(f"a bug: {error!r}")
            else:
                self._retrying_since = None
                return True
