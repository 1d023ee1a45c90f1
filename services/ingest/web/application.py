"""The FastAPI application: the gate, the routes, and the operations routes of the platform."""

from __future__ import annotations

from contextlib import AsyncExitStack

from fastapi import FastAPI
from starlette.routing import Route

from services.ingest.intake import Intake
from services.ingest.metrics import IngestMetrics
from services.ingest.web import openapi, problems
from services.ingest.web.gate import Gate
from services.ingest.web.routes import make_router
from services.ingest.web.source_routes import make_source_router
from shared.domain.recent_refusals import RecentRefusals
from shared.runtime.http_server import lifespan_of
from shared.runtime.platform import Platform
from shared.runtime.request_drain import RequestDrain


def make_application(
    platform: Platform,
    intake: Intake,
    recent: RecentRefusals,
    metrics: IngestMetrics,
    body_timeout_s: float,
) -> FastAPI:
    """Return the application; its lifespan starts the platform and the broker."""

    async def start(stack: AsyncExitStack) -> None:
        await platform.start(stack)
        await platform.broker.start()
        stack.push_async_callback(platform.broker.stop)

    app = FastAPI(
        title="Fenghuo ingest",
        version="1.0.0",
        docs_url=None,  # FastAPI's own pages load scripts from other hosts
        redoc_url=None,
        redirect_slashes=False,  # the address would contain the sender's Host header
        lifespan=lifespan_of(start),
    )
    app.state.platform = platform
    app.state.intake = intake
    app.state.recent_refusals = recent
    problems.install(app, metrics)
    app.include_router(make_router(intake, metrics))
    app.include_router(make_source_router(intake, recent, metrics))
    app.add_middleware(Gate, intake=intake, metrics=metrics, body_timeout_s=body_timeout_s)
    app.add_middleware(RequestDrain)
    openapi.install(app)
    app.router.routes.extend(
        Route(path, endpoint=endpoint, include_in_schema=False)
        for path, endpoint in platform.routes()
    )
    return app
