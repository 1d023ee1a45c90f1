"""Priority on the event loop: a decision that Postgres waits for goes before background work.

A service reads the next records and publishes the last ones beside the transaction under way, in
small portions. A portion that runs while a transaction decides keeps Postgres waiting; a portion
that runs while the transaction waits for Postgres costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class LoopPriority:
    """The priority of one process. A holder gives it back whenever it waits for something else."""

    def __init__(self) -> None:
        self._holders = 0
        self._free = asyncio.Event()
        self._free.set()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the priority; `wait_until_free` does not return meanwhile. Several may hold it."""
        self._holders += 1
        self._free.clear()
        try:
            yield
        finally:
            self._holders -= 1
            if not self._holders:
                self._free.set()

    async def wait_until_free(self) -> None:
        """Return when nobody holds the priority; other tasks have a turn in any case."""
        await asyncio.sleep(0)
        await self._free.wait()
