"""An answer reaches its sender also when the request is refused and its body is unread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from shared.runtime import request_drain
from shared.runtime.http_server import listen
from shared.runtime.request_drain import MOST_BYTES, RequestDrain
from shared.runtime.stream_connection import server_config
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
    """Return everything that the server answers to a sender who first sends the request."""
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
    async with served(RequestDrain(refuse)) as port:
        for _ in range(10):
            answer = await ask(port, f"content-length: {size}", b"x" * size)
            assert answer.startswith(b"HTTP/1.1 413")
            assert answer.endswith(b"full")


async def test_chunks_are_dropped_too() -> None:
    body = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    async with served(RequestDrain(refuse)) as port:
        answer = await ask(port, "transfer-encoding: chunked", body * 40 + b"0\r\n\r\n")
    assert answer.endswith(b"full")


async def test_a_sender_that_asks_for_leave_is_answered_without_it() -> None:
    async with served(RequestDrain(refuse)) as port:
        answer = await ask(port, "content-length: 9\r\nexpect: 100-continue", b"")
    assert answer.startswith(b"HTTP/1.1 413")


async def test_a_silent_sender_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_drain, "_SILENCE_S", 0.01)
    async with served(RequestDrain(refuse)) as port:
        answer = await ask(port, "content-length: 9", b"x")
    assert answer.endswith(b"full")


async def test_a_body_without_end_is_read_up_to_the_bound() -> None:
    answers: list[Any] = []
    read_bytes = 0

    async def endless() -> Any:
        nonlocal read_bytes
        read_bytes += 65_536
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": True}

    async def send(message: Any) -> None:
        answers.append(message)

    scope = {"type": "http", "headers": [(b"transfer-encoding", b"chunked")]}
    await RequestDrain(refuse)(scope, endless, send)
    assert answers[0]["status"] == 413
    assert MOST_BYTES < read_bytes <= MOST_BYTES + 65_536


async def test_a_body_that_has_been_read_is_not_read_again() -> None:
    """The next message of the server would say that the client has left."""
    receive_calls = 0

    async def read_and_answer(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await refuse(scope, receive, send)

    async def complete_body() -> Any:
        nonlocal receive_calls
        receive_calls += 1
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        pass

    scope = {"type": "http", "headers": [(b"content-length", b"2")]}
    await RequestDrain(read_and_answer)(scope, complete_body, send)
    assert receive_calls == 1
