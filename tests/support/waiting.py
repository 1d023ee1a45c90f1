"""Waiting for what a test expects, with a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], bool], limit_s: float = 20) -> None:
    """Return once `condition` holds; raises TimeoutError after `limit_s` seconds."""
    async with asyncio.timeout(limit_s):
        while not condition():
            await asyncio.sleep(0.02)
