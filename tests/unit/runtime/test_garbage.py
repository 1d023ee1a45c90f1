"""Cyclic garbage of a service goes soon, however few objects it has."""

from __future__ import annotations

import asyncio
import gc
import weakref

from shared.runtime.garbage import collect_garbage


class Connection:
    """An object that refers to itself, as a failed connection does by its traceback."""

    def __init__(self) -> None:
        self.itself = self


async def test_a_cycle_that_python_would_keep_is_collected() -> None:
    thresholds = gc.get_threshold()
    gc.set_threshold(50_000, 20, 50)
    try:
        connection = Connection()
        collected = asyncio.Event()
        weakref.finalize(connection, collected.set)
        del connection
        assert not collected.is_set()
        async with asyncio.timeout(30):
            collection = asyncio.create_task(collect_garbage(0.01))
            await collected.wait()
        collection.cancel()
    finally:
        gc.set_threshold(*thresholds)
