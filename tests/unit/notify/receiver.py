"""A real HTTP server that receives webhooks and misbehaves as told."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from standardwebhooks import Webhook as Signer

SECRET = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0"
Behaviour = int | Literal["slow", "close", "lose", "endless"]
"""A status; or: never answer, close at once, take the message and close, answer without an end."""


@dataclass
class Received:
    """One request that arrived completely, its signature verified."""

    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body["data"]
        return found


@dataclass
class Receiver:
    """Plays `behaviours` in order, then answers 204."""

    port: int = 0
    behaviours: deque[Behaviour] = field(default_factory=deque)
    received: list[Received] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/pages"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                behaviour: Behaviour = self.behaviours.popleft() if self.behaviours else 204
                if behaviour == "close":
                    await reader.readline()
                    return
                if not await self._take(reader):
                    if behaviour != 204:
                        self.behaviours.appendleft(behaviour)
                    return
                if behaviour == "lose":
                    return
                if behaviour == "slow":
                    await asyncio.sleep(30)
                await self._reply(writer, behaviour)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _take(self, reader: asyncio.StreamReader) -> bool:
        if not await reader.readline():
            return False
        headers: dict[str, str] = {}
        while line := (await reader.readline()).strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        raw = await reader.readexactly(int(headers["content-length"]))
        Signer(SECRET).verify(raw, headers)
        self.received.append(Received(headers, json.loads(raw)))
        return True

    async def _reply(self, writer: asyncio.StreamWriter, behaviour: Behaviour) -> None:
        if behaviour == "endless":
            writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            while True:
                writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
                await writer.drain()
        location = f"location: {self.url}/elsewhere\r\n" if behaviour == 302 else ""
        writer.write(f"HTTP/1.1 {behaviour} -\r\n{location}content-length: 0\r\n\r\n".encode())
        await writer.drain()


@asynccontextmanager
async def receiving(*behaviours: Behaviour) -> AsyncIterator[Receiver]:
    """A running receiver that behaves so, request by request."""
    receiver = Receiver(behaviours=deque(behaviours))
    tasks: set[asyncio.Task[Any]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await receiver.serve(reader, writer)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
