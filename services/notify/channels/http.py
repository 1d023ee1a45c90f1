"""One bounded HTTP exchange, and its outcome: the message arrived, did not, or may have."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import httpx2
from pydantic_core import from_json

from services.notify.channels.port import DELIVERED, MAX_ATTEMPTS_AT_ONCE, Attempt, DeliveryOutcome

LONGEST_S = 8.0
"""The longest attempt in seconds; connecting, writing and reading have shorter limits."""
MOST_BYTES = 16_384
"""The most bytes that are read of a carrier's answer, so that an endless body costs nothing."""


class HttpReply(NamedTuple):
    """The answer of a carrier: its status and the beginning of its body."""

    status: int
    body: bytes


def client(timeout_s: float) -> httpx2.AsyncClient:
    """Return a client that follows no redirect and reads no proxy from the environment."""
    return httpx2.AsyncClient(
        timeout=timeout_s,
        follow_redirects=False,
        trust_env=False,
        limits=httpx2.Limits(max_connections=MAX_ATTEMPTS_AT_ONCE, max_keepalive_connections=20),
    )


async def exchange(
    http: httpx2.AsyncClient, method: str, url: str, *, read_body: bool = True, **request: Any
) -> HttpReply | Attempt:
    """Return the carrier's reply, or the outcome of a failed attempt.

    Without `read_body` no part of the body is read.
    """
    try:
        async with (
            asyncio.timeout(LONGEST_S),
            http.stream(method, url, **request) as response,
        ):
            body = b""
            if read_body:
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) >= MOST_BYTES:
                        break
            return HttpReply(response.status_code, body[:MOST_BYTES])
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        return Attempt(DeliveryOutcome.NOT_SENT, type(error).__name__)
    except (httpx2.TransportError, httpx2.DecodingError, TimeoutError) as error:
        return Attempt(DeliveryOutcome.UNKNOWN, type(error).__name__)


def outcome_of(status: int) -> Attempt:
    """Return the outcome of a status.

    2xx: delivered. 429: not sent. 408, 425 and 5xx: unknown. All others: refused for good.
    """
    if 200 <= status < 300:
        return DELIVERED
    if status == httpx2.codes.TOO_MANY_REQUESTS:
        return Attempt(DeliveryOutcome.NOT_SENT, f"status {status}")
    if status >= 500 or status in (httpx2.codes.REQUEST_TIMEOUT, httpx2.codes.TOO_EARLY):
        return Attempt(DeliveryOutcome.UNKNOWN, f"status {status}")
    return Attempt(DeliveryOutcome.REFUSED, f"status {status}")


def field(body: bytes, path: str) -> object:
    """Return the value at a dotted path of a JSON answer, None when it has no such value."""
    try:
        result: object = from_json(body)
    except ValueError:
        return None
    for name in path.split("."):
        if not isinstance(result, dict):
            return None
        result = result.get(name)
    return result
