"""Around every request: a limit for bodies, and headers that let a page run our own files only."""

from __future__ import annotations

from contextlib import suppress

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.console.web.problems import RequestRefused, problem

MAX_BODY_BYTES = 64 * 1024
MAX_FILE_BYTES = 1024 * 1024
"""For doors that take a file: their paths end in `/import`."""
MAX_PHOTO_BYTES = 4 * 1024 * 1024
"""For doors that take a photo: their paths end in `/photos`. Our own page sends a tenth of it."""

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
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


_NUL = RequestRefused(
    422,
    "The request is not valid",
    reason="invalid",
    errors=[{"where": "address", "what": "must not contain the NUL character"}],
)
"""No id and no text has one, and Postgres cannot hold it: of no door is it left to its checks."""


class _TooLarge(Exception):
    pass


class Guard:
    """ASGI middleware; plain, since a buffering one would hold back the live stream."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = _most(scope["path"])
        taken = 0
        started = False

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise _TooLarge
            return message

        async def guarded(message: Message) -> None:
            nonlocal started
            if taken > most and not started:
                return  # whatever the routes made of the cut body; the refusal below says it better
            if message["type"] == "http.response.start":
                started = True
                _add_headers(message)
            await send(message)

        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            await problem(_NUL)(scope, receive, guarded)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > most:
            taken = int(declared)
        else:
            with suppress(_TooLarge):
                await self._app(scope, limited, guarded)
        if taken > most and not started:
            taken = 0
            refusal = RequestRefused(
                413,
                "The body is too large",
                f"At most {most} bytes.",
                reason="too_large",
                headers={"Connection": "close"},
            )
            await problem(refusal)(scope, receive, guarded)


def _most(path: str) -> int:
    """How many bytes a body for this path may have."""
    if path.endswith("/photos"):
        return MAX_PHOTO_BYTES
    return MAX_FILE_BYTES if path.endswith("/import") else MAX_BODY_BYTES


def _add_headers(message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("cache-control", "no-store")
