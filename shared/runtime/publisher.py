"""The one producer of a process: acks=all, idempotent, every send bounded in time.

A send that is not confirmed in time has an unknown outcome: the caller sends the same ids again,
and readers drop repeats. Meanwhile the producer goes on trying, in order, and later records follow;
a partition without a leader does not hold up the others, however long it has none. A producer is
replaced only for one of two reasons. A batch that failed after a first attempt leaves a gap in the
sequence of a partition, and Kafka takes nothing more from this producer (aiokafka #1017,
docs/sources.md S32). Or Kafka confirms nothing at all for longer than the patience.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import NamedTuple

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    ProducerClosed,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from shared.runtime.errors import TopicUnavailable, Transient, Unconfirmed, Unsendable
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.outbound_records import OutboundRecord, check_sizes
from shared.runtime.producer_queue import Delivery, ProducerQueue
from shared.runtime.producers import TopicRefused, close_producer, open_producer

log = structlog.get_logger("fenghuo.publisher")

PATIENCE_S = 30.0
"""The time for which Kafka may confirm nothing while records wait."""
_MAX_QUEUED_BYTES = 64 * 1_048_576
"""With more bytes that the producer has not taken yet, further callers are refused at once."""
_SILENCE_S = 1.0
"""Kafka is silent when it confirms nothing for longer than this after a send has timed out."""
_RECONNECT_S = 0.5
_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)
_OF_ONE_TOPIC = (
    TopicRefused,
    UnknownTopicOrPartitionError,
    TopicAuthorizationFailedError,
    InvalidTopicError,
)


class PendingRecords(NamedTuple):
    """Records that a producer has taken and Kafka has not confirmed; `counts` by topic."""

    producer: AIOKafkaProducer
    deliveries: list[Delivery]
    counts: Counter[str]


class Publisher:
    """Sends records and awaits their confirmation by Kafka."""

    def __init__(
        self,
        bootstrap: str,
        metrics: RuntimeMetrics,
        timeout_s: float = 10.0,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._bootstrap = bootstrap
        self._metrics = metrics
        self._timeout_s = timeout_s
        self._patience_s = patience_s
        self._producer: AIOKafkaProducer | None = None
        self._queue: ProducerQueue | None = None
        self._rebuilding: asyncio.Task[None] | None = None
        self._stopped = False
        self._rebuild_tried = asyncio.Event()
        self._rebuild_tried.set()
        self._under_way: dict[Delivery, float] = {}
        self._queued_bytes = 0
        self._confirmed_at = 0.0
        self._timed_out_at = 0.0
        self._silent_since = 0.0

    async def start(self) -> None:
        """Connect; raises KafkaError when the broker cannot be reached."""
        await self._connect()

    async def stop(self) -> None:
        """Flush and close, within the time limit."""
        self._stopped = True
        if self._rebuilding is not None:
            self._rebuilding.cancel()
        self._rebuild_tried.set()
        producer, self._producer = self._producer, None
        if producer is not None:
            await close_producer(producer, self._under_way)

    def ready(self) -> str | None:
        """Return None while Kafka confirms records, else the reason for /readyz."""
        if self._producer is None:
            return "the Kafka producer is being rebuilt"
        unconfirmed = self._timed_out_at > self._confirmed_at
        silent = unconfirmed and _now() - self._confirmed_at > _SILENCE_S
        return "Kafka has confirmed nothing since a send ran out of time" if silent else None

    @property
    def producer(self) -> AIOKafkaProducer:
        """The present producer; raises Transient while there is none."""
        if self._producer is None:
            raise Transient("the producer is being rebuilt")
        return self._producer

    async def send(self, records: Iterable[OutboundRecord]) -> list[int]:
        """Send all, in order per partition, and wait until Kafka has confirmed each.

        Returns Kafka's times of the records or batches, in ms since 1970. Raises Transient when the
        outcome is unknown: send the same again; at the time limit it is an Unconfirmed, where Kafka
        refuses a topic a TopicUnavailable. Raises Unsendable for a record that Kafka never takes;
        then none may have been sent.
        """
        async with self._bounded():
            if self._producer is None:
                await self._rebuild_tried.wait()
            pending = await self._begin(self.producer, records)
            await self._confirm(pending)
        return [delivery.result().timestamp for delivery in pending.deliveries]

    async def send_apart(self, records: Sequence[OutboundRecord]) -> list[Exception | None]:
        """Send all as `send` does; return for each record its error, None where Kafka has it.

        A record has the error of its own partition, or its own where it is too large.
        """
        errors: dict[int, Exception] = {}
        by_topic: defaultdict[str, list[OutboundRecord]] = defaultdict(list)
        for record in records:
            try:
                check_sizes([record])
            except Unsendable as error:
                errors[id(record)] = error
            else:
                by_topic[record.topic].append(record)
        await asyncio.gather(
            *(self._send_topic(topic_records, errors) for topic_records in by_topic.values())
        )
        return [errors.get(id(record)) for record in records]

    async def _send_topic(
        self, records: list[OutboundRecord], errors: dict[int, Exception]
    ) -> None:
        """Send records of one topic, each partition by itself; add the errors."""
        try:
            async with self._bounded():
                if self._producer is None:
                    await self._rebuild_tried.wait()
                if self._producer is None or self._queue is None:
                    raise Transient("the producer is being rebuilt")
                parts = list((await self._queue.by_partition(records)).values())
        except Transient as error:
            errors.update((id(record), error) for record in records)
            return
        outcomes = await asyncio.gather(*map(self.send, parts), return_exceptions=True)
        for part, outcome in zip(parts, outcomes, strict=True):
            if isinstance(outcome, Exception):
                errors.update((id(record), outcome) for record in part)
            elif isinstance(outcome, BaseException):
                raise outcome

    async def begin(
        self,
        producer: AIOKafkaProducer,
        records: Iterable[OutboundRecord],
        timeout_s: float | None = None,
    ) -> PendingRecords:
        """Append all to this producer, in order per partition; `confirm` waits for Kafka.

        Later records of the same producer follow these records, or are not sent at all when these
        fail: the producer is idempotent, and after a refused batch there is a new producer. Raises
        as `send` does.
        """
        async with self._bounded(timeout_s):
            return await self._begin(producer, records)

    async def confirm(self, pending: PendingRecords, timeout_s: float | None = None) -> None:
        """Wait until Kafka has confirmed each record; raises as `send` does."""
        async with self._bounded(timeout_s):
            await self._confirm(pending)

    async def _begin(
        self, producer: AIOKafkaProducer, records: Iterable[OutboundRecord]
    ) -> PendingRecords:
        if producer is not self._producer or self._queue is None:
            raise Transient("the producer has been rebuilt")
        all_records = list(records)
        size = check_sizes(all_records)
        if self._queued_bytes and self._queued_bytes + size > _MAX_QUEUED_BYTES:
            raise Transient("busy: too much waits for Kafka already")
        self._queued_bytes += size
        try:
            deliveries = await self._queue.append(all_records)
        finally:
            self._queued_bytes -= size
        return PendingRecords(producer, deliveries, Counter(record.topic for record in all_records))

    async def _confirm(self, pending: PendingRecords) -> None:
        if pending.deliveries:
            # Not gather: it would cancel the deliveries together with the caller.
            await asyncio.wait(pending.deliveries, return_when=asyncio.FIRST_EXCEPTION)
        for delivery in pending.deliveries:
            if delivery.cancelled():
                raise ProducerClosed
            if delivery.done() and (error := delivery.exception()) is not None:
                raise error
        for topic, count in pending.counts.items():
            self._metrics.published.labels(topic).inc(count)

    @asynccontextmanager
    async def _bounded(self, timeout_s: float | None = None) -> AsyncIterator[None]:
        limit_s = self._timeout_s if timeout_s is None else timeout_s
        try:
            async with asyncio.timeout(limit_s):
                yield
        except TimeoutError as error:
            self._note_timeout()
            raise Unconfirmed(f"not confirmed within {limit_s:g} s") from error
        except _TOO_LARGE as error:
            raise Unsendable(str(error) or type(error).__name__) from error
        except KafkaError as error:
            if isinstance(error, _OF_ONE_TOPIC):
                reason = str(error) if isinstance(error, TopicRefused) else type(error).__name__
                raise TopicUnavailable(f"Kafka refuses the topic: {reason}") from error
            producer = self._producer
            if producer is not None and producer._sender.sender_task.done():
                self._replace(producer)
            raise Transient(f"publish outcome unknown: {type(error).__name__}") from error

    def _note_timeout(self) -> None:
        now = _now()
        if self._timed_out_at <= self._confirmed_at:
            self._silent_since = now
        self._timed_out_at = now
        oldest = next(iter(self._under_way.values()), now)
        silent_since = max(self._confirmed_at, min(oldest, self._silent_since))
        if self._producer is not None and now - silent_since >= self._patience_s:
            self._replace(self._producer)

    async def _connect(self) -> None:
        producer = await open_producer(self._bootstrap)
        self._queue = ProducerQueue(producer, lambda delivery: self._track(producer, delivery))
        self._under_way.clear()
        self._timed_out_at = self._confirmed_at
        self._producer = producer
        self._metrics.producers.inc()

    def _track(self, producer: AIOKafkaProducer, delivery: Delivery) -> None:
        def on_end(delivery: Delivery) -> None:
            self._under_way.pop(delivery, None)
            if delivery.cancelled():
                return
            error = delivery.exception()
            if error is None:
                self._confirmed_at = _now()
            elif not isinstance(error, TopicRefused):
                self._replace(producer)

        if producer is self._producer:
            self._under_way[delivery] = _now()
        delivery.add_done_callback(on_end)

    def _replace(self, broken: AIOKafkaProducer) -> None:
        """Begin to replace a producer that cannot go on, unless it is replaced already."""
        if broken is self._producer:
            self._producer = None
            self._rebuild_tried.clear()
            self._start_rebuild(broken)

    def _start_rebuild(self, broken: AIOKafkaProducer) -> None:
        self._rebuilding = asyncio.create_task(self._rebuild(broken))
        self._rebuilding.add_done_callback(partial(self._on_rebuild_end, broken))

    def _on_rebuild_end(self, broken: AIOKafkaProducer, rebuilding: asyncio.Task[None]) -> None:
        """Begin again when the task has ended without a producer, for whatever reason."""
        if self._producer is None and not self._stopped:
            error = None if rebuilding.cancelled() else rebuilding.exception()
            log.error("rebuild_ended", exc_info=error)
            self._start_rebuild(broken)

    async def _rebuild(self, broken: AIOKafkaProducer) -> None:
        log.warning("producer_rebuilt", under_way=len(self._under_way))
        await close_producer(broken, self._under_way)
        while self._producer is None:
            try:
                await self._connect()
            except Exception as error:
                if not isinstance(error, KafkaError | TimeoutError):
                    log.exception("producer_not_rebuilt")
                self._rebuild_tried.set()
                await asyncio.sleep(_RECONNECT_S)
        self._rebuild_tried.set()


def _now() -> float:
    return asyncio.get_running_loop().time()
