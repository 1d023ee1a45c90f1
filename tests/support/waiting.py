"""Waiting for what a test expects. The fact ends the wait; the limit is the last resort."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE_S = 300
"""Far beyond what a slow and loaded machine needs for anything that a test waits for."""
_SLOWER = 10
"""How many times slower than an idle one a machine may be."""


async def until(condition: Callable[[], bool], limit_s: float = 20) -> None:
    """Return once `condition` holds.

    `limit_s` seconds are ample on an idle machine; raises TimeoutError after ten times as long.
    """
    async with asyncio.timeout(limit_s * _SLOWER):
        while not condition():
            await asyncio.sleep(0.02)
