"""A TCP proxy that delays, cuts, or swallows the answers of a server, in a process of its own.

All traffic of the services with Kafka and Postgres passes through proxies. In the suite's process
they would wait behind its workloads on a loaded machine, and every service would look slow.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict, dataclass

from deploy.local.ports import HOST

_CHUNK = 65_536


@dataclass(frozen=True)
class Interference:
    """The treatment of the answers of a server; by default they pass."""

    delay_s: float = 0.0
    """Every piece of an answer is passed so much later."""
    swallows: bool = False
    """Answers are thrown away: requests arrive, and no client hears of it."""
    cuts: bool = False
    """Every connection is closed once, in both directions, before the rest holds."""


class TcpProxy:
    """The handle of a proxy process: it carries bytes between clients and a port."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._process: asyncio.subprocess.Process | None = None
        self.port = 0

    async def start(self) -> None:
        """Start the process; it listens on a free port."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", __name__, str(self._server_port)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self.port = int(await self._answer())

    async def stop(self) -> None:
        """End the process, and with it every connection."""
        if self._process is not None:
            if self._process.stdin is not None:
                self._process.stdin.close()
            await self._process.wait()

    async def interfere(self, interference: Interference) -> None:
        """Do this from now on; returns when the proxy does it."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(interference)).encode() + b"\n")
        await self._answer()

    async def _answer(self) -> bytes:
        """Return the next line of the process. Raises ConnectionError when it has ended."""
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise ConnectionError(f"the proxy of port {self._server_port} has ended")
        return line


async def interfere(proxies: Iterable[TcpProxy], interference: Interference) -> None:
    """Let several proxies do the same."""
    await asyncio.gather(*(proxy.interfere(interference) for proxy in proxies))


@contextlib.asynccontextmanager
async def interfering(
    proxies: Iterable[TcpProxy], interference: Interference, *, cut_at_end: bool = False
) -> AsyncIterator[None]:
    """Let proxies interfere for the length of the block; its end may cut every connection."""
    of_block = list(proxies)
    await interfere(of_block, interference)
    try:
        yield
    finally:
        await interfere(of_block, Interference(cuts=cut_at_end))


class _Carrier:
    """The proxy itself, inside its process."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._writers: set[asyncio.StreamWriter] = set()
        self._interference = Interference()

    def change(self, interference: Interference) -> None:
        """Do this from now on."""
        self._interference = interference
        if interference.cuts:
            for writer in list(self._writers):
                writer.transport.abort()

    async def carry(
        self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        """Carry the bytes of one client until either side closes."""
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
                if answers and self._interference.delay_s:
                    await asyncio.sleep(self._interference.delay_s)
                if answers and self._interference.swallows:
                    continue
                sink.write(data)
                await sink.drain()
        sink.close()


async def _serve(server_port: int) -> None:
    """Carry until standard input ends; each of its lines is an interference."""
    carrier = _Carrier(server_port)
    listener = await asyncio.start_server(carrier.carry, HOST, 0, backlog=512)
    print(listener.sockets[0].getsockname()[1], flush=True)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    while line := await lines.readline():
        carrier.change(Interference(**json.loads(line)))
        print(flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
