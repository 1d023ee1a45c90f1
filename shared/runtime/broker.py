"""FastStream's broker with every default that we must not leave as it is, each with its reason."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaAckableMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber
from faststream.middlewares import AckPolicy
from faststream.security import BaseSecurity

from shared.contracts.topics import TopicSpec
from shared.runtime.fetching.consumer import ISOLATION, CheckedConsumer
from shared.runtime.fetching.partition_records import OrdinaryRecords, RecordReader

LOGGER = "fenghuo.faststream"

PARTITIONS_AT_ONCE = 2
"""A fetch reads so many partitions when all have much; aiokafka asks in another order each time."""
BatchCallback = Callable[[list[ConsumerRecord]], Awaitable[None]]
_AFTER_ERROR_S = 0.5


class CheckedBroker(KafkaBroker):
    """A KafkaBroker with consumers of our class: KafkaBroker has no argument for the class."""

    bootstrap: str
    """The addresses of Kafka, for clients beside the consumers."""

    async def _connect(self) -> Callable[..., AIOKafkaConsumer]:
        connect = await super()._connect()
        config: Any = self.config.broker_config
        config.builder = partial(CheckedConsumer, **getattr(connect, "keywords", {}))
        return config.builder  # type: ignore[no-any-return]


def make_broker(
    bootstrap: str, service: str, security: BaseSecurity | None = None
) -> CheckedBroker:
    """Return a consuming broker; publishing goes through shared.runtime.publisher alone."""
    broker = CheckedBroker(
        bootstrap.split(","),
        client_id=f"fenghuo-{service}",
        consumer_only=True,  # one producer per process, and FastStream's cannot be rebuilt
        ack_policy=AckPolicy.MANUAL,  # the default commits before the handler runs
        allow_auto_create_topics=False,  # topics come from the table, with their settings
        apply_types=False,  # the platform decodes records, each by itself
        graceful_timeout=20.0,
        logger=logging.getLogger(LOGGER),  # its own would write colours to stderr
        log_level=logging.DEBUG,  # hides two lines a message, keeps errors
        security=security,
    )
    broker.bootstrap = bootstrap
    return broker


async def wrap_batch(
    records: tuple[ConsumerRecord, ...], _original: object = None
) -> KafkaAckableMessage:
    """Parse a batch without its headers, so that no header can make a record vanish.

    The cause is FastStream #2458 (docs/sources.md S34).
    """
    return KafkaAckableMessage(
        body=[],
        headers={},
        batch_headers=[],
        reply_to="",
        content_type=None,
        message_id="",
        correlation_id="",
        raw_message=records,
        path={},
        consumer=FAKE_CONSUMER,
    )


async def raw_records(message: Any, _original: object = None) -> list[ConsumerRecord]:
    """Decode a batch: return its records as they are."""
    return list(message.raw_message)


def subscribe(
    broker: KafkaBroker,
    topics: Sequence[TopicSpec],
    *,
    group: str,
    instance_id: str | None,
    listener: ConsumerRebalanceListener,
    callback: BatchCallback,
    on_error: Callable[[KafkaError], None],
    max_records: int = 500,
    batch_timeout_ms: int = 20,
    fetch_batches: int = 1,
    reader: RecordReader = OrdinaryRecords,
) -> BatchSubscriber:
    """Return a batch subscriber over `topics`; the callback commits offsets, explicitly.

    `on_error`: called when a poll fails; the next poll follows soon. `fetch_batches`: how many
    batches of a topic's largest size one fetch takes from a partition. `reader` makes the records
    of a fetch.
    """
    most_bytes = fetch_batches * max(spec.max_bytes for spec in topics)
    subscriber = broker.subscriber(
        *[spec.name for spec in topics],
        batch=True,
        group_id=group,
        group_instance_id=instance_id,  # back within half a second after kill -9, not ten
        listener=listener,
        ack_policy=AckPolicy.MANUAL,
        include_in_schema=False,  # the document follows from the table of topics
        no_reply=True,  # a sender's reply_to header must not make us publish
        parser=wrap_batch,
        decoder=raw_records,
        auto_offset_reset="earliest",  # never jump to the end; the handler checks every offset
        isolation_level=ISOLATION,
        max_records=max_records,
        batch_timeout_ms=batch_timeout_ms,  # slept again after each empty poll
        partition_assignment_strategy=(StickyPartitionAssignor,),
        # Batches as large as the topic takes them, no more, and not of all partitions at once: the
        # whole answer lies in memory, several times while it is read.
        max_partition_fetch_bytes=most_bytes,
        fetch_max_bytes=PARTITIONS_AT_ONCE * most_bytes,
        fetch_max_wait_ms=250,
        session_timeout_ms=10_000,
        heartbeat_interval_ms=2_000,
    )
    # FastStream passes these settings on to the consumer's class and has no argument for this one.
    subscriber._connection_args["reader"] = reader

    poll = subscriber.get_msg

    async def get_msg(consumer: AIOKafkaConsumer) -> tuple[ConsumerRecord, ...]:
        """Poll; FastStream itself would sleep five or fifteen seconds after an error."""
        try:
            records: tuple[ConsumerRecord, ...] = await poll(consumer)
        except KafkaError as error:
            on_error(error)
            await asyncio.sleep(_AFTER_ERROR_S)
            return ()
        return records

    subscriber.get_msg = get_msg  # type: ignore[method-assign]

    async def batch(records: Any) -> None:
        await callback(records)

    subscriber(batch)
    assert isinstance(subscriber, BatchSubscriber)
    return subscriber
