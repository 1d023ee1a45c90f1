"""Fan-out of the feed: one poller per process, one position per open stream, recent lines kept once.

Who hears the same is written the same bytes. A client that does not take what it is sent is written no
more until it does, and then reads on from the recent lines; where those do not reach back far enough it
is told to load everything anew. So a slow screen costs what waits for it, at most `MOST_WAITING` and one
slice, and no line is lost unnoticed.
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
from services.console.core.audience import Audience, Ear
from services.console.core.feed_views import as_allowed
from services.console.core.names import Names
from services.console.core.record import Record
from shared.runtime.errors import Transient
from shared.runtime.stream_connection import Chunk

log = structlog.get_logger("fenghuo.console.feed")

Read = Callable[[int, int], Awaitable[Sequence[Record]]]
"""Lines behind a seq, at most so many, oldest first."""
POLL_S = 0.25
MOST_WAITING = 16 * 1024
"""Bytes a client may not have taken yet and still be written to."""
SLICE = 16 * 1024
"""Bytes after which a piece is not made longer."""
KEEP = 2_000
"""Recent lines kept for streams that come back or fall behind."""
_PAUSE_S = 0.05
_BATCH = 1_000
_AT_ONCE = 200
"""Streams written to before other work gets its turn."""
_seq = attrgetter("seq")


class Sink(Protocol):
    """A client's connection (shared.runtime.stream_connection.StreamConnection)."""

    @property
    def buffered_bytes(self) -> int:
        """Bytes the client has not taken."""
        ...

    def write(self, piece: Chunk) -> None:
        """Send a piece, never waiting."""
        ...


def event(name: str, data: bytes, seq: int | None = None) -> bytes:
    """A server-sent event; `data` without line breaks. `seq` is the position to resume at."""
    head = b"" if seq is None else b"id: %d\n" % seq
    return b"%bevent: %b\ndata: %b\n\n" % (head, name.encode(), data)


class Stream:
    """One open client and the position up to which it has been written."""

    __slots__ = ("own", "position", "shared", "sink", "viewer")

    def __init__(self, viewer: Viewer, status: str | None, sink: Sink, position: int = 0) -> None:
        self.viewer = viewer
        self.own = Audience.of(viewer, status)
        self.shared = self.own.shared()
        self.sink = sink
        self.position = position


class Line:
    """A committed line, as text once per verdict."""

    __slots__ = ("_texts", "row", "seq")

    def __init__(self, row: Record) -> None:
        self.row = row
        self.seq: int = row["seq"]
        self._texts: dict[str, bytes] = {}

    def event(self, allowed: str, names: Names) -> bytes:
        """The line's event, as much of it as the verdict allows."""
        text = self._texts.get(allowed)
        if text is None:
            text = event("line", to_json(as_allowed(self.row, allowed, names)), self.seq)
            self._texts[allowed] = text
        return text


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
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._read = read
        self._changed = changed
        self.names = names
        self._limit = limit
        self._delayed = delayed
        self._lost = lost
        self._admitted = 0
        self._streams: dict[Stream, None] = {}
        self._behind: set[Stream] = set()
        self._lines: list[Line] = []
        self._pieces: dict[tuple[Audience, int], tuple[Chunk | None, int]] = {}
        self._owners: dict[int, frozenset[str]] = {}
        self.position = 0
        """Seq of the last line handed out."""
        self.floor = 0
        """Positions from here on can be resumed at without the database."""

    @property
    def full(self) -> bool:
        """Whether no further stream may be opened."""
        return self._admitted >= self._limit

    @property
    def open(self) -> int:
        """How many streams are open."""
        return self._admitted

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Within, one more stream counts as open, whether or not it has come as far as to subscribe."""
        self._admitted += 1
        try:
            yield
        finally:
            self._admitted -= 1

    @contextmanager
    def subscribed(self, stream: Stream) -> Iterator[None]:
        """Within, the stream gets what is committed behind its position, `floor` or later."""
        self._streams[stream] = None
        try:
            self._deliver(stream)
            yield
        finally:
            self._streams.pop(stream, None)
            self._behind.discard(stream)

    def begin(self, position: int) -> None:
        """Hand out lines behind `position` only."""
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
            # Never more than half of our processor: what comes meanwhile is written together.
            await asyncio.sleep(max(_PAUSE_S, time.process_time() - began))
            try:
                async with asyncio.timeout(POLL_S - _PAUSE_S):
                    await self._changed.wait()
            except TimeoutError:
                pass

    async def round(self) -> int:
        """Hand out what was committed since the last round; the number of lines."""
        rows = await self._read(self.position, _BATCH)
        if rows:
            self._keep(rows)
            await self._hand_out(list(self._streams))
            self._delayed(rows[-1]["created_at"])
        elif self._behind:
            await self._hand_out(list(self._behind))
        return len(rows)

    def _keep(self, rows: Sequence[Record]) -> None:
        self._pieces.clear()
        self._owners.clear()
        self._lines += map(Line, rows)
        self.position = self._lines[-1].seq
        if (over := len(self._lines) - KEEP) > 0:
            self.floor = self._lines[over - 1].seq
            del self._lines[:over]

    async def _hand_out(self, streams: Sequence[Stream]) -> None:
        for number, stream in enumerate(streams, 1):
            if stream in self._streams:
                self._deliver(stream)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        self._pieces.clear()

    def _deliver(self, stream: Stream) -> None:
        while stream.position < self.position:
            if stream.sink.buffered_bytes > MOST_WAITING:
                self._behind.add(stream)
                return
            if stream.position < self.floor:
                stream.sink.write(Chunk(event("reset", b"{}", self.position)))
                stream.position = self.position
                self._lost()
                break
            piece, stream.position = self._piece(stream)
            if piece is not None:
                stream.sink.write(piece)
        self._behind.discard(stream)

    def _piece(self, stream: Stream) -> tuple[Chunk | None, int]:
        """The stream's next lines, and the position behind them; made once for all who hear the same."""
        position = stream.position
        owners = self._owners.get(position)
        if owners is None:
            owned = (line.row["officer_id"] for line in self._lines_behind(position))
            owners = self._owners[position] = frozenset(one for one in owned if one is not None)
        audience = stream.own if stream.own.officer in owners else stream.shared
        piece = self._pieces.get((audience, position))
        if piece is None:
            piece = self._cut(position, Ear(audience, stream.viewer))
            self._pieces[audience, position] = piece
        return piece

    def _lines_behind(self, position: int) -> list[Line]:
        return self._lines[bisect_right(self._lines, position, key=_seq) :]

    def _cut(self, position: int, ear: Ear) -> tuple[Chunk | None, int]:
        texts: list[bytes] = []
        size = 0
        for line in self._lines_behind(position):
            position = line.seq
            allowed = ear.verdict(line.row)
            if allowed is not None:
                texts.append(text := line.event(allowed, self.names))
                size += len(text)
                if size >= SLICE:
                    break
        return (Chunk(b"".join(texts)) if texts else None), position
