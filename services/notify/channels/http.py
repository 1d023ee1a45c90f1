"""One bounded HTTP exchange, and what its end says about whether the message arrived."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import httpx2
from pydantic_core import from_json

from services.notify.channels.port import AT_ONCE, DELIVERED, Attempt, Outcome

LONGEST_S = 8.0
"""Bounds a whole attempt; each of connecting, writing and reading has its own, shorter limit."""
MOST_BYTES = 16_384
"""Of a carrier's answer no more than this is read: an endless body costs us nothing."""


class Reply(NamedTuple):
    """What a carrier answered: its status and the beginning of its body."""

    status: int
    body: bytes


def client(timeout_s: float) -> httpx2.AsyncClient:
    """A client that follows no redirect and asks no environment for a proxy."""
    return httpx2.AsyncClient(
        timeout=timeout_s,
        follow_redirects=False,
        trust_env=False,
        limits=httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=20),
    )


async def exchange(
    http: httpx2.AsyncClient, method: str, url: str, *, keep: bool = True, **request: Any
) -> Reply | Attempt:
    """The carrier's reply, or how the attempt failed. Without `keep` the body is not read at all."""
    try:
        async with (
            asyncio.timeout(LONGEST_S),
            http.stream(method, url, **request) as response,
        ):
            body = b""
            if keep:
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) >= MOST_BYTES:
                        break
            return Reply(response.status_code, body[:MOST_BYTES])
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        return Attempt(Outcome.NOT_SENT, type(error).__name__)
    except (httpx2.TransportError, httpx2.DecodingError, TimeoutError) as error:
        return Attempt(Outcome.UNKNOWN, type(error).__name__)


def judge(status: int) -> Attempt:
    """2xx arrived; 429 was not taken; 408, 425 and 5xx say nothing certain; the rest is final."""
    if 200 <= status < 300:
        return DELIVERED
    if status == httpx2.codes.TOO_MANY_REQUESTS:
        return Attempt(Outcome.NOT_SENT, f"status {status}")
    if status >= 500 or status in (httpx2.codes.REQUEST_TIMEOUT, httpx2.codes.TOO_EARLY):
        return Attempt(Outcome.UNKNOWN, f"status {status}")
    return Attempt(Outcome.REFUSED, f"status {status}")


def field(body: bytes, path: str) -> object:
    """The value at a dotted path of a JSON answer, None when there is none."""
    try:
        result: object = from_json(body)
    except ValueError:
        return None
    for name in path.split("."):
        if not isinstance(result, dict):
            return None
        result = result.get(name)
    return result
