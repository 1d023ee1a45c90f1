"""Endless loops that run beside a service; the process ends with the first of them that ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog

from shared.runtime.errors import exit_process

log = structlog.get_logger("fenghuo.background")

BackgroundLoop = Callable[[], Coroutine[Any, Any, None]]
NamedLoop = tuple[str, BackgroundLoop]


@asynccontextmanager
async def background(*loops: NamedLoop) -> AsyncIterator[None]:
    """Run loops beside the body; a loop that ends or raises ends the process and is named.

    A loop has also ended if a library has cancelled something that the loop waits for.
    """
    tasks = [asyncio.create_task(loop(), name=name) for name, loop in loops]
    is_stopping = False

    def on_end(task: asyncio.Task[None]) -> None:
        if is_stopping:
            return
        error: BaseException | None
        try:
            error = task.exception()
        except asyncio.CancelledError as cancelled:
            error = cancelled
        log.error("loop_failed", loop=task.get_name(), exc_info=error)
        exit_process(f"the loop {task.get_name()} ended: {error!r}")

    for task in tasks:
        task.add_done_callback(on_end)
    try:
        yield
    finally:
        is_stopping = True
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
