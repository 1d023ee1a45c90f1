"""Who goes first on the event loop: decisions that Postgres waits for, or what only has to be done some time.

A service reads the next records and publishes the last ones beside the transaction that is under way, in
slices. A slice taken while a transaction decides keeps Postgres waiting; one taken while it waits for Postgres
costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class RightOfWay:
    """One of a process. Who has it is to give it back whenever he waits for something else."""

    def __init__(self) -> None:
        self._holders = 0
        self._free = asyncio.Event()
        self._free.set()

    @contextmanager
    def held(self) -> Iterator[None]:
        """What waits in `free` goes on waiting; several may hold it at once."""
        self._holders += 1
        self._free.clear()
        try:
            yield
        finally:
            self._holders -= 1
            if not self._holders:
                self._free.set()

    async def free(self) -> None:
        """Return when nobody has it; in any case let others have a turn."""
        await asyncio.sleep(0)
        await self._free.wait()
