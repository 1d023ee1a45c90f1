"""The FastAPI application of the console: guard, problems, routers, static files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from services.console.web import assets, openapi, problems
from services.console.web.call_counting import CallCounting
from services.console.web.deps import ConsoleDeps
from services.console.web.guard import Guard
from services.console.web.idempotency import Idempotency
from services.console.web.refusals import note_refusal
from shared.runtime.request_drain import RequestDrain

Lifespan = Callable[..., AbstractAsyncContextManager[None]]


class _OwnFiles(StaticFiles):
    """Static files, checked by browsers at every load: an update reaches each screen."""

    async def get_response(self, path: str, scope: Scope) -> Any:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        return response


def create(
    console: ConsoleDeps,
    lifespan: Lifespan,
    routers: Iterable[APIRouter],
    operations: Iterable[tuple[str, Any]],
) -> FastAPI:
    """Return the application over its parts; `lifespan` starts and stops the parts.

    `operations` are the paths of health, metrics and documents. These exact paths precede all
    routes, to be answered while the routes are busy.
    """
    app = FastAPI(
        title="Fenghuo console",
        version="1.0.0",
        lifespan=lifespan,
        routes=[Route(path, endpoint) for path, endpoint in operations],
        # The pages of FastAPI load their scripts from public networks.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # it would contain the Host header of the sender
        openapi_url="/openapi.json",
        generate_unique_id_function=openapi.operation_id_of,
    )
    app.state.console = console
    problems.install(app, note_refusal)
    openapi.install(app)
    for router in routers:
        app.include_router(router)
    app.mount("/static", _OwnFiles(directory=assets.STATIC), name="static")
    app.add_middleware(Idempotency)
    app.add_middleware(CallCounting)
    # A list of alerts shrinks to a tenth; the live stream is not compressed. No response holds a
    # secret that its length could reveal: the session is in a cookie that no page reads.
    app.add_middleware(GZipMiddleware, minimum_size=1_024, compresslevel=1)
    app.add_middleware(Guard)  # outside of all that read the body: it limits the size
    app.add_middleware(RequestDrain)
    return app
