"""A program of its own: officers' live streams as plain sockets, some of which stop reading.

    python -m tests.bench.console.clients HOST PORT TOKENS_FILE

Commands come in as lines, one JSON line answers each: `readers N` opens streams that are read,
`stalled N` streams that are read up to the first event and then never again, with the smallest
receive buffer there is; `take` gives what has arrived since the last `take`; `quit` ends. A reader
only looks for the numbers of our alarms (alarms.py) and notes when it first has each,
CLOCK_MONOTONIC.
"""

from __future__ import annotations

import asyncio
import json
import re
import select
import socket
import sys
import time
from asyncio.trsock import TransportSocket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil

from tests.bench.console.alarms import MARK

_AT_ONCE = 50
_SMALLEST_BUFFER = 2_304
_TIMEOUT_S = 60.0
_NUMBER = re.compile(re.escape(MARK).encode() + rb"(\d+)")
_HELLO = b"event: hello"
_page = bytearray(256 * 1024)
"""Where every reader's bytes land: they are looked at before the next ones are read."""
_view = memoryview(_page)


class Reader(asyncio.BufferedProtocol):
    """One stream that is read."""

    def __init__(self, request: bytes, arrived: dict[int, list[float]]) -> None:
        self._request = request
        self._arrived = arrived
        self._numbers: set[int] = set()
        self.opened = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.socket: TransportSocket = transport.get_extra_info("socket")
        transport.write(self._request)

    def get_buffer(self, sizehint: int) -> memoryview:
        return _view

    def buffer_updated(self, count: int) -> None:
        at = time.monotonic()
        if not self.opened.done() and _HELLO in _page[:count]:
            self.opened.set_result(None)
        for match in _NUMBER.finditer(_page, 0, count):
            number = int(match[1])
            if number not in self._numbers:
                self._numbers.add(number)
                self._arrived.setdefault(number, []).append(at)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(f"the stream was refused: {exc}"))
        self.lost = True

    lost = False


class Clients:
    """All streams of this program."""

    def __init__(self, host: str, port: int, tokens: list[str]) -> None:
        self._address = host, port
        self._tokens = iter(tokens)
        self._arrived: dict[int, list[float]] = {}
        self._readers: list[Reader] = []
        self._stalled: list[socket.socket] = []
        self._opening = asyncio.Semaphore(_AT_ONCE)

    async def answer(self, command: str) -> dict[str, Any]:
        """Do what a command says."""
        verb, _, count = command.partition(" ")
        match verb:
            case "readers":
                await asyncio.gather(*(self._read() for _ in range(int(count))))
            case "stalled":
                await asyncio.gather(*(self._stall() for _ in range(int(count))))
            case "take":
                return self._take()
            case unknown:
                raise ValueError(f"no such command: {unknown}")
        return {"readers": len(self._readers), "stalled": len(self._stalled)}

    def _take(self) -> dict[str, Any]:
        arrived = dict(self._arrived)
        self._arrived.clear()
        used = psutil.Process().cpu_times()
        return {
            "arrived": arrived,
            # Not every end that is there has been told to its reader yet: both kinds are looked at
            # alike.
            "readers_lost": sum(reader.lost for reader in self._readers)
            + _cut(reader.socket for reader in self._readers if not reader.lost),
            "stalled_cut": _cut(self._stalled),
            "cpu_s": used.user + used.system,
        }

    async def _read(self) -> None:
        async with self._opening, asyncio.timeout(_TIMEOUT_S):
            request = self._request()
            _, reader = await asyncio.get_running_loop().create_connection(
                lambda: Reader(request, self._arrived), *self._address
            )
            await reader.opened
            self._readers.append(reader)

    async def _stall(self) -> None:
        loop = asyncio.get_running_loop()
        async with self._opening, asyncio.timeout(_TIMEOUT_S):
            stalled = socket.socket()
            self._stalled.append(stalled)
            stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALLEST_BUFFER)
            stalled.setblocking(False)
            await loop.sock_connect(stalled, self._address)
            await loop.sock_sendall(stalled, self._request())
            read = b""
            while _HELLO not in read:
                more = await loop.sock_recv(stalled, 4_096)
                if not more:
                    raise ConnectionError(f"the stream was refused: {read[:200]!r}")
                read += more

    def _request(self) -> bytes:
        host, port = self._address
        return (
            f"GET /api/events?status=Actual HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"Accept: text/event-stream\r\nCookie: fenghuo_session={next(self._tokens)}\r\n\r\n"
        ).encode()


def _cut(sockets: Iterable[socket.socket | TransportSocket]) -> int:
    """Count the sockets that the peer has closed, as far as is known without reading."""
    looking = select.poll()
    for connection in sockets:
        looking.register(connection, select.POLLRDHUP)
    return len(looking.poll(0))


async def main(host: str, port: str, tokens: str) -> None:
    """Answer commands until `quit` or the end of the input."""
    clients = Clients(host, int(port), Path(tokens).read_text(encoding="ascii").split())
    while command := (await asyncio.to_thread(sys.stdin.readline)).strip():
        if command == "quit":
            break
        print(json.dumps(await clients.answer(command)), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
