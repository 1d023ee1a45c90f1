"""The carrier of pages: it writes down whatever arrives, and misbehaves by chance."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploy.local.ports import HOST
from tests.faults.suite.history import LineFile

_REFUSED = 0.03
_SLOW = 0.02
_SLOW_S = 3.0


class Carrier:
    """Listens on a free port of this machine; `on_page` is called for every arrival."""

    def __init__(self, log: LineFile, seed: int) -> None:
        self._log, self._chance = log, random.Random(seed)
        self.on_page: Callable[[dict[str, Any]], None] = lambda page: None
        app = Starlette(routes=[Route("/pages", self._take, methods=["POST"])])
        self._server = _PlainServer(
            uvicorn.Config(app, host=HOST, port=0, log_config=None, access_log=False)
        )

    async def serve(self) -> None:
        """Run until `stop`."""
        await self._server.serve()

    async def url(self) -> str:
        """Return the address to which pages are posted, when it may be used."""
        await self._server.up.wait()
        return f"http://{HOST}:{self._server.servers[0].sockets[0].getsockname()[1]}/pages"

    def stop(self) -> None:
        """Let `serve` return."""
        self._server.should_exit = True

    async def _take(self, request: Request) -> Response:
        page = json.loads(await request.body())["data"]
        drawn = self._chance.random()
        status = 503 if drawn < _REFUSED else 204
        if status == 204:
            # A refused page did not reach the officer; the sender may send it unmarked.
            self._log.write(
                page_id=page["page_id"],
                resend=bool(page.get("resend")),
                officer_id=page["officer_id"],
                status=page.get("status", "Actual"),
            )
            self.on_page(page)
        if _REFUSED <= drawn < _REFUSED + _SLOW:
            await asyncio.sleep(_SLOW_S)
        return Response(status_code=status)


class _PlainServer(uvicorn.Server):
    """Leaves the process's signals alone: they belong to the run."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.up.set()

    def capture_signals(self) -> Any:
        return nullcontext()
