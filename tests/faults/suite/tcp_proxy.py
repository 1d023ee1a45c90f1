"""A TCP proxy that delays, cuts, or swallows the answers of a server."""

from __future__ import annotations

import asyncio
import contextlib

from deploy.local.ports import HOST

_CHUNK = 65_536


class TcpProxy:
    """Carries bytes between clients and a port of this machine."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.delay_s = 0.0
        """Every piece of an answer is passed so much later."""
        self.swallows = False
        """Answers of the server are thrown away: requests arrive, nobody hears of it."""

    async def start(self) -> None:
        """Listen on a free port."""
        self._listener = await asyncio.start_server(self._carry, HOST, 0, backlog=512)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the listener and every connection."""
        if self._listener is not None:
            self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Close every connection at once, in both directions."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def _carry(
        self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        try:
            from_server, to_server = await asyncio.open_connection(HOST, self._server_port)
        except OSError:
            to_client.transport.abort()
            return
        self._writers |= {to_client, to_server}
        upwards = asyncio.create_task(self._copy(from_client, to_server, answers=False))
        try:
            await self._copy(from_server, to_client, answers=True)
            await upwards
        finally:
            upwards.cancel()
            for writer in (to_client, to_server):
                writer.close()
                self._writers.discard(writer)

    async def _copy(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(_CHUNK):
                if answers and self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if answers and self.swallows:
                    continue
                sink.write(data)
                await sink.drain()
        sink.close()
