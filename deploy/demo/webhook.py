"""The officers' telephones: a receiver that checks signatures and counts what rings twice."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploy.local.ports import HOST

Ring = Callable[[dict[str, Any]], None]


@dataclass
class Received:
    """Received pages by page id."""

    pages: Counter[str] = field(default_factory=Counter)
    resent: Counter[str] = field(default_factory=Counter)
    """Arrivals that were marked as a possible repeat (重发)."""
    unsigned: int = 0
    exercise: set[str] = field(default_factory=set)
    unmarked_exercise: list[str] = field(default_factory=list)
    """Pages of the drill whose headline does not say so."""

    def repeats(self) -> list[str]:
        """Page ids that arrived more than once although only the first came without the mark."""
        return sorted(page for page, count in self.pages.items() if count - self.resent[page] > 1)


class Receiver:
    """Listens on a free port of this machine."""

    def __init__(self, secret: str, on_page: Ring) -> None:
        self.received = Received()
        self._signer = Webhook(secret)
        self._on_page = on_page
        app = Starlette(routes=[Route("/pages", self._take, methods=["POST"])])
        self._server = _Quiet(
            uvicorn.Config(app, host=HOST, port=0, log_config=None, access_log=False)
        )

    async def serve(self) -> None:
        """Run until `stop`."""
        await self._server.serve()

    async def listening(self) -> None:
        """Return when `url` may be used."""
        await self._server.up.wait()

    @property
    def url(self) -> str:
        """Return the address to which pages are posted."""
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://{HOST}:{port}/pages"

    def stop(self) -> None:
        """Let `serve` return."""
        self._server.should_exit = True

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        try:
            self._signer.verify(body, dict(request.headers))
        except WebhookVerificationError:
            self.received.unsigned += 1
            return Response(status_code=401)
        self._note(json.loads(body)["data"])
        return Response(status_code=204)

    def _note(self, page: dict[str, Any]) -> None:
        page_id = page["page_id"]
        self.received.pages[page_id] += 1
        if page.get("resend"):
            self.received.resent[page_id] += 1
        if page.get("status") == "Exercise":
            self.received.exercise.add(page_id)
            if not page["headline"].startswith("【演练】"):
                self.received.unmarked_exercise.append(page_id)
        self._on_page(page)


class _Quiet(uvicorn.Server):
    """Leaves the process's signals alone: they belong to the demo."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.up.set()

    def capture_signals(self) -> Any:
        return nullcontext()
