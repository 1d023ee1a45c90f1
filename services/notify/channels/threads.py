"""The threads of one channel, for libraries that block: a stuck carrier blocks no other channel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from services.notify.channels.port import MAX_ATTEMPTS_AT_ONCE
from shared.contracts.pages import Channel

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """A pool with a thread for each attempt of the channel at once; threads start on demand."""

    def __init__(self, channel: Channel) -> None:
        self._pool = ThreadPoolExecutor(MAX_ATTEMPTS_AT_ONCE, thread_name_prefix=channel)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `function` in a thread and return its result."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: function(*args, **kwargs))

    def close(self) -> None:
        """Accept no further calls; the running ones end by their own time limits."""
        self._pool.shutdown(wait=False, cancel_futures=True)
