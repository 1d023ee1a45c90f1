"""The program of clients.py, from the benchmark's side."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlsplit

_LONGEST_ANSWER = 256 * 2**20


@dataclass(frozen=True)
class Observations:
    """Arrivals at the readers since the last collection: moments per alarm, and lost readers."""

    arrived: dict[int, list[float]]
    readers_lost: int
    stalled_cut: int
    cpu_s: float


class Crowd:
    """Streams of officers, opened and read in a process of their own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def readers(self, count: int) -> None:
        """Open so many more streams that are read."""
        await self._ask(f"readers {count}")

    async def stalled(self, count: int) -> None:
        """Open so many more streams that nobody reads."""
        await self._ask(f"stalled {count}")

    async def collect(self) -> Observations:
        """Return the arrivals since the last collection."""
        result = await self._ask("take")
        arrived = {int(number): moments for number, moments in result.pop("arrived").items()}
        return Observations(arrived=arrived, **result)

    async def _ask(self, command: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}\n".encode())
        await self._process.stdin.drain()
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the clients failed at: {command}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def crowd(url: str, tokens: Sequence[str]) -> AsyncIterator[Crowd]:
    """The program, and its end."""
    at = urlsplit(url)
    with NamedTemporaryFile("w", encoding="ascii") as file:
        file.write("\n".join(tokens))
        file.flush()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.bench.console.clients", str(at.hostname), str(at.port), file.name),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_ANSWER,
        )
        try:
            yield Crowd(process)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
