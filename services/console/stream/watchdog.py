"""Heartbeat of open streams, repeated checks of their rights, and the end of stalled ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from pydantic_core import to_json

from services.console.stream.hub import event
from services.console.web.sessions import SessionClaim, Sessions
from shared.runtime.clock import Clock
from shared.runtime.errors import Transient
from shared.runtime.stream_connection import Chunk, StreamConnection

log = structlog.get_logger("fenghuo.console.watchdog")

BEAT_S = 10.0
"""Seconds between beats. A client that has read nothing between two beats is disconnected."""
RECHECK_S = 45.0
RETRY_S = 5.0
"""Seconds after which a failed check is repeated.

Together with stream timeout of the database, a stream without a right ends within 60 seconds.
"""
_INTERVAL_S = 0.2
_AT_ONCE = 200


@dataclass(slots=True, eq=False)
class _WatchedStream:
    wire: StreamConnection
    claim: SessionClaim
    checked: float
    read_bytes: int | None = None
    """The number of bytes that the client had read at the last beat."""


class StreamWatchdog:
    """Watches all streams of stream process.

    `projection_lag` returns how far the read models are behind; `on_cut` is called for each client
    that is disconnected.
    """

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        projection_lag: Callable[[], dict[str, Any]],
        on_cut: Callable[[], None],
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._projection_lag = projection_lag
        self._on_cut = on_cut
        self._streams: dict[_WatchedStream, None] = {}
        self._last_beat = time.monotonic()
        self._retry_at = 0.0

    @contextmanager
    def watched(self, wire: StreamConnection, claim: SessionClaim) -> Iterator[None]:
        """Send beats to the stream, and end it when its claim ends."""
        stream = _WatchedStream(wire, claim, time.monotonic())
        self._streams[stream] = None
        try:
            yield
        finally:
            del self._streams[stream]

    def beat(self, name: str, position: int | None = None) -> bytes:
        """Return an event with the time of the server and how far the read models are behind."""
        body = {"now": self._clock.now(), "behind": self._projection_lag()}
        return event(name, to_json(body), position)

    async def run(self) -> None:
        """Background loop; survives outages of the database."""
        while True:
            await asyncio.sleep(_INTERVAL_S)
            if time.monotonic() - self._last_beat >= BEAT_S:
                self._last_beat = time.monotonic()
                await self._send_beats()
            if time.monotonic() >= self._retry_at:
                try:
                    await self._recheck()
                except Transient as error:
                    # An outage of the database ends no stream.
                    log.warning("recheck_retry", error=str(error))
                    self._retry_at = time.monotonic() + RETRY_S

    async def _send_beats(self) -> None:
        chunk = Chunk(self.beat("beat"))
        for number, stream in enumerate(list(self._streams), 1):
            read_bytes = stream.wire.written_bytes - stream.wire.buffered_bytes
            if not stream.wire.buffered_bytes:
                stream.wire.write(chunk)
            elif read_bytes == stream.read_bytes:
                self._on_cut()
                stream.wire.abort()
            stream.read_bytes = read_bytes
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _recheck(self) -> None:
        due = time.monotonic() - RECHECK_S
        streams_by_claim = {
            stream.claim: stream for stream in self._streams if stream.checked <= due
        }
        claims = list(streams_by_claim)
        for start in range(0, len(claims), _AT_ONCE):
            batch = claims[start : start + _AT_ONCE]
            for claim in await self._sessions.ended(batch):
                streams_by_claim[claim].wire.end()
            for claim in batch:
                streams_by_claim[claim].checked = time.monotonic()
