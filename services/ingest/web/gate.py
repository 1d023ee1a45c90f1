"""The gate in front of the routes: it checks sender, media type, size and speed, and parses
nothing.

The requests of a source that wait for their answer are limited: while Kafka stalls, their bodies
would lie in memory. A body is read up to its limit and not a byte further, whatever Content-Length
says. The key of the source, its door and its rate are checked before the body is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.ingest.core.refusals import ProblemKind, RequestRefused, refusal
from services.ingest.intake import Intake
from services.ingest.metrics import IngestMetrics
from services.ingest.web.problems import problem_response
from services.ingest.web.source_loads import SourceLoads
from shared.contracts.sources import SourceDoor

SINGLE_LIMIT = 64 * 1024
BATCH_LIMIT = 1024 * 1024
WARNING_LIMIT = 256 * 1024
SOURCE = "fenghuo.source"
"""The key of the source in the scope of a request."""


@dataclass(frozen=True)
class BodyLimits:
    """The door of a route, the largest body in bytes, and the media types."""

    door: SourceDoor
    max_bytes: int
    media_types: tuple[str, ...] = ("application/json",)


LIMITS: dict[str, BodyLimits] = {
    "/v1/readings": BodyLimits(SourceDoor.READINGS, SINGLE_LIMIT),
    "/v1/readings/batch": BodyLimits(SourceDoor.READINGS, BATCH_LIMIT),
    "/v1/reports": BodyLimits(SourceDoor.REPORTS, SINGLE_LIMIT),
    "/v1/warnings": BodyLimits(
        SourceDoor.WARNINGS,
        WARNING_LIMIT,
        ("application/cap+xml", "application/xml", "text/xml"),
    ),
}


class Gate:
    """ASGI middleware: it passes on complete bodies of limited size, of known sources only."""

    def __init__(
        self,
        app: ASGIApp,
        intake: Intake,
        metrics: IngestMetrics,
        body_timeout_s: float,
    ) -> None:
        self._app = app
        self._intake = intake
        self._metrics = metrics
        self._loads = SourceLoads()
        self._body_timeout_s = body_timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a problem document."""
        limits = LIMITS.get(scope["path"]) if scope["type"] == "http" else None
        if limits is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        intake, action = self._intake, f"POST {scope['path']}"
        try:
            headers = {name.lower(): value for name, value in scope["headers"]}
            scope[SOURCE] = source = intake.admission.admit(
                headers.get(b"authorization", b""), limits.door, action, intake.now()
            )
            _check_media_type(headers, limits)
            size = _declared_bytes(headers, limits)
            with self._loads.admitted(source.id, size):
                body = await self._read_in_time(receive, limits)
                if body is not None:
                    await self._app(scope, _replay(body, receive), send)
        except RequestRefused as error:
            self._metrics.refused.labels(error.kind.value).inc()
            if SOURCE in scope:
                intake.admission.note(scope[SOURCE], action, error.problems, intake.now())
            # A part of the body may be unread: such a connection can serve no other request.
            response = problem_response(error, {"connection": "close"})
            await response(scope, receive, send)

    async def _read_in_time(self, receive: Receive, limits: BodyLimits) -> bytes | None:
        """Return the body, None if the sender has disconnected. Raises RequestRefused."""
        try:
            async with asyncio.timeout(self._body_timeout_s):
                return await _read(receive, limits)
        except TimeoutError:
            raise refusal(
                ProblemKind.TOO_SLOW,
                "body",
                "did not arrive in time",
                f"{self._body_timeout_s:g} s",
            ) from None


def _check_media_type(headers: Mapping[bytes, bytes], limits: BodyLimits) -> None:
    """Raise RequestRefused for a body that the route does not read."""
    content_type = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    media_type = content_type.decode("latin-1")
    if media_type not in limits.media_types:
        raise refusal(
            ProblemKind.MEDIA_TYPE,
            "header Content-Type",
            f"{media_type[:80] or 'missing'} is not read here",
            ", ".join(limits.media_types),
        )
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise refusal(
            ProblemKind.MEDIA_TYPE, "header Content-Encoding", "no encoding is read", "identity"
        )


def _declared_bytes(headers: Mapping[bytes, bytes], limits: BodyLimits) -> int:
    """Return the most bytes that the body will have. Raises RequestRefused."""
    declared = headers.get(b"content-length", b"")
    if not declared.isdigit():
        return limits.max_bytes
    if int(declared[:20]) > limits.max_bytes:
        raise _too_large(limits)
    return int(declared)


async def _read(receive: Receive, limits: BodyLimits) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > limits.max_bytes:
            raise _too_large(limits)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _too_large(limits: BodyLimits) -> RequestRefused:
    allowed = f"at most {limits.max_bytes} bytes"
    return refusal(ProblemKind.TOO_LARGE, "body", "too large", allowed)


def _replay(body: bytes, receive: Receive) -> Receive:
    replayed = False

    async def replay() -> Message:
        nonlocal replayed
        if replayed:
            return await receive()
        replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
