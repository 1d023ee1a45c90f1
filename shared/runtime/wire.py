"""The connection below a response without an end: written to directly, bounded, cut at once.

An ASGI server takes a body piece by piece from a task of its own per response, copies and frames each
piece anew, and closes a connection only after all it holds has gone, which for a client that has stopped
reading is never. Who tells thousands of clients the same frames it once, asks how much of it is waiting,
and may abort. `WireProtocol` hands the connection to the application, which may use it once the response
has started.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

_EXTENSION = "fenghuo.wire"
_LAST_CHUNK = b"0\r\n\r\n"


class Piece:
    """Part of a body, framed once for all connections that it goes to."""

    __slots__ = ("framed", "plain")

    def __init__(self, plain: bytes) -> None:
        self.plain = plain
        """The bytes of the body; none of them would end a chunked body, so there has to be one."""
        self.framed = b"%x\r\n%b\r\n" % (len(plain), plain)


class Wire:
    """One connection. Pieces written after it has been lost go nowhere."""

    __slots__ = ("_chunked", "_endless", "_transport", "written")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._chunked = True
        self._endless = False
        self.written = 0
        """Bytes written so far."""

    def take_over(self, http_version: str, most_waiting: int) -> None:
        """Say that the response has started and has no end: at shutdown it is ended by us.

        Above `most_waiting` bytes that the client has not taken, ASGI's `send` waits.
        """
        self._chunked = http_version not in ("0.9", "1.0")
        self._endless = True
        self._transport.set_write_buffer_limits(high=most_waiting)

    @property
    def waiting(self) -> int:
        """Bytes held for the client beyond what the kernel has taken."""
        return self._transport.get_write_buffer_size()

    def write(self, piece: Piece) -> None:
        """Send a piece, or hold what the kernel does not take; never waits."""
        data = piece.framed if self._chunked else piece.plain
        self.written += len(data)
        if not self._transport.is_closing():
            self._transport.write(data)

    def end(self) -> None:
        """End the body and the connection; a client that is not reading is cut."""
        if self._transport.is_closing():
            return
        if self._chunked:
            self._transport.write(_LAST_CHUNK)
        if self.waiting:
            self._transport.abort()
        else:
            self._transport.close()

    def abort(self) -> None:
        """Drop the connection and all that is held for it."""
        self._transport.abort()

    def end_if_endless(self) -> bool:
        """End a response that would not end by itself; whether it was one."""
        if self._endless:
            self.end()
        return self._endless


def wire_of(scope: Mapping[str, Any]) -> Wire:
    """The connection a request came by; raises RuntimeError behind a server without WireProtocol."""
    result = scope.get("extensions", {}).get(_EXTENSION)
    if not isinstance(result, Wire):
        raise RuntimeError(
            "the live stream needs a server made by shared.runtime.wire.server_config"
        )
    return result


class WireProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 with the connection handed on in the request's scope.

    h11 rather than httptools: it bounds the size of a request's head.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wrap the application for this connection."""
        super().connection_made(transport)
        wire = self._wire = Wire(transport)
        inner = self.app

        async def handed_on(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})[_EXTENSION] = wire
            await inner(scope, receive, send)

        self.app = handed_on

    def shutdown(self) -> None:
        """Called for each connection when the server stops."""
        if not self._wire.end_if_endless():
            super().shutdown()


def server_config(app: Any, **more: Any) -> uvicorn.Config:
    """uvicorn's settings for an application that uses `wire_of`."""
    return uvicorn.Config(app, http=WireProtocol, **more)
