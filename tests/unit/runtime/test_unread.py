"""An answer reaches its sender also when the request was refused with its body unread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from shared.runtime import unread
from shared.runtime.shell import listen
from shared.runtime.unread import MOST_BYTES, Drained
from shared.runtime.wire import server_config
from tests.support.waiting import until


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """An application that answers without reading."""
    headers = [(b"connection", b"close"), (b"content-length", b"4")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"full"})


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[int]:
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(server_config(app, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await until(lambda: server.started)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await serving


async def ask(port: int, head: str, body: bytes) -> bytes:
    """All that the server says to a sender who first sends everything."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"POST / HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n".encode())
        for begin in range(0, len(body), 65_536):
            writer.write(body[begin : begin + 65_536])
            await writer.drain()
        return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize("size", [1, 70_000, 5_000_000])
async def test_the_answer_arrives_behind_a_body_nobody_reads(size: int) -> None:
    async with served(Drained(refuse)) as port:
        for _ in range(10):
            said = await ask(port, f"content-length: {size}", b"x" * size)
            assert said.startswith(b"HTTP/1.1 413")
            assert said.endswith(b"full")


async def test_chunks_are_dropped_too() -> None:
    body = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    async with served(Drained(refuse)) as port:
        said = await ask(port, "transfer-encoding: chunked", body * 40 + b"0\r\n\r\n")
    assert said.endswith(b"full")


async def test_who_asks_for_leave_to_send_is_answered_without_it() -> None:
    async with served(Drained(refuse)) as port:
        said = await ask(port, "content-length: 9\r\nexpect: 100-continue", b"")
    assert said.startswith(b"HTTP/1.1 413")


async def test_who_falls_silent_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "_SILENCE_S", 0.01)
    async with served(Drained(refuse)) as port:
        said = await ask(port, "content-length: 9", b"x")
    assert said.endswith(b"full")


async def test_a_body_without_end_is_not_waited_for() -> None:
    answers: list[Any] = []
    read = 0

    async def endless() -> Any:
        nonlocal read
        read += 65_536
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": True}

    async def send(message: Any) -> None:
        answers.append(message)

    scope = {"type": "http", "headers": [(b"transfer-encoding", b"chunked")]}
    await Drained(refuse)(scope, endless, send)
    assert answers[0]["status"] == 413
    assert MOST_BYTES < read <= MOST_BYTES + 65_536


async def test_a_body_that_has_been_read_is_not_waited_for() -> None:
    """The server's next message would be that the client has left."""
    asked = 0

    async def read_and_answer(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await refuse(scope, receive, send)

    async def whole() -> Any:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        pass

    scope = {"type": "http", "headers": [(b"content-length", b"2")]}
    await Drained(read_and_answer)(scope, whole, send)
    assert asked == 1
