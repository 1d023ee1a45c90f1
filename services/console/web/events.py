"""The live stream: server-sent events that resume by id, with a visible heartbeat.

A browser cannot see comment pings, so a `beat` event carries the server's time and how far the read
models lag; a screen that hears none says so. Lines are written by the hub (feed.py), beats by the pulse
(pulse.py); here a stream begins, and what it missed is read for it.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic_core import to_json
from starlette.types import Receive, Scope, Send

from services.console.core.feed_views import shown
from services.console.feed import MOST_WAITING, Stream, event
from services.console.store import feed
from services.console.store.connections import reading
from services.console.web.auth import Looker
from services.console.web.parts import Console, Parts
from services.console.web.problems import RETRY_AFTER_S, Refused
from services.console.web.reads import Seq
from services.console.web.sessions import Claim, claim_of
from shared.contracts.fields import Status
from shared.runtime.errors import Transient
from shared.runtime.stream_connection import connection_of

router = APIRouter(prefix="/api")

RESUME_LIMIT = 1_000
"""Lines read from the database for one stream; whoever missed more loads everything anew."""
_PAGE = 50
_PATIENCE_S = 10.0
"""For a client to take a page."""


@router.get("/events")
async def events(
    request: Request,
    console: Parts,
    me: Looker,
    status: Annotated[Status | None, Query()] = None,
    after: Annotated[Seq | None, Query()] = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Lines from now on, or behind `Last-Event-ID` (or `after`)."""
    if console.hub.full:
        raise Refused(
            503,
            "Too many live screens",
            reason="streams_full",
            headers={"Retry-After": str(RETRY_AFTER_S * 5)},
        )
    if last_event_id is not None and last_event_id.isascii() and last_event_id.isdigit():
        after = int(last_event_id[:18])
    return _Live(console, claim_of(request, me), status, after)


class _Live(Response):
    """A stream over its connection (shared/runtime/stream_connection.py), from its first event to its end."""

    media_type = "text/event-stream"

    def __init__(
        self, console: Console, claim: Claim, status: Status | None, after: int | None
    ) -> None:
        # Not Response's own: a stream has no body and no length.
        self.status_code = 200
        self.background = None
        self.init_headers({"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"})
        self._console = console
        self._claim = claim
        self._status = status
        self._after = after
        self._sight = feed.sight_of(claim.viewer, status)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        console, hub, claim = self._console, self._console.hub, self._claim
        wire = connection_of(scope)
        with hub.admitted(), console.metrics.streams.track_inprogress():
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            wire.begin_stream(scope["http_version"], MOST_WAITING)
            try:
                position = await self._begin(send)
            except TimeoutError:
                console.metrics.cut.inc()
                wire.abort()
            except Transient:
                wire.end()
            else:
                stream = Stream(claim.viewer, self._status, wire, position)
                with console.pulse.watched(wire, claim), hub.subscribed(stream):
                    await _gone(receive)
            await _gone(receive)

    async def _begin(self, send: Send) -> int:
        """Say hello and send what was missed; the position from which the hub goes on."""
        hub, after = self._console.hub, self._after
        position = hub.position if after is None else after
        await _write(send, self._console.pulse.beat("hello", position))
        if hub.floor <= position <= hub.position:
            return position
        if await self._beyond(position):
            position = hub.position
            await _write(send, event("reset", b"{}", position))
        while position < hub.floor:
            position = await self._page(send, position)
        return position

    async def _beyond(self, after: int) -> bool:
        """Whether more was missed than is sent again, or the position is of another database."""
        async with reading(self._console.database) as connection:
            if after > await feed.head(connection):
                return True
            result = await feed.missed(connection, self._sight, after, RESUME_LIMIT + 1)
        return result > RESUME_LIMIT

    async def _page(self, send: Send, position: int) -> int:
        """Send the next lines; the position behind them. Few at a time: clients may be slow, and many."""
        known = self._console.hub.floor
        async with reading(self._console.database) as connection:
            rows = await feed.visible(connection, self._sight, position, _PAGE)
        viewer, names = self._claim.viewer, self._console.names
        texts = [event("line", to_json(shown(row, viewer, names)), row["seq"]) for row in rows]
        if texts:
            await _write(send, b"".join(texts))
        last: int = rows[-1]["seq"] if rows else position
        return last if len(rows) == _PAGE else max(last, known)


async def _write(send: Send, body: bytes) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
