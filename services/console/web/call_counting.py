"""ASGI middleware: answers of the read API are counted as data calls (core/data_calls.py)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.console.core.data_calls import CallCounts, called_entries
from services.console.web.deps import ConsoleDeps
from shared.domain.local_time import ZONE

_OK = 200
_ZONE = ZoneInfo(ZONE)


class CallCounting:
    """Counts an answer when it begins: its data have left the console then."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.start" and message["status"] == _OK:
                _count(scope)

        await self._app(scope, receive, counted)


def _count(scope: Scope) -> None:
    route = getattr(scope.get("route"), "path", "")
    entries = called_entries(route, scope.get("path_params", {}))
    if not entries:
        return
    console: ConsoleDeps = scope["app"].state.console
    day = console.clock.now().astimezone(_ZONE).date()
    console.part(CallCounts).add(day, entries)
    console.metrics.data_calls.labels(entries[0].removeprefix("topic:")).inc()
