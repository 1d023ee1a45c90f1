"""A wire to Postgres that keeps back the end of a session: what the server said last, but not that
it left.

Postgres that stops says FATAL to every session and closes it. A client may have read the first and
not the second yet; on a busy machine it often has. Here it stays in between for as long as a test
wants.
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
        self.hung_up = asyncio.Event()
        """The server has closed a session; its client does not know yet."""
        self._released = asyncio.Event()

    @property
    def dsn(self) -> str:
        """The address of this end."""
        login = self._server.netloc.rpartition("@")[0]
        return urlunsplit(self._server._replace(netloc=f"{login}@127.0.0.1:{self._port}"))

    def release(self) -> None:
        """Let clients see from now on that the server has closed."""
        self._released.set()

    @contextlib.asynccontextmanager
    async def carrying(self) -> AsyncIterator[PostgresProxy]:
        """Within, clients may connect to `dsn`."""
        listener = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self._port = listener.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.release()
            listener.close()

    async def _carry(
        self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        host, port = self._server.hostname, self._server.port
        from_server, to_server = await asyncio.open_connection(host, port)
        upwards = asyncio.create_task(_copy(from_client, to_server))
        try:
            await _copy(from_server, to_client)
            self.hung_up.set()
            await self._released.wait()
        finally:
            upwards.cancel()
            to_server.close()
            to_client.close()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
