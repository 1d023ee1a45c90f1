"""A proxy of Postgres that passes the last message of a session and holds back its end.

A stopping Postgres sends FATAL to every session and closes the connection. A client may have read
the message but not the end; on a busy machine this is common. The proxy keeps this state for as
long as a test needs.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit


class PostgresProxy:
    """Carries bytes both ways between a client and the server at `dsn`."""

    def __init__(self, dsn: str) -> None:
        self._server = urlsplit(dsn)
        self._port = 0
        self.closed_by_server = asyncio.Event()
        """Set when the server has closed a session; the client has not noticed yet."""
        self._end_passed = asyncio.Event()

    @property
    def dsn(self) -> str:
        """Return the address for clients."""
        login = self._server.netloc.rpartition("@")[0]
        return urlunsplit(self._server._replace(netloc=f"{login}@127.0.0.1:{self._port}"))

    def pass_end(self) -> None:
        """Pass the end of closed sessions to the clients from now on."""
        self._end_passed.set()

    @contextlib.asynccontextmanager
    async def carrying(self) -> AsyncIterator[PostgresProxy]:
        """Within, clients may connect to `dsn`."""
        listener = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self._port = listener.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.pass_end()
            listener.close()

    async def _carry(
        self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        host, port = self._server.hostname, self._server.port
        from_server, to_server = await asyncio.open_connection(host, port)
        upwards = asyncio.create_task(_copy(from_client, to_server))
        try:
            await _copy(from_server, to_client)
            self.closed_by_server.set()
            await self._end_passed.wait()
        finally:
            upwards.cancel()
            to_server.close()
            to_client.close()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
