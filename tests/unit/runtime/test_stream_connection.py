"""Responses without an end, over real sockets: framing, buffered bytes, the end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn

from shared.runtime import stream_connection
from shared.runtime.stream_connection import Chunk, StreamConnection, connection_of, server_config

Use = Callable[[StreamConnection], Awaitable[None]]


@asynccontextmanager
async def served(use: Use) -> AsyncIterator[tuple[uvicorn.Server, int]]:
    """Run a server whose responses start, are used by `use`, and wait for the client to leave."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        connection = connection_of(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        connection.begin_stream(scope["http_version"], 4_096)
        await send({"type": "http.response.body", "body": b"by ASGI,", "more_body": True})
        await use(connection)
        while (await receive())["type"] != "http.disconnect":
            pass

    async with serving(app) as server_and_port:
        yield server_and_port


@asynccontextmanager
async def serving(app: Any, **settings: Any) -> AsyncIterator[tuple[uvicorn.Server, int]]:
    """Run a server with this application."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = server_config(
            app, log_config=None, lifespan="off", timeout_graceful_shutdown=30, **settings
        )
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield server, listener.getsockname()[1]
        finally:
            server.should_exit = True
            await running


async def request(port: int, version: str = "1.1", limit: int = 2**16) -> Any:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=limit)
    writer.write(f"GET / HTTP/{version}\r\nHost: test\r\n\r\n".encode())
    return reader, writer


async def test_the_body_is_chunked_and_ends_with_a_chunk() -> None:
    async def use(connection: StreamConnection) -> None:
        for text in (b"one", b"two"):
            connection.write(Chunk(text))
        connection.end()

    async with served(use) as (_, port), asyncio.timeout(10):
        reader, writer = await request(port)
        head, body = (await reader.read()).split(b"\r\n\r\n", 1)
        writer.close()
    assert b"transfer-encoding: chunked" in head.lower()
    assert body == b"8\r\nby ASGI,\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"


async def test_a_client_of_http_1_0_gets_the_bare_body() -> None:
    async def use(connection: StreamConnection) -> None:
        connection.write(Chunk(b"one"))
        connection.end()

    async with served(use) as (_, port), asyncio.timeout(10):
        reader, writer = await request(port, "1.0")
        assert (await reader.read()).split(b"\r\n\r\n", 1)[1] == b"by ASGI,one"
        writer.close()


async def test_bytes_that_a_client_does_not_take_are_buffered_and_dropped_at_the_end() -> None:
    connections: list[StreamConnection] = []
    ended = asyncio.Event()

    async def use(connection: StreamConnection) -> None:
        connections.append(connection)
        while not connection.buffered_bytes:
            connection.write(Chunk(b"x" * 100_000))
        await ended.wait()
        connection.end()

    async with served(use) as (server, port), asyncio.timeout(20):
        _, writer = await request(port, limit=1_000)
        while not connections or not connections[0].buffered_bytes:
            await asyncio.sleep(0.01)
        assert connections[0].written_bytes > connections[0].buffered_bytes > 0
        ended.set()
        while server.server_state.connections:  # although the client reads nothing
            await asyncio.sleep(0.01)
        assert connections[0].buffered_bytes == 0
        writer.transport.abort()


async def test_a_server_that_stops_ends_them_at_once() -> None:
    async def use(_connection: StreamConnection) -> None:
        return

    async with asyncio.timeout(10):  # less than the server would wait for a response
        async with served(use) as (_, port):
            reader, writer = await request(port)
            await reader.readuntil(b"by ASGI,\r\n")
        assert await reader.read() == b"0\r\n\r\n"
        writer.close()


@pytest.mark.parametrize("beginning", [b"", b"GET / HTTP/1.1\r\nHost: test\r\nX-Slow: "])
async def test_a_connection_without_a_complete_head_is_closed_in_time(
    monkeypatch: pytest.MonkeyPatch, beginning: bytes
) -> None:
    monkeypatch.setattr(stream_connection, "HEAD_S", 0.2)

    async def use(_connection: StreamConnection) -> None:
        return

    async with served(use) as (_, port), asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(beginning)
        assert await reader.read() == b""
        writer.close()


async def test_the_time_for_a_head_ends_no_response_and_begins_anew_with_the_next_head(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_connection, "HEAD_S", 0.2)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await asyncio.sleep(0.5)
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})

    async with serving(app) as (_, port), asyncio.timeout(20):
        reader, writer = await request(port)
        await reader.readuntil(b"ok")
        writer.write(b"GET / HTTP/1.1\r\n")
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize(
    "parts",
    [
        [b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\npart"],
        [b"POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\npa"],
        [
            b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi"
            b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\npart"
        ],
        [b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 900\r\n\r\n", *[b"slow"] * 200],
    ],
    ids=["length", "chunks", "pipelined", "drops"],
)
async def test_a_connection_without_a_complete_body_is_closed_in_time(
    monkeypatch: pytest.MonkeyPatch, parts: list[bytes]
) -> None:
    monkeypatch.setattr(stream_connection, "BODY_S", 0.2)
    disconnected = asyncio.Event()

    async with serving(_body_reader(disconnected)) as (_, port), asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        reading = asyncio.create_task(reader.read())
        for part in parts:
            writer.write(part)
            if reading.done():
                break
            await asyncio.sleep(0.02)
        assert not (await reading).endswith(b"part")
        await disconnected.wait()
        writer.close()


async def test_the_time_for_a_body_ends_with_the_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_connection, "BODY_S", 0.2)

    async with serving(_body_reader(asyncio.Event())) as (_, port), asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n")
            await asyncio.sleep(0.02)
            writer.write(b"hello")
            await reader.readuntil(b"ok")
            await asyncio.sleep(0.3)
        writer.close()


async def test_a_request_that_breaks_off_is_no_failure_of_the_application() -> None:
    errors: list[Exception] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        except Exception as error:
            errors.append(error)

    async with serving(app) as (_, port), asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()
    assert errors == []


async def test_a_body_that_breaks_off_behind_the_answer_ends_the_connection() -> None:
    errors: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, error: errors.append(error))

    async def use(_connection: StreamConnection) -> None:
        return

    async with served(use) as (_, port), asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        await reader.readuntil(b"by ASGI,\r\n")
        writer.write(b"zz\r\n")
        assert b"400" not in await reader.read()
        writer.close()
    assert errors == []


@pytest.mark.parametrize("body_end", [b"5\r\nhello\r\n0\r\n\r\n", b"0\r\n\r\n"])
async def test_a_body_that_ends_behind_the_answer_keeps_no_connection_open(body_end: bytes) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send({"type": "http.response.body", "body": b"no"})

    async with serving(app, timeout_keep_alive=1) as (_, port), asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        await reader.readuntil(b"no")
        writer.write(body_end)
        await writer.drain()
        assert await reader.read() == b""
        writer.close()


def _body_reader(disconnected: asyncio.Event) -> Any:
    """Return an application that reads the body and answers after longer than the limit."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                disconnected.set()
                return
            more = message["more_body"]
        await asyncio.sleep(0.3)
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})

    return app


def test_a_chunk_is_one_write() -> None:
    """With TCP_NODELAY each write is a packet: two of them would be two for the client."""
    writes: list[bytes] = []
    transport: Any = SimpleNamespace(write=writes.append, is_closing=lambda: False)
    StreamConnection(transport).write(Chunk(b"data: 1\n\n"))
    assert writes == [b"9\r\ndata: 1\n\n\r\n"]
