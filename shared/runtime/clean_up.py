"""Clean-up steps with names: a step that fails says which part it was stopping."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import structlog

log = structlog.get_logger("fenghuo.clean_up")

Stop = Callable[[], Awaitable[object]]


def push_stop(stack: AsyncExitStack, name: str, stop: Stop) -> None:
    """Push a step on the stack; an error of `stop` is logged with the name and raised."""

    async def named_stop() -> None:
        try:
            await stop()
        except Exception:
            log.exception("stop_failed", part=name)
            raise

    stack.push_async_callback(named_stop)
