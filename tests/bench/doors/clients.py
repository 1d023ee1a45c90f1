"""Senders with a lasting connection: prepared request bytes, answers read only in part."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit


@dataclass(slots=True)
class Answers:
    """Answers of a row: seconds of each by status, and the total time."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    span_s: float = 0.0


class Door:
    """A door of ingest: its address and its senders."""

    def __init__(self, url: str, token: str, sensors: Sequence[dict[str, object]]) -> None:
        place = urlsplit(url)
        self.host, self.port = place.hostname or "", place.port or 0
        self._token = token
        self._sensors = sensors
        self._number = 0

    def request(self, readings: int) -> bytes:
        """Return a request with `count` new readings; a single reading uses the door of single
        readings.
        """
        now = datetime.now(UTC).isoformat()
        bodies = []
        for _ in range(readings):
            self._number += 1
            sensor = self._sensors[self._number % len(self._sensors)]
            bodies.append({"id": f"b-{self._number}", "value": 1.0, "occurred_at": now, **sensor})
        path = "/v1/readings" if readings == 1 else "/v1/readings/batch"
        body = json.dumps(bodies[0] if readings == 1 else {"readings": bodies}).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self.host}\r\nAuthorization: Bearer {self._token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


async def read_answer(reader: asyncio.StreamReader) -> int:
    """Read an answer with its body; return its status."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])


async def send(door: Door, senders: int, readings: int, seconds: float) -> Answers:
    """Run `senders` senders for `seconds`, each with a connection and one request at a time."""
    answers = Answers()
    began = time.monotonic()

    async def sender() -> None:
        reader, writer = await asyncio.open_connection(door.host, door.port)
        while time.monotonic() - began < seconds:
            request = door.request(readings)
            sent_at = time.monotonic()
            writer.write(request)
            status = await read_answer(reader)
            answers.seconds.append(time.monotonic() - sent_at)
            answers.statuses[status] += 1
        writer.close()

    await asyncio.gather(*(sender() for _ in range(senders)))
    answers.span_s = time.monotonic() - began
    return answers
