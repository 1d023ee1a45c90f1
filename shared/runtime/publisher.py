"""The one producer of a process: acks=all, idempotent, every send bounded in time.

A send that is not confirmed in time has an unknown outcome: the caller sends the same ids again, readers
drop repeats. The producer goes on trying meanwhile, in order, and what comes after goes behind; partitions
that Kafka takes are not held up by one that has no leader for a while. A producer is thrown away and a new
one made only when it cannot go on: a refused batch leaves a gap in its partition's sequence, behind which
Kafka takes nothing more of this producer (aiokafka #1017, docs/sources.md S32), and what has waited
beyond all patience must end.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import structlog
from aiokafka import AIOKafkaClient, AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    ProducerClosed,
    RecordListTooLargeError,
)

from shared.contracts.fields import Contract
from shared.contracts.topics import TopicSpec
from shared.runtime.errors import Transient, Unsendable
from shared.runtime.handing import (
    MOST_REQUEST_BYTES,
    Delivery,
    Handing,
    Outgoing,
    check_sizes,
    partition_of,
)
from shared.runtime.metrics import RuntimeMetrics

__all__ = ["Outgoing", "Publisher", "Sending", "encode", "outgoing", "partition_of"]

log = structlog.get_logger("fenghuo.publisher")

PATIENCE_S = 30.0
"""How long a batch may be under way: longer than a broker's session and the choice of another leader."""
_MOST_WAITING_BYTES = 64 * 1_048_576
"""With more that cannot be handed over yet, further callers are sent away at once."""
_SILENT_S = 1.0
"""Longer than this Kafka is silent, when a send has run out of time and nothing was confirmed since."""
_FLUSH_S = 2.0
_CLOSE_S = 5.0
_CONNECT_S = 10.0
_ASK_EVERY_S = 0.1


class Sending(NamedTuple):
    """Records that a producer has been handed; how many of each topic."""

    producer: AIOKafkaProducer
    waiting: list[Delivery]
    counts: Counter[str]


def outgoing(spec: TopicSpec, key: str, message: Contract) -> Outgoing:
    """A message of the topics table as a record; absent optional fields are left out."""
    return Outgoing(spec.name, key.encode(), encode(message))


def encode(message: Contract) -> bytes:
    """The wire form of a message."""
    return message.to_wire()


