"""Opening and closing of a producer, with the private parts of aiokafka that we change."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

import structlog
from aiokafka import AIOKafkaClient, AIOKafkaProducer, TopicPartition
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    TopicAuthorizationFailedError,
)

from shared.runtime.bounded_waits import stop_client, wait_within
from shared.runtime.outbound_records import MAX_REQUEST_BYTES
from shared.runtime.producer_queue import Delivery

log = structlog.get_logger("fenghuo.publisher")

_FLUSH_S = 2.0
_CLOSE_S = 5.0
_CONNECT_S = 10.0
_METADATA_INTERVAL_S = 0.1


async def open_producer(bootstrap: str) -> AIOKafkaProducer:
    """Return a connected producer: acks=all, idempotent. Raises KafkaError or TimeoutError."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_request_size=MAX_REQUEST_BYTES,
        max_batch_size=131_072,
        request_timeout_ms=5_000,
        retry_backoff_ms=100,
    )
    # While a partition has no leader aiokafka drops its batches after a request's time, which
    # leaves a gap; the publisher decides how long a batch is under way.
    producer._message_accumulator._batch_ttl = float("inf")
    _return_sequences(producer)
    _limit_metadata_requests(producer.client)
    try:
        await wait_within(_CONNECT_S, producer.start())
    except BaseException:
        await stop_client(producer)
        raise
    return producer


async def close_producer(producer: AIOKafkaProducer, under_way: Mapping[Delivery, float]) -> None:
    """Wait a moment for what Kafka is about to confirm, then close, whatever else happens.

    `under_way`: when each delivery began, by the event loop's time; it shrinks as deliveries end.
    """
    flush_from = asyncio.get_running_loop().time() - _FLUSH_S
    recent = [delivery for delivery, begun_at in under_way.items() if begun_at >= flush_from]
    if recent:
        await asyncio.wait(recent, timeout=_FLUSH_S)
    unconfirmed = [delivery for delivery in under_way if not delivery.done()]
    # stop() waits for everything under way, which never ends while a partition has no leader.
    if not unconfirmed and await _closes(producer.stop()):
        return
    # The records that it holds must not be delivered after those of its successor.
    log.warning("producer_closed_hard", held=len(unconfirmed))
    producer._closed = producer._message_accumulator._closed = True
    await _closes(producer._sender.close())
    await _closes(producer.client.close())
    for delivery in unconfirmed:
        delivery.cancel()


class TopicRefused(KafkaError):  # type: ignore[misc]
    """Kafka has refused a batch because of the topic, at the first attempt; the producer goes on.

    Kafka has no record of the batch.
    """


_REFUSALS = (TopicAuthorizationFailedError, InvalidTopicError)


def _return_sequences(producer: AIOKafkaProducer) -> None:
    """Let a batch that Kafka refuses because of its topic take no sequence numbers.

    aiokafka leaves a gap there, and Kafka takes nothing more for the partition (aiokafka #1017).
    Only one batch of a partition is under way: later batches have no numbers yet, and fail too, or
    they would overtake. A batch of a second attempt may be in the log already, and keeps the
    numbers.
    """
    manager, accumulator = producer._txn_manager, producer._message_accumulator
    pop = accumulator._pop_batch

    def pop_batch(partition: TopicPartition) -> Any:
        batch = pop(partition)
        fail = batch.failure

        def failure(exception: BaseException) -> None:
            if isinstance(exception, _REFUSALS) and batch.retry_count == 1:
                manager.increment_sequence_number(partition, -batch.record_count)
                exception = TopicRefused(type(exception).__name__)
                for later_batch in accumulator._batches.pop(partition, ()):
                    later_batch.failure(exception)
            fail(exception=exception)

        if batch.retry_count == 1:
            batch.failure = failure
        return batch

    accumulator._pop_batch = pop_batch


def _limit_metadata_requests(client: AIOKafkaClient) -> None:
    """Limit requests for a leader: without one aiokafka asks Kafka 5,000 times a second."""
    update = client._metadata_update
    requested_at = 0.0

    async def limited_update(*arguments: Any) -> bool:
        nonlocal requested_at
        loop = asyncio.get_running_loop()
        await asyncio.sleep(requested_at + _METADATA_INTERVAL_S - loop.time())
        requested_at = loop.time()
        return bool(await update(*arguments))

    client._metadata_update = limited_update


async def _closes(closing: Coroutine[Any, Any, None]) -> bool:
    """Return whether this step of closing succeeds in time; the next steps follow in any case."""
    try:
        await wait_within(_CLOSE_S, closing)
    except Exception as error:
        if not isinstance(error, KafkaError | TimeoutError):
            log.exception("producer_close_failed")
        return False
    return True
