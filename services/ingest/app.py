"""Wiring of ingest: the catalogue as a table, HTTP doors behind the gate, ticks beside them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import Route

from services.ingest import problems
from services.ingest.consumer import Intake
from services.ingest.core.ticks import EventClock
from services.ingest.gate import Gate
from services.ingest.loops import write_ticks
from services.ingest.metrics import Metrics
from services.ingest.settings import Settings, load_sources
from services.ingest.web import doors
from shared.contracts.topics import CATALOG, READINGS, REPORTS, WARNINGS
from shared.runtime.http_server import lifespan_of
from shared.runtime.platform import Platform
from shared.runtime.request_drain import RequestDrain


def build(settings: Settings) -> FastAPI:
    """The service as an ASGI application; raises SetupError."""
    sources = load_sources(settings.sources_file)
    platform = Platform("ingest", settings, publish_timeout_s=settings.publish_timeout_s)
    metrics = Metrics(platform.registry)
    clock = EventClock(
        follow_readings=settings.event_clock == "readings", player=settings.event_clock_source
    )
    intake = Intake(platform, clock, metrics)
    platform.table(CATALOG, intake.on_catalog)
    platform.produces(READINGS, REPORTS, WARNINGS)

    async def ticks() -> None:
        await write_ticks(intake, settings.tick_s)

    platform.run_in_background("ticks", ticks)

    async def start(stack: AsyncExitStack) -> None:
        await platform.start(stack)
        await platform.broker.start()
        stack.push_async_callback(platform.broker.stop)

    app = application(intake, metrics, sources, settings.body_timeout_s, lifespan_of(start))
    app.state.platform = platform
    app.state.intake = intake
    # Documents come from these routes alone: FastAPI's own pages load scripts from elsewhere.
    app.router.routes.extend(
        Route(path, endpoint=endpoint, include_in_schema=False)
        for path, endpoint in platform.routes()
    )
    return app


def application(
    intake: Intake,
    metrics: Metrics,
    sources: dict[str, str],
    body_timeout_s: float,
    lifespan: Any = None,
) -> FastAPI:
    """The doors behind the gate."""
    app = FastAPI(
        title="Fenghuo ingest",
        version="1.0.0",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # the address would be made of the sender's Host header
        lifespan=lifespan,
    )
    problems.install(app, metrics)
    app.include_router(doors(intake, metrics))
    app.add_middleware(Gate, sources=sources, metrics=metrics, body_timeout_s=body_timeout_s)
    app.add_middleware(RequestDrain)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, routes=app.routes)
            schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
            schemes["source"] = {"type": "http", "scheme": "bearer"}
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
    return app
