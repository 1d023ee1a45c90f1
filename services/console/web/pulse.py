"""What happens to open streams while no line flows: heartbeat, rights asked again, the stalled cut."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from pydantic_core import to_json

from services.console.feed import event
from services.console.web.sessions import Claim, Sessions
from shared.runtime.clock import Clock
from shared.runtime.errors import Transient
from shared.runtime.stream_connection import Chunk, StreamConnection

log = structlog.get_logger("fenghuo.console.pulse")

BEAT_S = 10.0
"""A screen hears a beat so often; a client that has taken nothing of what waits for it since is cut."""
RECHECK_S = 45.0
RETRY_S = 5.0
"""With the wait for a database that did not answer once added, a stream whose officer may no longer see
it ends within 60 s."""
_LOOK_S = 0.2
_AT_ONCE = 200


@dataclass(slots=True, eq=False)
class _Open:
    wire: StreamConnection
    claim: Claim
    checked: float
    taken: int | None = None
    """Bytes the client had taken at the last beat."""


class Pulse:
    """Of all streams of one process. `behind` tells how far the read models lag; `cut` counts."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        behind: Callable[[], dict[str, Any]],
        cut: Callable[[], None],
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._behind = behind
        self._cut = cut
        self._open: dict[_Open, None] = {}
        self._beaten = time.monotonic()
        self._retry_at = 0.0

    @contextmanager
    def watched(self, wire: StreamConnection, claim: Claim) -> Iterator[None]:
        """Within, the stream hears the beat, and ends with its claim."""
        one = _Open(wire, claim, time.monotonic())
        self._open[one] = None
        try:
            yield
        finally:
            del self._open[one]

    def beat(self, name: str, position: int | None = None) -> bytes:
        """An event that tells the server's time and how far the read models lag."""
        body = {"now": self._clock.now(), "behind": self._behind()}
        return event(name, to_json(body), position)

    async def run(self) -> None:
        """Background loop; survives outages of the database."""
        while True:
            await asyncio.sleep(_LOOK_S)
            if time.monotonic() - self._beaten >= BEAT_S:
                self._beaten = time.monotonic()
                await self._tell()
            if time.monotonic() >= self._retry_at:
                try:
                    await self._recheck()
                except Transient as error:
                    # An outage of the database signs nobody out.
                    log.warning("recheck_retry", error=str(error))
                    self._retry_at = time.monotonic() + RETRY_S

    async def _tell(self) -> None:
        piece = Chunk(self.beat("beat"))
        for number, one in enumerate(list(self._open), 1):
            taken = one.wire.written_bytes - one.wire.buffered_bytes
            if not one.wire.buffered_bytes:
                one.wire.write(piece)
            elif taken == one.taken:
                self._cut()
                one.wire.abort()
            one.taken = taken
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _recheck(self) -> None:
        due = time.monotonic() - RECHECK_S
        asked = {one.claim: one for one in self._open if one.checked <= due}
        claims = list(asked)
        for start in range(0, len(claims), _AT_ONCE):
            some = claims[start : start + _AT_ONCE]
            for claim in await self._sessions.ended(some):
                asked[claim].wire.end()
            for claim in some:
                asked[claim].checked = time.monotonic()
