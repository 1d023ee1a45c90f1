"""A real HTTP server in the place of a carrier: it receives requests and misbehaves on demand."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from standardwebhooks import Webhook as Signer

SECRET = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0"
Behaviour = int | dict[str, Any] | Literal["slow", "close", "lose", "endless"]
"""A status; a JSON answer with status 200; or: never answer (slow), close at once, accept the
message and close (lose), answer without an end (endless)."""


@dataclass
class CarrierRequest:
    """One complete request, `at` on CLOCK_MONOTONIC; a webhook's signature is verified."""

    method: str
    target: str
    headers: dict[str, str]
    raw: bytes
    at: float

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw.decode()))

    @property
    def body(self) -> dict[str, Any]:
        results: dict[str, Any] = json.loads(self.raw)
        return results

    @property
    def data(self) -> dict[str, Any]:
        results: dict[str, Any] = self.body["data"]
        return results


@dataclass
class Receiver:
    """Plays `behaviours` in order, then answers 204.

    Each answer comes `delay_s` of the request later, in seconds.
    """

    port: int = 0
    behaviours: deque[Behaviour] = field(default_factory=deque)
    delay_s: Callable[[CarrierRequest], float] | None = None
    requests: list[CarrierRequest] = field(default_factory=list)
    closed_early: list[float] = field(default_factory=list)
    """The times on CLOCK_MONOTONIC at which a sender closed the connection without an answer."""

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.base}/pages"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                behaviour: Behaviour = self.behaviours.popleft() if self.behaviours else 204
                if behaviour == "close":
                    await reader.readline()
                    return
                if not await self._receive(reader):
                    if behaviour != 204:
                        self.behaviours.appendleft(behaviour)
                    return
                if behaviour == "lose":
                    return
                if behaviour == "slow":
                    await asyncio.sleep(30)
                if self.delay_s is not None:
                    await self._wait(reader, self.delay_s(self.requests[-1]))
                await self._reply(writer, behaviour)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _wait(self, reader: asyncio.StreamReader, seconds: float) -> None:
        """Wait; raises ConnectionError when the sender closes the connection."""
        try:
            async with asyncio.timeout(seconds):
                await reader.read(1)
        except TimeoutError:
            return
        self.closed_early.append(time.monotonic())
        raise ConnectionResetError

    async def _receive(self, reader: asyncio.StreamReader) -> bool:
        line = (await reader.readline()).decode()
        if not line:
            return False
        method, target, _ = line.split(" ", 2)
        headers: dict[str, str] = {}
        while pair := (await reader.readline()).strip():
            name, _, value = pair.decode().partition(":")
            headers[name.lower()] = value.strip()
        raw = await reader.readexactly(int(headers.get("content-length", "0")))
        if "webhook-signature" in headers:
            Signer(SECRET).verify(raw, headers)
        self.requests.append(CarrierRequest(method, target, headers, raw, time.monotonic()))
        return True

    async def _reply(self, writer: asyncio.StreamWriter, behaviour: Behaviour) -> None:
        if behaviour == "endless":
            writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            while True:
                writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
                await writer.drain()
        if isinstance(behaviour, dict):
            body = json.dumps(behaviour).encode()
            head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
            return
        location = f"location: {self.url}/elsewhere\r\n" if behaviour == 302 else ""
        writer.write(f"HTTP/1.1 {behaviour} -\r\n{location}content-length: 0\r\n\r\n".encode())
        await writer.drain()


@asynccontextmanager
async def running_receiver(*behaviours: Behaviour) -> AsyncIterator[Receiver]:
    """Run a receiver with these behaviours, one for each request."""
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
