"""The rest of a request's body when the answer is ready: read and dropped, within bounds.

A server that closes a connection with unread input resets it, and the sender never reads the
answer. So no answer is sent before the body has ended, the sender was silent for a second, or a
bound is reached.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 8 * 1024 * 1024
"""A longer body is not read to its end: its sender gets a reset."""
_TOTAL_S = 10.0
_SILENCE_S = 1.0


class RequestDrain:
    """ASGI middleware, outermost: each answer waits until the rest of the body has been dropped."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on to the application."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        ended = False

        async def receive_and_note_end() -> Message:
            nonlocal ended
            message = await receive()
            ended = ended or not message.get("more_body", False)
            return message

        async def send_after_drain(message: Message) -> None:
            if message["type"] == "http.response.start" and not ended:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_TOTAL_S):
                        await drain()
            await send(message)

        async def drain() -> None:
            dropped_bytes = 0
            while not ended and dropped_bytes <= MOST_BYTES:
                async with asyncio.timeout(_SILENCE_S):
                    dropped_bytes += len((await receive_and_note_end()).get("body", b""))

        await self._app(scope, receive_and_note_end, send_after_drain)


def _has_body(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    # A sender that expects leave to send a body has not sent it; the server gives leave when the
    # application asks for more.
    return b"expect" not in headers and (
        b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
    )
