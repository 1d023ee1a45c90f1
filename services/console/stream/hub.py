"""Fan-out of the feed: one poller per process, one position per stream, one list of recent events.

Streams of a group (filter.py) receive identical bytes. A client that does not read gets nothing
more; when it reads again, it continues with the recent events. Where these do not reach back far
enough, the client has to load everything again. A slow screen therefore costs its unread bytes
only, at most `MOST_UNREAD` and one slice, and no event is lost unnoticed.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from operator import attrgetter
from typing import Protocol

import structlog
from pydantic_core import to_json

from services.console.core.access import Viewer
from services.console.core.names import Names
from services.console.core.record import Record
from services.console.stream.filter import FilterKey, StreamFilter
from services.console.stream.views import event_as_allowed
from shared.runtime.errors import Transient
from shared.runtime.stream_connection import Chunk

log = structlog.get_logger("fenghuo.console.feed")

Read = Callable[[int, int], Awaitable[Sequence[Record]]]
"""Returns the events after a seq, the oldest first, at most the given number."""
POLL_S = 0.25
MOST_UNREAD = 16 * 1024
"""Most unread bytes of a client that is still written to."""
SLICE = 16 * 1024
"""Size in bytes at which a chunk is complete."""
KEEP = 2_000
"""Number of recent events kept for returning and slow streams."""
_PAUSE_S = 0.05
_BATCH = 1_000
_AT_ONCE = 200
"""Number of streams that are written to before other tasks run."""
_seq = attrgetter("seq")


class Sink(Protocol):
    """The connection of a client (shared.runtime.stream_connection.StreamConnection)."""

    @property
    def buffered_bytes(self) -> int:
        """The number of bytes that the client has not read."""
        ...

    def write(self, chunk: Chunk) -> None:
        """Send a chunk without waiting."""
        ...


def event(name: str, data: bytes, seq: int | None = None) -> bytes:
    """Return a server-sent event; `data` has no line breaks, `seq` is the position to resume at."""
    head = b"" if seq is None else b"id: %d\n" % seq
    return b"%bevent: %b\ndata: %b\n\n" % (head, name.encode(), data)


class Stream:
    """One open stream and the position up to which it has been written."""

    __slots__ = ("own", "position", "shared", "sink", "viewer")

    def __init__(self, viewer: Viewer, status: str | None, sink: Sink, position: int = 0) -> None:
        self.viewer = viewer
        self.own = FilterKey.of(viewer, status)
        self.shared = self.own.shared()
        self.sink = sink
        self.position = position


class RecentEvent:
    """A committed event of the feed, encoded once for each way to show it."""

    __slots__ = ("_texts", "row", "seq")

    def __init__(self, row: Record) -> None:
        self.row = row
        self.seq: int = row["seq"]
        self._texts: dict[str, bytes] = {}

    def event(self, allowed: str, names: Names) -> bytes:
        """Return the server-sent event, with as much as the verdict allows."""
        text = self._texts.get(allowed)
        if text is None:
            text = event("line", to_json(event_as_allowed(self.row, allowed, names)), self.seq)
            self._texts[allowed] = text
        return text


class Hub:
    """Writes committed events of the feed to the open streams.

    `changed` is set by each commit in this process and cleared here. Commits of other processes are
    noticed by polling. `on_delay` is called with the commit time of the newest event of a round,
    `on_reset` for each stream that has to load everything again.
    """

    def __init__(
        self,
        read: Read,
        changed: asyncio.Event,
        names: Names,
        *,
        limit: int,
        on_delay: Callable[[datetime], None] = lambda _committed_at: None,
        on_reset: Callable[[], None] = lambda: None,
    ) -> None:
        self._read = read
        self._changed = changed
        self.names = names
        self._limit = limit
        self._on_delay = on_delay
        self._on_reset = on_reset
        self._admitted = 0
        self._streams: dict[Stream, None] = {}
        self._slow_streams: set[Stream] = set()
        self._events: list[RecentEvent] = []
        self._chunks: dict[tuple[FilterKey, int], tuple[Chunk | None, int]] = {}
        self._owners: dict[int, frozenset[str]] = {}
        self.position = 0
        """The seq of the last event that was written."""
        self.floor = 0
        """The first position at which a stream can resume without the database."""

    @property
    def full(self) -> bool:
        """True when no further stream may be opened."""
        return self._admitted >= self._limit

    @property
    def open(self) -> int:
        """The number of open streams."""
        return self._admitted

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Count one more stream as open, also before it is subscribed."""
        self._admitted += 1
        try:
            yield
        finally:
            self._admitted -= 1

    @contextmanager
    def subscribed(self, stream: Stream) -> Iterator[None]:
        """Write to the stream all that is committed after its position (`floor` or later)."""
        self._streams[stream] = None
        try:
            self._deliver(stream)
            yield
        finally:
            self._streams.pop(stream, None)
            self._slow_streams.discard(stream)

    def begin(self, position: int) -> None:
        """Write events after `position` only."""
        self.position = self.floor = position

    async def run(self) -> None:
        """Background loop; survives outages of the database."""
        while True:
            self._changed.clear()
            began = time.process_time()
            try:
                while await self.round() == _BATCH:
                    pass
            except Transient as error:
                log.warning("feed_retry", error=str(error))
                await asyncio.sleep(1)
            # At most half of the processor: events that arrive meanwhile are written together.
            await asyncio.sleep(max(_PAUSE_S, time.process_time() - began))
            try:
                async with asyncio.timeout(POLL_S - _PAUSE_S):
                    await self._changed.wait()
            except TimeoutError:
                pass

    async def round(self) -> int:
        """Write the events committed since the last round, and return their number."""
        rows = await self._read(self.position, _BATCH)
        if rows:
            self._append(rows)
            await self._write_to(list(self._streams))
            self._on_delay(rows[-1]["created_at"])
        elif self._slow_streams:
            await self._write_to(list(self._slow_streams))
        return len(rows)

    def _append(self, rows: Sequence[Record]) -> None:
        self._chunks.clear()
        self._owners.clear()
        self._events += map(RecentEvent, rows)
        self.position = self._events[-1].seq
        if (excess := len(self._events) - KEEP) > 0:
            self.floor = self._events[excess - 1].seq
            del self._events[:excess]

    async def _write_to(self, streams: Sequence[Stream]) -> None:
        for number, stream in enumerate(streams, 1):
            if stream in self._streams:
                self._deliver(stream)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        self._chunks.clear()

    def _deliver(self, stream: Stream) -> None:
        while stream.position < self.position:
            if stream.sink.buffered_bytes > MOST_UNREAD:
                self._slow_streams.add(stream)
                return
            if stream.position < self.floor:
                stream.sink.write(Chunk(event("reset", b"{}", self.position)))
                stream.position = self.position
                self._on_reset()
                break
            chunk, stream.position = self._next_chunk(stream)
            if chunk is not None:
                stream.sink.write(chunk)
        self._slow_streams.discard(stream)

    def _next_chunk(self, stream: Stream) -> tuple[Chunk | None, int]:
        """Return the next chunk of a stream and the position after it; made once for each key."""
        position = stream.position
        owners = self._owners.get(position)
        if owners is None:
            officer_ids = (event.row["officer_id"] for event in self._events_after(position))
            owners = self._owners[position] = frozenset(
                officer_id for officer_id in officer_ids if officer_id is not None
            )
        key = stream.own if stream.own.officer in owners else stream.shared
        chunk = self._chunks.get((key, position))
        if chunk is None:
            chunk = self._encode_chunk(position, StreamFilter(key, stream.viewer))
            self._chunks[key, position] = chunk
        return chunk

    def _events_after(self, position: int) -> list[RecentEvent]:
        return self._events[bisect_right(self._events, position, key=_seq) :]

    def _encode_chunk(self, position: int, stream_filter: StreamFilter) -> tuple[Chunk | None, int]:
        texts: list[bytes] = []
        size = 0
        for recent_event in self._events_after(position):
            position = recent_event.seq
            allowed = stream_filter.verdict(recent_event.row)
            if allowed is not None:
                texts.append(text := recent_event.event(allowed, self.names))
                size += len(text)
                if size >= SLICE:
                    break
        return (Chunk(b"".join(texts)) if texts else None), position
