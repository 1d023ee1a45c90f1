"""Ends a process whose event loop no longer turns: nothing that runs on the loop could."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from shared.runtime.errors import exit_process

TURN_LIMIT_S = 30
"""Each blocking call on the loop is far shorter."""
_CHECK_S = 1.0


@contextmanager
def loop_watch(limit_s: float = TURN_LIMIT_S) -> Iterator[None]:
    """Watch the running loop from a thread while the body runs.

    The thread counts its own checks instead of asking a clock: a process that was paused as a whole
    has missed nothing.
    """
    loop = asyncio.get_running_loop()
    turned, stopped = threading.Event(), threading.Event()

    def watch() -> None:
        missed = 0
        while not stopped.wait(_CHECK_S):
            missed = 0 if turned.is_set() else missed + 1
            if missed * _CHECK_S >= limit_s:
                faulthandler.dump_traceback(all_threads=True)
                exit_process(f"the event loop has not turned for {limit_s:.0f} s")
            turned.clear()
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(turned.set)

    turned.set()
    threading.Thread(target=watch, name="loop watch", daemon=True).start()
    try:
        yield
    finally:
        stopped.set()
