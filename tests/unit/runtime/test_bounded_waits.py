"""Waits end in time although the work swallows its cancellation, as aiokafka's does."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from shared.runtime.bounded_waits import stop_client, wait_within


async def swallow(cancellations: int, end: asyncio.Event) -> None:
    """Wait for an event, and go on waiting after some cancellations."""
    for _ in range(cancellations):
        with suppress(asyncio.CancelledError):
            await end.wait()
    await end.wait()


@pytest.mark.parametrize("cancellations", [0, 1, 2])
async def test_work_that_swallows_a_cancellation_is_cancelled_again(cancellations: int) -> None:
    with pytest.raises(TimeoutError):
        await wait_within(0.01, swallow(cancellations, asyncio.Event()))
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_work_that_swallows_every_cancellation_is_left_alone() -> None:
    end = asyncio.Event()
    with pytest.raises(TimeoutError):
        await wait_within(0.01, swallow(99, end))
    (task,) = asyncio.all_tasks() - {asyncio.current_task()}
    end.set()
    await task


async def test_a_result_and_an_error_of_the_work_are_those_of_the_wait() -> None:
    async def work(error: Exception | None) -> int:
        await asyncio.sleep(0)
        if error is not None:
            raise error
        return 7

    assert await wait_within(60, work(None)) == 7
    with pytest.raises(ValueError, match="no"):
        await wait_within(60, work(ValueError("no")))


async def test_work_that_is_cancelled_from_within_does_not_cancel_the_wait() -> None:
    async def work() -> None:
        task = asyncio.create_task(asyncio.Event().wait())
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(TimeoutError):
        await wait_within(60, work())
    await asyncio.sleep(0)


async def test_a_client_that_cancels_its_own_tasks_is_stopped() -> None:
    """A fetch under way is cancelled and awaited by aiokafka; it ended the loop that stopped it."""

    class Fetching:
        async def stop(self) -> None:
            fetch = asyncio.create_task(asyncio.Event().wait())
            await asyncio.sleep(0)
            fetch.cancel()
            await fetch

    await stop_client(Fetching())
    await asyncio.sleep(0)


async def test_work_ends_with_the_task_that_waits_for_it() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.create_task(wait_within(60, work()))
    await asyncio.sleep(0.01)
    waiting.cancel()
    async with asyncio.timeout(5):
        await ended.wait()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_client_whose_connection_never_closes_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A connection that has bytes for a frozen node is not lost, and aiokafka waits for that."""
    monkeypatch.setattr("shared.runtime.bounded_waits._STOP_S", 0.05)
    consumer = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1")

    class FrozenConnection:
        def close(self, reason: Any = None) -> asyncio.Future[None]:
            return asyncio.get_running_loop().create_future()

    async def synchronise() -> None:
        """Metadata of a frozen node: the task takes a while to end."""
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0.2)

    consumer._client._conns = {(0, 0): FrozenConnection()}
    consumer._client._sync_task = asyncio.create_task(synchronise())
    await asyncio.sleep(0)
    await stop_client(consumer)
    assert asyncio.all_tasks() == {asyncio.current_task()}