class Publisher:
    """Sends records and awaits their acknowledgement."""

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
        self._handing: Handing | None = None
        self._rebuilding: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()
        self._tried.set()
        self._under_way: dict[Delivery, float] = {}
        self._waiting_bytes = 0
        self._confirmed_at = 0.0
        self._timed_out_at = 0.0
        self._silent_since = 0.0

    async def start(self) -> None:
        """Connect; raises KafkaError when the broker cannot be reached."""
        await self._connect()

    async def stop(self) -> None:
        """Flush and close, within the time limit."""
        if self._rebuilding is not None:
            self._rebuilding.cancel()
        self._tried.set()
        producer, self._producer = self._producer, None
        if producer is not None:
            await self._close(producer)

    def ready(self) -> str | None:
        """For /readyz: fine while Kafka confirms anything."""
        if self._producer is None:
            return "the Kafka producer is being rebuilt"
        waits = self._timed_out_at > self._confirmed_at
        silent = waits and _now() - self._confirmed_at > _SILENT_S
        return "Kafka has confirmed nothing since a send ran out of time" if silent else None

    @property
    def present(self) -> AIOKafkaProducer:
        """The producer of now; raises Transient while there is none."""
        if self._producer is None:
            raise Transient("the producer is being rebuilt")
        return self._producer

    async def send(self, records: Iterable[Outgoing]) -> list[int]:
        """Send all, in order per partition, and wait until Kafka has every one.

        Returns Kafka's times of what was sent, in milliseconds since 1970. Raises Transient when it
        is not known within the time limit whether Kafka has it: send the same again; Unsendable for a
        record that Kafka never takes, then none may have been sent.
        """
        async with self._bounded():
            if self._producer is None:
                await self._tried.wait()
            sending = await self._begin(self.present, records)
            await self._arrive(sending)
        return [future.result().timestamp for future in sending.waiting]

    async def begin(self, producer: AIOKafkaProducer, records: Iterable[Outgoing]) -> Sending:
        """Hand all to this producer, in order per partition; `arrived` is still to be waited for.

        What is begun afterwards with the same producer comes behind them, or not at all when they fail:
        it is idempotent, and when Kafka has refused a batch there is another one. Raises as `send` does.
        """
        async with self._bounded():
            return await self._begin(producer, records)

    async def arrived(self, sending: Sending) -> None:
        """Wait until Kafka has every one; raises as `send` does."""
        async with self._bounded():
            await self._arrive(sending)

    async def _begin(self, producer: AIOKafkaProducer, records: Iterable[Outgoing]) -> Sending:
        if producer is not self._producer or self._handing is None:
            raise Transient("the producer has been rebuilt")
        outgoings = list(records)
        size = check_sizes(outgoings)
        if self._waiting_bytes and self._waiting_bytes + size > _MOST_WAITING_BYTES:
            raise Transient("busy: too much waits for Kafka already")
        self._waiting_bytes += size
        try:
            futures = await self._handing.hand(outgoings)
        finally:
            self._waiting_bytes -= size
        return Sending(producer, futures, Counter(record.topic for record in outgoings))

    async def _arrive(self, sending: Sending) -> None:
        if sending.waiting:
            # Not gather: it would give up what is under way together with its caller.
            await asyncio.wait(sending.waiting, return_when=asyncio.FIRST_EXCEPTION)
        for delivery in sending.waiting:
            if delivery.cancelled():
                raise ProducerClosed
            if delivery.done() and (error := delivery.exception()) is not None:
                raise error
        for topic, count in sending.counts.items():
            self._metrics.published.labels(topic).inc(count)

    @asynccontextmanager
    async def _bounded(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeout_s):
                yield
        except TimeoutError as error:
            self._note_time_out()
            raise Transient(f"not confirmed within {self._timeout_s:g} s") from error
        except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
            raise Unsendable(str(error) or type(error).__name__) from error
        except KafkaError as error:
            producer = self._producer
            if producer is not None and producer._sender.sender_task.done():
                self._throw_away(producer)
            raise Transient(f"publish outcome unknown: {type(error).__name__}") from error

    def _note_time_out(self) -> None:
        now = _now()
        if self._timed_out_at <= self._confirmed_at:
            self._silent_since = now
        self._timed_out_at = now
        oldest = next(iter(self._under_way.values()), now)
        if self._producer is not None and now - min(oldest, self._silent_since) >= self._patience_s:
            self._throw_away(self._producer)

    async def _connect(self) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_request_size=MOST_REQUEST_BYTES,
            max_batch_size=131_072,
            request_timeout_ms=5_000,
            retry_backoff_ms=100,
        )
        # While a partition has no leader aiokafka drops its batches after a request's time, which leaves a
        # gap; how long they are under way is decided here.
        producer._message_accumulator._batch_ttl = float("inf")
        _ask_calmly(producer.client)
        try:
            async with asyncio.timeout(_CONNECT_S):
                await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._handing = Handing(producer, lambda delivery: self._begun(producer, delivery))
        self._under_way.clear()
        self._timed_out_at = self._confirmed_at
        self._producer = producer
        self._metrics.producers.inc()

    def _begun(self, producer: AIOKafkaProducer, delivery: Delivery) -> None:
        def ended(delivery: Delivery) -> None:
            self._under_way.pop(delivery, None)
            if delivery.cancelled():
                return
            if delivery.exception() is None:
                self._confirmed_at = _now()
            else:
                self._throw_away(producer)

        if producer is self._producer:
            self._under_way[delivery] = _now()
        delivery.add_done_callback(ended)

    def _throw_away(self, broken: AIOKafkaProducer) -> None:
        """Let go of a producer that cannot go on, unless that has been done."""
        if broken is self._producer:
            self._producer = None
            self._tried.clear()
            self._rebuilding = asyncio.create_task(self._rebuild(broken))

    async def _rebuild(self, broken: AIOKafkaProducer) -> None:
        log.warning("producer_rebuilt", under_way=len(self._under_way))
        await self._close(broken)
        while self._producer is None:
            try:
                await self._connect()
            except Exception as error:
                if not isinstance(error, KafkaError | TimeoutError):
                    log.exception("producer_not_rebuilt")
                self._tried.set()
                await asyncio.sleep(0.5)
        self._tried.set()

    async def _close(self, producer: AIOKafkaProducer) -> None:
        """Wait a moment for what Kafka is about to confirm, then close, whatever else happens."""
        begun_after = _now() - _FLUSH_S
        young = [future for future, begun_at in self._under_way.items() if begun_at >= begun_after]
        if young:
            await asyncio.wait(young, timeout=_FLUSH_S)
        futures: Sequence[Delivery] = [future for future in self._under_way if not future.done()]
        # stop() waits for all that is under way, which is for ever while a partition has no leader.
        if not futures and await _ends(producer.stop()):
            return
        # What it still holds must not be delivered behind the back of its successor.
        log.warning("producer_closed_hard", held=len(futures))
        producer._closed = producer._message_accumulator._closed = True
        await _ends(producer._sender.close())
        await _ends(producer.client.close())
        for delivery in futures:
            delivery.cancel()


def _ask_calmly(client: AIOKafkaClient) -> None:
    """While a partition has no leader aiokafka asks who leads it as often as it is answered, 5,000 times/s."""
    update = client._metadata_update
    asked_at = 0.0

    async def calmly(*given: Any) -> bool:
        nonlocal asked_at
        await asyncio.sleep(asked_at + _ASK_EVERY_S - _now())
        asked_at = _now()
        return bool(await update(*given))

    client._metadata_update = calmly


async def _ends(closing: Coroutine[Any, Any, None]) -> bool:
    """Whether this part of closing ended well and in time; the rest is closed in any case."""
    try:
        async with asyncio.timeout(_CLOSE_S):
            await closing
    except Exception as error:
        if not isinstance(error, KafkaError | TimeoutError):
            log.exception("producer_close_failed")
        return False
    return True


def _now() -> float:
    return asyncio.get_running_loop().time()
