"""A limit for request bodies, and headers that let a page run the files of the console only."""

from __future__ import annotations

from contextlib import suppress

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.console.web.problems import ApiProblem, problem

MAX_BODY_BYTES = 64 * 1024
MAX_FILE_BYTES = 1024 * 1024
"""Limit of paths that end in `/import`."""
MAX_PHOTO_BYTES = 4 * 1024 * 1024
"""Limit of paths that end in `/photos`; the page of the console sends a tenth of it."""

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
    "require-trusted-types-for 'script'"
)

_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(self), microphone=()",
}


_NUL = ApiProblem(
    422,
    "The request is not valid",
    reason="invalid",
    errors=[{"where": "address", "what": "must not contain the NUL character"}],
)
"""The refusal of the NUL character, which no id has and Postgres cannot store."""


class _TooLarge(Exception):
    pass


class Guard:
    """ASGI middleware without buffering, which would hold back the live stream."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = _limit_of(scope["path"])
        received = 0
        started = False

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise _TooLarge
            return message

        async def guarded(message: Message) -> None:
            nonlocal started
            if received > limit and not started:
                return  # the answer to a truncated body is replaced by the refusal below
            if message["type"] == "http.response.start":
                started = True
                _add_headers(message)
            await send(message)

        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            await problem(_NUL)(scope, receive, guarded)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            received = int(declared)
        else:
            with suppress(_TooLarge):
                await self._app(scope, limited, guarded)
        if received > limit and not started:
            received = 0
            refusal = ApiProblem(
                413,
                "The body is too large",
                f"At limit {limit} bytes.",
                reason="too_large",
                headers={"Connection": "close"},
            )
            await problem(refusal)(scope, receive, guarded)


def _limit_of(path: str) -> int:
    """Return the largest size of a body for this path, in bytes."""
    if path.endswith("/photos"):
        return MAX_PHOTO_BYTES
    is_file = path.endswith("/import") or path.startswith("/api/definitions/")
    return MAX_FILE_BYTES if is_file else MAX_BODY_BYTES


def _add_headers(message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("cache-control", "no-store")
