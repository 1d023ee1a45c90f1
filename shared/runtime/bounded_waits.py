"""Waits that end in time, and never end their own task, whatever a client of Kafka does.

`asyncio.timeout` cancels once and then waits for the work. While aiokafka closes a client it
swallows a cancellation at one place and waits without limit at the next; at a third it cancels a
task of its own and awaits it, which looks like the cancellation of the task that closes the client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog
from aiokafka.errors import KafkaError

log = structlog.get_logger("fenghuo.kafka_clients")
T = TypeVar("T")

_STOP_S = 3.0
_CANCELLATIONS = 3
_CANCELLATION_S = 0.2


async def wait_within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Return the result of `work`; raises TimeoutError, and what the work raises.

    After the time the work is cancelled, again where it swallows that, and then left alone. Work
    that was cancelled by something inside it has no result either.
    """
    task = asyncio.create_task(work)
    done: set[asyncio.Task[T]] = set()
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if done and not task.cancelled():
            return task.result()
    finally:
        for _ in range(_CANCELLATIONS):
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=_CANCELLATION_S)
        if not done:
            task.add_done_callback(_note_result)
    raise TimeoutError(f"no result within {seconds:g} s, or cancelled from within")


async def stop_client(client: Any) -> None:
    """Close the connections of any client of aiokafka within three seconds, whatever Kafka does."""
    stop = getattr(client, "stop", None) or client.close  # consumers and producers: `stop`
    try:
        await wait_within(_STOP_S, stop())
    except (KafkaError, OSError) as error:  # a TimeoutError is an OSError
        log.warning("closed_hard", error=repr(error))


def _note_result(task: asyncio.Task[Any]) -> None:
    """Take the result of work that nobody waits for."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.debug("late_failure", error=repr(error))
