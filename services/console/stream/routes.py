"""The live stream: server-sent events that resume by id, with a visible heartbeat.

A browser cannot see comment pings, so a `beat` event carries the server's time and how far the read
models are behind; a screen that receives none says so. The hub (hub.py) writes events, the watchdog
(watchdog.py) writes beats; here a stream begins, and the events that it missed are read.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic_core import to_json
from starlette.types import Receive, Scope, Send

from services.console.store.connections import reading
from services.console.stream import queries
from services.console.stream.hub import MOST_UNREAD, Hub, Stream, event
from services.console.stream.responses import FeedEventList
from services.console.stream.views import event_for
from services.console.stream.watchdog import StreamWatchdog
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.parameters import Limit, Seq
from services.console.web.problems import RETRY_AFTER_S, ApiProblem
from services.console.web.response_models import file_response, json_response
from services.console.web.responses import as_json
from services.console.web.sessions import SessionClaim, claim_of
from services.console.web.viewers import PlaceViewer
from shared.contracts.fields import DoorStatus, Status
from shared.runtime.errors import Transient
from shared.runtime.stream_connection import connection_of

router = APIRouter(prefix="/api", tags=["feed"])

RESUME_LIMIT = 1_000
"""Most missed events that are sent again; with more a client loads everything again."""
_STREAM = file_response(
    "Server-sent events `hello`, `line`, `beat` and `reset`; their data are in the AsyncAPI "
    "document, channel `console.events`.",
    "text/event-stream",
)
_PAGE = 50
_PAGE_TIMEOUT_S = 10.0
"""Seconds for a client to read one page of missed events."""


@router.get("/events", response_class=Response, responses=_STREAM)
async def stream_events(
    request: Request,
    console: Deps,
    viewer: PlaceViewer,
    status: Annotated[DoorStatus | None, Query()] = None,
    after: Annotated[Seq | None, Query()] = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Stream the events of the feed from now on, or after `Last-Event-ID` or `after`."""
    if console.part(Hub).full:
        raise ApiProblem(
            503,
            "Too many live screens",
            reason="streams_full",
            headers={"Retry-After": str(RETRY_AFTER_S * 5)},
        )
    if last_event_id is not None and last_event_id.isascii() and last_event_id.isdigit():
        after = int(last_event_id[:18])
    return _LiveStream(console, claim_of(request, viewer), status, after)


class _LiveStream(Response):
    """A stream over its connection (shared/runtime/stream_connection.py), from begin to end."""

    media_type = "text/event-stream"

    def __init__(
        self, console: ConsoleDeps, claim: SessionClaim, status: Status | None, after: int | None
    ) -> None:
        # The initialiser of Response is not called: a stream has no body and no length.
        self.status_code = 200
        self.background = None
        self.init_headers({"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"})
        self._console = console
        self._claim = claim
        self._status = status
        self._after = after
        self._scope = queries.feed_scope_of(claim.viewer, status)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        console, hub, claim = self._console, self._console.part(Hub), self._claim
        wire = connection_of(scope)
        with hub.admitted(), console.metrics.streams.track_inprogress():
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            wire.begin_stream(scope["http_version"], MOST_UNREAD)
            try:
                position = await self._begin(send)
            except TimeoutError:
                console.metrics.cut.inc()
                wire.abort()
            except Transient:
                wire.end()
            else:
                stream = Stream(claim.viewer, self._status, wire, position)
                with console.part(StreamWatchdog).watched(wire, claim), hub.subscribed(stream):
                    await _wait_for_disconnect(receive)
            await _wait_for_disconnect(receive)

    async def _begin(self, send: Send) -> int:
        """Send `hello` and the missed events; return the position from which the hub continues."""
        hub, after = self._console.part(Hub), self._after
        position = hub.position if after is None else after
        await _write(send, self._console.part(StreamWatchdog).beat("hello", position))
        if hub.floor <= position <= hub.position:
            return position
        if await self._is_out_of_reach(position):
            position = hub.position
            await _write(send, event("reset", b"{}", position))
        while position < hub.floor:
            position = await self._page(send, position)
        return position

    async def _is_out_of_reach(self, after: int) -> bool:
        """Return True when too much was missed, or the position is of another database."""
        async with reading(self._console.database) as connection:
            if after > await queries.head(connection):
                return True
            result = await queries.count_missed(connection, self._scope, after, RESUME_LIMIT + 1)
        return result > RESUME_LIMIT

    async def _page(self, send: Send, position: int) -> int:
        """Send one page of missed events and return the position after it; clients may be slow."""
        floor = self._console.part(Hub).floor
        async with reading(self._console.database) as connection:
            rows = await queries.visible(connection, self._scope, position, _PAGE)
        viewer, names = self._claim.viewer, self._console.names
        texts = [event("line", to_json(event_for(row, viewer, names)), row["seq"]) for row in rows]
        if texts:
            await _write(send, b"".join(texts))
        last: int = rows[-1]["seq"] if rows else position
        return last if len(rows) == _PAGE else max(last, floor)


async def _write(send: Send, body: bytes) -> None:
    async with asyncio.timeout(_PAGE_TIMEOUT_S):
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@router.get("/feed", responses=json_response(FeedEventList))
async def list_feed_events(
    console: Deps,
    viewer: PlaceViewer,
    after: Annotated[Seq | None, Query()] = None,
    status: Annotated[DoorStatus | None, Query()] = None,
    limit: Limit = 50,
) -> Response:
    """List the events after `after`, the oldest first; without it the last events.

    Without `after` the newest event comes first.
    """
    async with reading(console.database) as connection:
        rows = await queries.visible(
            connection, queries.feed_scope_of(viewer, status), after, limit
        )
    return as_json({"lines": [event_for(row, viewer, console.names) for row in rows]})
