"""Threads of one channel's own, for libraries that wait: a stuck carrier takes none from another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from services.notify.channels.port import AT_ONCE
from shared.contracts.pages import Channel

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """As many as the channel has attempts at once; a thread is made when it is needed first."""

    def __init__(self, channel: Channel) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=channel)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: work(*args, **kwargs))

    def close(self) -> None:
        """Take nothing more; what is under way ends by its own time limit."""
        self._pool.shutdown(wait=False, cancel_futures=True)
