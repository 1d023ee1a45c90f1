"""The FastAPI application of the console: guard, problems, routers, our static files."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from services.console.web import (
    account,
    acts,
    assets,
    auth,
    boards,
    carriers,
    case_list,
    cases,
    decisions,
    document,
    drilldown,
    drills,
    duty,
    events,
    exports,
    modes,
    oidc,
    pages,
    photos,
    problems,
    reachability,
    readings,
    reads,
    reporting,
    reviews,
    silences,
)
from services.console.web.guard import Guard
from services.console.web.idempotency import Idempotency
from services.console.web.parts import Console
from services.console.web.refusals import noted
from shared.runtime.request_drain import RequestDrain

Lifespan = Callable[..., AbstractAsyncContextManager[None]]


class _OwnFiles(StaticFiles):
    """Our own files, checked for changes at every load: an update reaches each wall at once."""

    async def get_response(self, path: str, scope: Scope) -> Any:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        return response


def create(console: Console, lifespan: Lifespan) -> FastAPI:
    """The application over its parts; `lifespan` starts and stops them."""
    app = FastAPI(
        title="Fenghuo console",
        version="1.0.0",
        lifespan=lifespan,
        # FastAPI's own pages load their scripts from public networks.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # the address would be made of the sender's Host header
        openapi_url="/openapi.json",
    )
    app.state.console = console
    problems.install(app, noted)
    document.install(app)
    for part in (
        drilldown,
        *(auth, account, oidc, reads, boards, acts, decisions, silences, carriers, modes, duty),
        *(reachability, readings, drills, reporting, case_list, cases, reviews, photos),
        *(exports, events, pages, assets),
    ):
        app.include_router(part.router)
    app.mount("/static", _OwnFiles(directory=assets.STATIC), name="static")
    app.add_middleware(Idempotency)
    # A list of alerts shrinks to a tenth; the live stream goes as it is. No answer holds a secret that its
    # length could tell: the session is in a cookie that no page reads.
    app.add_middleware(GZipMiddleware, minimum_size=1_024, compresslevel=1)
    app.add_middleware(Guard)  # around all that reads: it bounds the body
    app.add_middleware(RequestDrain)
    return app
