"""What a request still brings when its answer is ready: read and dropped, within bounds.

A server that closes a connection with input unread resets it, and the sender never reads the answer. So
nothing is answered before the body has ended, a second has passed in silence, or the bounds are reached.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 8 * 1024 * 1024
"""A longer body is not waited for: its sender gets a reset."""
_LONGEST_S = 10.0
_SILENCE_S = 1.0


class Drained:
    """ASGI middleware, outermost: each answer waits until the rest of the body has been dropped."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        ended = False

        async def received() -> Message:
            nonlocal ended
            message = await receive()
            ended = ended or not message.get("more_body", False)
            return message

        async def drained(message: Message) -> None:
            if message["type"] == "http.response.start" and not ended:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LONGEST_S):
                        await drop()
            await send(message)

        async def drop() -> None:
            dropped = 0
            while not ended and dropped <= MOST_BYTES:
                async with asyncio.timeout(_SILENCE_S):
                    dropped += len((await received()).get("body", b""))

        await self._app(scope, received, drained)


def _has_body(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    # Who expects leave to send a body has not sent it; the server gives leave when it is asked for more.
    return b"expect" not in headers and (
        b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
    )
