"""Signing in by one-time link, signing out, who am I."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.console.core.access import Viewer, may_issue
from services.console.web.parts import Parts, as_json, console_of
from services.console.web.sessions import COOKIE
from services.console.web.shell import page
from shared.contracts.units import tier_of

router = APIRouter()


async def viewer_of(request: Request) -> Viewer:
    """The officer behind the request."""
    return await console_of(request).sessions.viewer(request)


Me = Annotated[Viewer, Depends(viewer_of)]


@router.get("/login", include_in_schema=False)
async def login(
    request: Request,
    console: Parts,
    ticket: Annotated[str, Query(pattern=r"^[A-Za-z0-9_\-]{16,128}$")],
    then: Annotated[Literal["/", "/m"], Query(alias="next")] = "/",
) -> Response:
    """Turn a ticket into a session, once. A browser that only looks ahead does not use it up."""
    if "prefetch" in request.headers.get("sec-purpose", ""):
        return Response(status_code=204)
    token = await console.sessions.redeem(ticket)
    if token is None:
        return page("login_failed.html", console, status=410)
    answer = RedirectResponse(then, 303)
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(console.sessions.lifetime.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=console.settings.cookie_secure or request.url.scheme == "https",
        path="/",
    )
    return answer


@router.post("/api/logout")
async def logout(request: Request, console: Parts, _me: Me) -> Response:
    """End this session."""
    await console.sessions.end(request)
    answer = as_json({"signed_out": True})
    answer.delete_cookie(COOKIE, path="/")
    return answer


@router.get("/api/me")
async def me(console: Parts, me: Me) -> Response:
    """The officer, the unit, and what this installation is."""
    return as_json(
        {
            "officer_id": me.officer_id,
            "name": me.name,
            "unit": me.unit,
            "unit_name": console.names.unit(me.unit),
            "tier": tier_of(me.unit),
            "post": me.post,
            "may_issue": may_issue(me, [me.unit]) is None,
            "broker": console.broker,
            "now": console.clock.now(),
        }
    )
