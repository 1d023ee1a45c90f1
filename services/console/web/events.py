"""The live stream: server-sent events that resume by id, with a visible heartbeat.

A browser cannot see comment pings, so a `beat` event carries the server's time and how far the read
models lag; a screen that hears none says so. A client that is too slow is cut and resumes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic_core import to_json
from sse_starlette import EventSourceResponse, ServerSentEvent

from services.console.core.access import span_of
from services.console.core.feed_views import shown
from services.console.feed import Stream
from services.console.store import feed
from services.console.store.connections import reading
from services.console.web.auth import Looker
from services.console.web.parts import Console, Parts
from services.console.web.problems import RETRY_AFTER_S, Refused
from services.console.web.reads import Seq
from shared.contracts.fields import Status
from shared.contracts.units import lineage
from shared.runtime.errors import Transient

router = APIRouter(prefix="/api")

BEAT_S = 10.0
RECHECK_S = 45.0
"""With a beat's wait added, a stream whose officer may no longer see it is cut within 60 s."""
RESUME_LIMIT = 1_000


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
    stream = Stream(me, status, console.settings.stream_queue)
    return EventSourceResponse(
        _lines(request, console, stream, after),
        ping=15,
        send_timeout=10,
        sep="\n",
        headers={"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"},
    )


async def _lines(
    request: Request, console: Console, stream: Stream, after: int | None
) -> AsyncIterator[ServerSentEvent]:
    checked = time.monotonic()
    with console.hub.subscribed(stream), console.metrics.streams.track_inprogress():
        position = console.hub.position if after is None else after
        yield _beat(console, "hello", position)
        if after is not None:
            try:
                missed = await _missed(console, stream, after)
            except Transient:
                return
            if missed is None:
                position = console.hub.position
                yield ServerSentEvent("{}", event="reset", id=str(position))
            else:
                for position, text in missed:
                    yield ServerSentEvent(text, event="line", id=str(position))
        while not stream.overrun.is_set():
            try:
                async with asyncio.timeout(BEAT_S):
                    seq, text = await stream.queue.get()
            except TimeoutError:
                yield _beat(console, "beat")
            else:
                if seq > position:
                    yield ServerSentEvent(text, event="line", id=str(seq))
            if time.monotonic() - checked > RECHECK_S:
                checked = time.monotonic()
                if not await _still(request, console, stream):
                    return


async def _missed(console: Console, stream: Stream, after: int) -> list[tuple[int, str]] | None:
    """Lines behind `after` that this client may see; None when it should load everything anew."""
    viewer = stream.viewer
    async with reading(console.database) as connection:
        newest = await feed.head(connection)
        if after > newest:  # another database: its numbers mean nothing here
            return None
        rows = await feed.visible(
            connection,
            span_of(viewer.root),
            lineage(viewer.root),
            viewer.officer_id,
            stream.status,
            after,
            RESUME_LIMIT + 1,
        )
    if len(rows) > RESUME_LIMIT:
        return None
    return [(row["seq"], to_json(shown(row, viewer, console.names)).decode()) for row in rows]


async def _still(request: Request, console: Console, stream: Stream) -> bool:
    try:
        return await console.sessions.still(request, stream.viewer)
    except Transient:
        return True  # asked again in a minute; an outage of the database signs nobody out


def _beat(console: Console, event: str, position: int | None = None) -> ServerSentEvent:
    body = {"now": console.clock.now(), "behind": console.behind()}
    return ServerSentEvent(
        to_json(body).decode(), event=event, id=None if position is None else str(position)
    )
