"""Fan-out of the feed: one poller per process, one bounded queue per open stream.

A client that does not keep up is cut; it comes back with the id of its last line and reads on from the
database. So a stalled screen costs one queue and no line is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import structlog
from pydantic_core import to_json

from services.console.core.access import Viewer
from services.console.core.feed_views import as_allowed, verdict
from services.console.core.names import Names
from services.console.core.record import Record
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.console.feed")

Read = Callable[[int, int], Awaitable[Sequence[Record]]]
"""Lines behind a seq, at most so many, oldest first."""
POLL_S = 0.25
_PAUSE_S = 0.05
_BATCH = 1_000


class Stream:
    """One open client. `overrun` is set when it was too slow."""

    def __init__(self, viewer: Viewer, status: str | None, size: int) -> None:
        self.viewer = viewer
        self.status = status
        self.queue: asyncio.Queue[tuple[int, str]] = asyncio.Queue(size)
        self.overrun = asyncio.Event()

    def verdict(self, row: Record) -> str | None:
        """How this client may see a line (feed_views.py); None when it is not for it."""
        if self.status is not None and row["status"] != self.status:
            return None
        return verdict(row, self.viewer)


def encoded(row: Record, allowed: str, names: Names) -> str:
    """The line as JSON text, as much of it as the verdict allows."""
    return to_json(as_allowed(row, allowed, names)).decode()


class Hub:
    """Hands committed lines to the open streams.

    `changed` is set by whoever commits in this process and cleared here; other processes' commits are
    found by polling.
    """

    def __init__(
        self,
        read: Read,
        changed: asyncio.Event,
        names: Names,
        *,
        limit: int,
        delayed: Callable[[datetime], None] = lambda _committed_at: None,
        cut: Callable[[], None] = lambda: None,
    ) -> None:
        self._read = read
        self._changed = changed
        self.names = names
        self._limit = limit
        self._delayed = delayed
        self._cut = cut
        self._streams: set[Stream] = set()
        self.position = 0
        """Seq of the last line handed out."""

    @property
    def full(self) -> bool:
        """Whether no further stream may be opened."""
        return len(self._streams) >= self._limit

    @property
    def open(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    @contextmanager
    def subscribed(self, stream: Stream) -> Iterator[None]:
        """Within, the stream gets what is committed from now on."""
        self._streams.add(stream)
        try:
            yield
        finally:
            self._streams.discard(stream)

    def begin(self, position: int) -> None:
        """Hand out lines behind `position` only."""
        self.position = position

    async def run(self) -> None:
        """Background loop; survives outages of the database."""
        while True:
            self._changed.clear()
            try:
                while await self.round() == _BATCH:
                    pass
            except Transient as error:
                log.warning("feed_retry", error=str(error))
                await asyncio.sleep(1)
            await asyncio.sleep(_PAUSE_S)
            try:
                async with asyncio.timeout(POLL_S - _PAUSE_S):
                    await self._changed.wait()
            except TimeoutError:
                pass

    async def round(self) -> int:
        """Hand out what was committed since the last round; the number of lines."""
        rows = await self._read(self.position, _BATCH)
        for row in rows:
            self.position = row["seq"]
            self._hand_out(row)
        if rows:
            self._delayed(rows[-1]["created_at"])
        return len(rows)

    def _hand_out(self, row: Record) -> None:
        texts: dict[str, str] = {}
        for stream in list(self._streams):
            allowed = stream.verdict(row)
            if allowed is None:
                continue
            if allowed not in texts:
                texts[allowed] = encoded(row, allowed, self.names)
            try:
                stream.queue.put_nowait((row["seq"], texts[allowed]))
            except asyncio.QueueFull:
                self._streams.discard(stream)
                stream.overrun.set()
                self._cut()
