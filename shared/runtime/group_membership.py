"""Membership of a consumer group: whether the group still counts this process as an owner.

Kafka takes a commit from members of the present generation only. So a commit that Kafka has taken
says that the partitions had no other owner by then, and a later owner reads everything stored
before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, KafkaError

from shared.runtime.errors import LostOwnership, Transient

log = structlog.get_logger("fenghuo.membership")

_TIMEOUT_S = 5.0
_GRACE_S = 2.0
"""A fifth of the time that the group waits for a member."""
T = TypeVar("T")


async def confirm(consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int]) -> None:
    """Return when the group has taken a commit of these offsets.

    Raises LostOwnership when it refuses the commit, Transient when it does not answer.
    """
    if not offsets:
        return
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await consumer.commit(dict(offsets))
    except CommitFailedError as error:
        raise LostOwnership(f"the group has other owners: {error.__cause__!r}") from error
    except (KafkaError, TimeoutError) as error:
        raise Transient(f"the group does not answer: {error!r}") from error


async def is_lost(consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int]) -> bool:
    """Return whether the group refuses a commit of these offsets; no answer is no refusal."""
    try:
        await confirm(consumer, offsets)
    except LostOwnership:
        return True
    except Transient as error:
        log.warning("membership_unknown", error=str(error))
    return False


def is_joined(consumer: AIOKafkaConsumer) -> bool:
    """Return whether the group counts this process as a member, as far as the process knows.

    A consumer that has not finished its start has no coordinator yet.
    """
    subscription, coordinator = consumer._subscription.subscription, consumer._coordinator
    if subscription is None or coordinator is None:
        return False
    return not coordinator.need_rejoin(subscription)


async def before_rebalance(consumer: AIOKafkaConsumer, work: Coroutine[None, None, T]) -> T | None:
    """Return the result of the work within `on_partitions_assigned`.

    A rebalance that begins earlier cancels the work after `_GRACE_S`; then the result is None. To
    go on would keep the group waiting, or cost the place in the group. Short work ends undisturbed:
    a cancelled statement of Postgres costs a session. Raises the errors of the work.
    """
    task = asyncio.create_task(work)
    rebalance = consumer._coordinator._rejoin_needed_fut
    try:
        await asyncio.wait({task, rebalance}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            await asyncio.wait({task}, timeout=_GRACE_S)
        return task.result() if task.done() else None
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


def start_heartbeats(consumer: AIOKafkaConsumer) -> None:
    """Send heartbeats from now on, within `on_partitions_assigned`.

    aiokafka begins when that method returns, and restoring state may take longer than a session
    lasts.
    """
    consumer._coordinator._start_heartbeat_task()
