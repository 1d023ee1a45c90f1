"""Routes of the three HTML pages: shells with start data, filled by modules through the API."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic_core import to_jsonable_python

from services.console.core.access import Viewer
from services.console.features.alerts import routes as alert_routes
from services.console.features.identity.routes import myself
from services.console.features.overview import routes as overview_routes
from services.console.features.pages import routes as page_routes
from services.console.features.push.push_parts import PushParts
from services.console.features.screens.state_sets import STATE_SETS
from services.console.web.assets import ASSETS, LANGUAGES
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.problems import ApiProblem
from services.console.web.shell import page
from shared.contracts.fields import DoorStatus, Status
from shared.runtime.errors import Transient

router = APIRouter(include_in_schema=False)

_ALERTS = 100
_PAGES = 100
"""The page size of the first screen and of the phone."""

Answers = dict[str, Any]
"""Answers of the API by the address of the request."""


@router.get("/")
async def wall(request: Request, console: Deps) -> Response:
    """Return the live screen of a centre."""
    drill = request.query_params.get("status") == Status.EXERCISE
    status: DoorStatus = Status.EXERCISE if drill else Status.ACTUAL

    async def first(viewer: Viewer) -> Answers:
        place_viewer = console.looking(viewer, None)
        overview = await overview_routes.get_overview(console, place_viewer, status)
        alerts = await alert_routes.list_alerts(
            console, place_viewer, status, only_open=True, limit=_ALERTS
        )
        return {
            f"/api/overview?status={status}": json.loads(bytes(overview.body)),
            f"/api/alerts?status={status}&open=1&limit={_ALERTS}": json.loads(bytes(alerts.body)),
        }

    return await _page("wall.html", request, console, first)


@router.get("/m")
async def phone(request: Request, console: Deps) -> Response:
    """Return the page for an officer's phone."""

    async def first(viewer: Viewer) -> Answers:
        pages = await page_routes.list_pages(console, viewer, by_matter=True, limit=_PAGES)
        return {f"/api/pages?by_matter=1&limit={_PAGES}": json.loads(bytes(pages.body))}

    return await _page("phone.html", request, console, first)


@router.get("/admin")
async def admin(request: Request, console: Deps) -> Response:
    """Return the page of administration; its script tells officers without the right."""

    async def first(_viewer: Viewer) -> Answers:
        return {}

    return await _page("admin.html", request, console, first)


async def _page(
    template: str,
    request: Request,
    console: ConsoleDeps,
    first: Callable[[Viewer], Awaitable[Answers]],
) -> Response:
    """Return the shell with the officer and the first answers.

    A slow link is spared a round trip for each answer.
    """
    requested = request.query_params.get("lang") or request.cookies.get("lang")
    language = requested if requested in LANGUAGES else LANGUAGES[0]
    boot: dict[str, Any] = {
        "words": ASSETS.words,
        "states": STATE_SETS,
        "push_key": console.part(PushParts).public_key,
        "me": None,
        "first": {},
    }
    # Without a session, a right or a database the page asks the API and shows the problem.
    with suppress(ApiProblem, Transient):
        viewer = await console.sessions.viewer(request)
        boot["me"] = to_jsonable_python(myself(request, console, viewer))
        boot["first"] = await first(viewer)
    return page(template, console, language=language, boot=boot)
