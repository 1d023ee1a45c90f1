"""The door of heartbeats: `POST /heartbeats?from=SENDER` with a bearer token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from faststream.asgi import AsgiResponse
from pydantic import SecretStr

from services.audit.watch.arrivals import ArrivalProbe
from services.audit.web.tokens import has_token


class HeartbeatDoor:
    """An ASGI application; without a token the door is closed. It needs no database."""

    def __init__(self, arrivals: Mapping[str, ArrivalProbe], token: SecretStr | None) -> None:
        self._arrivals = arrivals
        self._token = token

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer 204 when the heartbeat is noted, 404 for a sender that is not expected."""
        await AsgiResponse(b"", self._status(scope))(scope, receive, send)

    def _status(self, scope: Any) -> int:
        if self._token is None:
            return 404
        if scope["method"] != "POST":
            return 405
        if not has_token(scope, self._token):
            return 401
        sender = parse_qs(scope["query_string"].decode("ascii", "replace")).get("from", [""])[0]
        arrival = self._arrivals.get(sender)
        if arrival is None:
            return 404
        arrival.note()
        return 204
