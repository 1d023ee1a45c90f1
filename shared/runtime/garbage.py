"""Cyclic garbage, and the memory that a process gives back to the system.

A failed connection, a cancelled fetch and their tracebacks refer to each other and to the bytes
that they held. Python's own collector finds them by the number of objects, which says nothing
about their bytes: tens of MiB were waiting for it.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
from collections.abc import Callable

COLLECTION_INTERVAL_S = 60.0


def settle_garbage() -> None:
    """Exclude the objects that exist now from garbage collection; call when the tables are loaded.

    Examining a city's units with every few hundred messages took as long as handling the messages.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def collect_garbage(interval_s: float = COLLECTION_INTERVAL_S) -> None:
    """Collect garbage for ever, every so many seconds, and give unused memory back.

    Only objects made after `settle_garbage` are examined: milliseconds.
    """
    trim = _find_trim()
    while True:
        await asyncio.sleep(interval_s)
        gc.collect()
        trim(0)


def _find_trim() -> Callable[[int], int]:
    """Return `malloc_trim` of the C library glibc; a function without effect for others."""
    trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim or (lambda _: 0)
