"""Requests sent byte for byte: nothing is checked or repaired before it leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.faults.hostile.requests import HostileRequest

_TIMEOUT_S = 90.0
"""Longer than a service waits for any part of a request."""
_PAUSE_S = 1.0
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class HttpAnswer:
    """The answer to a request. Status 0: the connection ended without an answer; -1: none came."""

    status: int
    media_type: str = ""
    body: bytes = b""

    def document(self) -> Any:
        """Return the JSON of the body, None without JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def encoded(request: HostileRequest, authorization: str) -> bytes:
    """Return a request as bytes. The request's own headers win."""
    headers = {
        "host": "fenghuo.test",
        "authorization": authorization,
        "content-length": str(len(request.body)),
        **request.headers,
        "connection": "close",
    }
    lines = [f"{request.method} {request.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("utf-8", "surrogatepass") + _HEAD_END + request.body


async def exchange(url: str, pieces: Sequence[bytes]) -> HttpAnswer:
    """Send pieces, one a second, on a connection of its own; return the first answer."""
    address = urlsplit(url)
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            try:
                return await _exchange(reader, writer, pieces)
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
    except TimeoutError:
        return HttpAnswer(-1)
    except OSError:
        return HttpAnswer(0)


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pieces: Sequence[bytes]
) -> HttpAnswer:
    async def send() -> None:
        # A server may answer and close before it has read everything.
        with suppress(OSError):
            for number, piece in enumerate(pieces):
                if number:
                    await asyncio.sleep(_PAUSE_S)
                writer.write(piece)
                await writer.drain()

    sending = asyncio.create_task(send())
    parts: list[bytes] = []
    try:
        while part := await reader.read(65_536):
            parts.append(part)
    except OSError:
        pass  # A reset behind an answer: what was received counts.
    finally:
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
    return parsed(b"".join(parts))


def parsed(data: bytes) -> HttpAnswer:
    """Return the first final answer in the bytes of a connection."""
    head, _, body = data.partition(_HEAD_END)
    words = head.split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        return HttpAnswer(0)
    status = int(words[1])
    if status < 200:
        return parsed(body)
    media_type = ""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-type":
            media_type = value.split(b";")[0].strip().decode("latin-1")
    return HttpAnswer(status, media_type, body)
