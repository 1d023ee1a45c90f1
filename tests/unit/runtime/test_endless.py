"""Responses without an end, over real sockets: framing, what waits, how they end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from shared.runtime.wire import Piece, Wire, server_config, wire_of

Use = Callable[[Wire], Awaitable[None]]


@asynccontextmanager
async def served(use: Use) -> AsyncIterator[tuple[uvicorn.Server, int]]:
    """A server whose every response starts, is used so, and then waits for the client to go."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        wire = wire_of(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        wire.take_over(scope["http_version"], 4_096)
        await send({"type": "http.response.body", "body": b"by ASGI,", "more_body": True})
        await use(wire)
        while (await receive())["type"] != "http.disconnect":
            pass

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = server_config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=30)
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield server, listener.getsockname()[1]
        finally:
            server.should_exit = True
            await running


async def asked(port: int, version: str = "1.1", limit: int = 2**16) -> Any:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=limit)
    writer.write(f"GET / HTTP/{version}\r\nHost: test\r\n\r\n".encode())
    return reader, writer


async def test_pieces_are_chunks_and_the_end_is_one_too() -> None:
    async def use(wire: Wire) -> None:
        for text in (b"one", b"two"):
            wire.write(Piece(text))
        wire.end()

    async with served(use) as (_, port), asyncio.timeout(10):
        reader, writer = await asked(port)
        head, body = (await reader.read()).split(b"\r\n\r\n", 1)
        writer.close()
    assert b"transfer-encoding: chunked" in head.lower()
    assert body == b"8\r\nby ASGI,\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"


async def test_a_client_of_http_1_0_gets_the_bare_body() -> None:
    async def use(wire: Wire) -> None:
        wire.write(Piece(b"one"))
        wire.end()

    async with served(use) as (_, port), asyncio.timeout(10):
        reader, writer = await asked(port, "1.0")
        assert (await reader.read()).split(b"\r\n\r\n", 1)[1] == b"by ASGI,one"
        writer.close()


async def test_what_a_client_does_not_take_waits_and_goes_with_the_connection() -> None:
    wires: list[Wire] = []
    ended = asyncio.Event()

    async def use(wire: Wire) -> None:
        wires.append(wire)
        while not wire.waiting:
            wire.write(Piece(b"x" * 100_000))
        await ended.wait()
        wire.end()

    async with served(use) as (server, port), asyncio.timeout(20):
        _, writer = await asked(port, limit=1_000)
        while not wires or not wires[0].waiting:
            await asyncio.sleep(0.01)
        assert wires[0].written > wires[0].waiting > 0
        ended.set()
        while server.server_state.connections:  # although the client takes nothing
            await asyncio.sleep(0.01)
        assert wires[0].waiting == 0
        writer.transport.abort()


async def test_a_server_that_stops_ends_them_at_once() -> None:
    async def use(_wire: Wire) -> None:
        return

    async with asyncio.timeout(10):  # less than the server would wait for what is under way
        async with served(use) as (_, port):
            reader, writer = await asked(port)
            await reader.readuntil(b"by ASGI,\r\n")
        assert await reader.read() == b"0\r\n\r\n"
        writer.close()
