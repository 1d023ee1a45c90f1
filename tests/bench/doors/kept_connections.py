"""Answers of every service over a lasting connection: an answer must not wait for the network.

A server that writes head and body apart, without TCP_NODELAY, waits 40 ms for the client's delayed
acknowledgement from the second request on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from tests.bench.doors.clients import read_answer

PATH = "/healthz"


async def keep_alive_row(urls: Mapping[str, str], requests: int) -> dict[str, Any]:
    """Return the median and the 99th percentile in ms of each service, and the worst median."""
    services = {name: await _answers(url, requests) for name, url in urls.items()}
    return {
        "requests": requests,
        "p50_ms": {name: round(median(values), 2) for name, values in services.items()},
        "p99_ms": {
            name: round(sorted(values)[len(values) * 99 // 100], 2)
            for name, values in services.items()
        },
        "worst_p50_ms": round(max(median(values) for values in services.values()), 2),
    }


async def _answers(url: str, requests: int) -> list[float]:
    """Return the milliseconds of each answer on one connection, without the first ten."""
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    request = f"GET {PATH} HTTP/1.1\r\nHost: {place.hostname}\r\n\r\n".encode()
    results = []
    try:
        for _ in range(requests + 10):
            sent_at = time.perf_counter()
            writer.write(request)
            await read_answer(reader)
            results.append(1_000 * (time.perf_counter() - sent_at))
    finally:
        writer.close()
    return results[10:]
