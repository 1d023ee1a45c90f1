"""What stands before the doors: who sends, what kind, how much, how slowly. Nothing is parsed here.

A body is read up to its limit and not a byte further, whatever Content-Length says; a token is
compared in constant time and before the body is read.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.ingest.core.refusals import Refusal, Refused, refuse
from services.ingest.metrics import Metrics
from services.ingest.problems import problem_response

SINGLE_LIMIT = 64 * 1024
BATCH_LIMIT = 1024 * 1024
WARNING_LIMIT = 256 * 1024
SOURCE = "fenghuo.source"
"""Where a request's scope says which source sends it."""


@dataclass(frozen=True)
class Door:
    """How much a door lets in, in bytes, and of which kind."""

    limit: int
    kinds: tuple[str, ...] = ("application/json",)


DOORS: dict[str, Door] = {
    "/v1/readings": Door(SINGLE_LIMIT),
    "/v1/readings/batch": Door(BATCH_LIMIT),
    "/v1/reports": Door(SINGLE_LIMIT),
    "/v1/warnings": Door(WARNING_LIMIT, ("application/cap+xml", "application/xml", "text/xml")),
}


class Gate:
    """ASGI middleware: hands on only what may be parsed, complete and bounded."""

    def __init__(
        self, app: ASGIApp, sources: Mapping[str, str], metrics: Metrics, body_timeout_s: float
    ) -> None:
        self._app = app
        self._digests = {name: digest.encode() for name, digest in sources.items()}
        self._metrics = metrics
        self._body_timeout_s = body_timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        door = DOORS.get(scope["path"]) if scope["type"] == "http" else None
        if door is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        try:
            body = await self._admit(scope, receive, door)
        except Refused as refused:
            self._metrics.refused.labels(refused.reason.value).inc()
            # Not all of the body may have been read: then the connection serves no other request.
            response = problem_response(refused, {"connection": "close"})
            await response(scope, receive, send)
            return
        if body is None:
            return
        await self._app(scope, _replay(body, receive), send)

    async def _admit(self, scope: Scope, receive: Receive, door: Door) -> bytes | None:
        headers = {name.lower(): value for name, value in scope["headers"]}
        source = self._known(headers.get(b"authorization", b""))
        if source is None:
            raise refuse(
                Refusal.UNAUTHORISED,
                "header Authorization",
                "missing, or not the token of a known source",
                "Bearer and a token",
            )
        scope[SOURCE] = source
        kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        if kind.decode("latin-1") not in door.kinds:
            raise refuse(
                Refusal.MEDIA_TYPE,
                "header Content-Type",
                f"{kind.decode('latin-1')[:80] or 'missing'} is not read here",
                ", ".join(door.kinds),
            )
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise refuse(
                Refusal.MEDIA_TYPE, "header Content-Encoding", "no encoding is read", "identity"
            )
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared[:20]) > door.limit:
            raise _too_large(door)
        try:
            async with asyncio.timeout(self._body_timeout_s):
                return await _read(receive, door)
        except TimeoutError:
            raise refuse(
                Refusal.TOO_SLOW, "body", "did not arrive in time", f"{self._body_timeout_s:g} s"
            ) from None

    def _known(self, header: bytes) -> str | None:
        """The source whose token it is."""
        scheme, _, token = header.partition(b" ")
        digest = hashlib.sha256(token.strip()).hexdigest().encode()
        # All are compared, so that the time taken tells nothing.
        matches = [
            name for name, known in self._digests.items() if hmac.compare_digest(digest, known)
        ]
        return matches[0] if matches and scheme.lower() == b"bearer" else None


async def _read(receive: Receive, door: Door) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > door.limit:
            raise _too_large(door)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _too_large(door: Door) -> Refused:
    return refuse(Refusal.TOO_LARGE, "body", "too large", f"at most {door.limit} bytes")


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
