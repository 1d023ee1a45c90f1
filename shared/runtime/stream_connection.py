"""The connection of a response without an end: written to directly, bounded, ended at once.

An ASGI server takes a body chunk by chunk from one task per response, copies and frames each chunk
anew, and closes a connection only after the last buffered byte has left, which never happens for a
client that has stopped reading. A service with thousands of clients frames a chunk once, asks how
many bytes wait, and may abort. `StreamProtocol` gives the connection to the application, for use
once the response has started.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

_EXTENSION = "fenghuo.stream_connection"
HEAD_S = 10.0
"""The time within which a client sends the head of a request."""
BODY_S = 60.0
"""The time within which a client sends the body: a photo of 4 MiB at 70 KiB a second."""
_LAST_CHUNK = b"0\r\n\r\n"


class Chunk:
    """Part of a body, framed once for all connections."""

    __slots__ = ("framed", "plain")

    def __init__(self, plain: bytes) -> None:
        self.plain = plain
        """The bytes of the body; at least one, since an empty chunk would end a chunked body."""
        self.framed = b"%x\r\n%b\r\n" % (len(plain), plain)


class StreamConnection:
    """One connection. A chunk written after its loss is dropped."""

    __slots__ = ("_chunked", "_endless", "_transport", "written_bytes")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._chunked = True
        self._endless = False
        self.written_bytes = 0

    def begin_stream(self, http_version: str, max_buffered_bytes: int) -> None:
        """Note that the response has started and has no end: the server ends the response at
        shutdown.

        While more than `max_buffered_bytes` wait for the client, ASGI's `send` waits.
        """
        self._chunked = http_version not in ("0.9", "1.0")
        self._endless = True
        self._transport.set_write_buffer_limits(high=max_buffered_bytes)

    @property
    def buffered_bytes(self) -> int:
        """Bytes that wait for the client, without the bytes in the kernel."""
        return self._transport.get_write_buffer_size()

    def write(self, chunk: Chunk) -> None:
        """Send a chunk, or buffer the bytes beyond the room in the kernel; never wait."""
        data = chunk.framed if self._chunked else chunk.plain
        self.written_bytes += len(data)
        if not self._transport.is_closing():
            self._transport.write(data)

    def end(self) -> None:
        """End the body and the connection; abort where the client does not read."""
        if self._transport.is_closing():
            return
        if self._chunked:
            self._transport.write(_LAST_CHUNK)
        if self.buffered_bytes:
            self._transport.abort()
        else:
            self._transport.close()

    def abort(self) -> None:
        """Drop the connection and all buffered bytes."""
        self._transport.abort()

    def end_if_endless(self) -> bool:
        """End a response without an end of its own; return whether the response was endless."""
        if self._endless:
            self.end()
        return self._endless


def connection_of(scope: Mapping[str, Any]) -> StreamConnection:
    """Return the connection of a request; raises RuntimeError without StreamProtocol."""
    connection = scope.get("extensions", {}).get(_EXTENSION)
    if not isinstance(connection, StreamConnection):
        raise RuntimeError(
            "the live stream needs a server made by shared.runtime.stream_connection.server_config"
        )
    return connection


class StreamProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 with the connection in the request's scope, and time limits for requests.

    The parser is h11 and not httptools, because h11 bounds the size of a request's head.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wrap the application for this connection."""
        super().connection_made(transport)
        connection = self._stream_connection = StreamConnection(transport)
        application = self.app

        async def with_connection(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})[_EXTENSION] = connection
            await application(scope, receive, send)

        self.app = with_connection

        self._limited: type[h11.IDLE | h11.SEND_BODY] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._limit(h11.IDLE)

    def handle_events(self) -> None:
        """Note which part of a request the client has to send now."""
        super().handle_events()
        state = self.conn.their_state
        if state is h11.SEND_BODY or (state is h11.IDLE and self.conn.trailing_data[0]):
            self._limit(state)
        elif state is not self._limited:
            self._limit(None)
        self._limit_idle()

    def _limit_idle(self) -> None:
        """Close the connection unless its next request begins in time.

        uvicorn sets this limit when a response is complete and takes it back with each byte, also
        with bytes that begin no request: the end of a body whose answer has been sent.
        """
        is_idle = self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]
        cycle: Any = self.cycle  # None before the first request
        is_answered = cycle is not None and cycle.response_complete
        if is_idle and is_answered and self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def send_400_response(self, msg: str) -> None:
        """Refuse a broken request; the application, which has its head, is told of the end."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:  # an answer has begun
            self.transport.close()
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._limit(None)
        super().connection_lost(exc)

    def _limit(self, part: type[h11.IDLE | h11.SEND_BODY] | None) -> None:
        """Close the connection unless this part of a request, a head or a body, ends in time."""
        if part is self._limited:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._limited = part
        if part is not None:
            limit_s = HEAD_S if part is h11.IDLE else BODY_S
            self._timer = self.loop.call_later(limit_s, self.transport.close)

    def shutdown(self) -> None:
        """End the connection: uvicorn calls this for each one when the server stops."""
        if not self._stream_connection.end_if_endless():
            super().shutdown()


def server_config(app: Any, **settings: Any) -> uvicorn.Config:
    """Return uvicorn's settings for an application that uses `connection_of`."""
    return uvicorn.Config(app, http=StreamProtocol, **settings)
