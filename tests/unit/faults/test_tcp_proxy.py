"""The proxy of the fault suite carries, swallows and cuts, and ends with the suite."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.local.ports import HOST
from tests.faults.suite.tcp_proxy import Interference, TcpProxy, interfere, interfering

_LIMIT_S = 60.0


class Echo:
    """A server that answers each line with itself, and keeps the lines."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer until the client closes."""
        while line := await reader.readline():
            self.lines.append(line)
            writer.write(line)
        writer.close()


@pytest_asyncio.fixture
async def echo() -> AsyncIterator[tuple[Echo, TcpProxy]]:
    """An echo server behind a proxy."""
    server = Echo()
    listener = await asyncio.start_server(server.answer, HOST, 0)
    proxy = TcpProxy(listener.sockets[0].getsockname()[1])
    await proxy.start()
    yield server, proxy
    await proxy.stop()
    listener.close()


async def test_answers_pass_then_are_swallowed_and_cut(echo: tuple[Echo, TcpProxy]) -> None:
    server, proxy = echo
    async with asyncio.timeout(_LIMIT_S):
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        writer.write(b"through\n")
        assert await reader.readline() == b"through\n"
        async with interfering([proxy], Interference(swallows=True), cut_at_end=True):
            writer.write(b"swallowed\n")
            while b"swallowed\n" not in server.lines:
                await asyncio.sleep(0.01)
        assert await reader.read() == b"", "cut, and nothing of the answer has come"
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        writer.write(b"again\n")
        assert await reader.readline() == b"again\n"
        writer.close()


async def test_answers_are_late_and_then_at_once(echo: tuple[Echo, TcpProxy]) -> None:
    _, proxy = echo
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(_LIMIT_S):
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        async with interfering([proxy], Interference(delay_s=0.5)):
            begin = loop.time()
            writer.write(b"late\n")
            assert await reader.readline() == b"late\n"
            assert loop.time() - begin >= 0.5
        writer.close()


async def test_a_stopped_proxy_is_gone_with_its_connections(echo: tuple[Echo, TcpProxy]) -> None:
    _, proxy = echo
    async with asyncio.timeout(_LIMIT_S):
        reader, _ = await asyncio.open_connection(HOST, proxy.port)
        await proxy.stop()
        assert await reader.read() == b""
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(HOST, proxy.port)
        with pytest.raises((ConnectionError, OSError)):
            await interfere([proxy], Interference())
