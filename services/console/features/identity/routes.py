"""Signing in by one-time link or password, signing out, the officer who is signed in."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.console.core.access import Viewer, is_entitled, may_issue
from services.console.features.identity.forms import (
    Landing,
    address_of,
    form,
    login_page,
    signed_in,
)
from services.console.features.identity.identity_parts import IdentityParts
from services.console.store import people
from services.console.store.connections import reading
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.refusals import note_attempt
from services.console.web.responses import as_json
from services.console.web.sessions import COOKIE, demand_own_form, session_mark
from services.console.web.shell import page
from services.console.web.viewers import SignedInViewer
from shared.contracts.refusals import UNKNOWN, RefusedFor
from shared.contracts.units import tier_of

router = APIRouter()


@router.get("/login", include_in_schema=False)
async def login(
    request: Request,
    console: Deps,
    ticket: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_\-]{16,128}$")] = None,
    then: Annotated[Landing, Query(alias="next")] = "/",
) -> Response:
    """The form; with a ticket a session, once. A browser that only looks ahead does not use it up."""
    if ticket is None:
        return login_page(console, then)
    if "prefetch" in request.headers.get("sec-purpose", ""):
        return Response(status_code=204)
    token = await console.sessions.redeem(ticket)
    console.metrics.sign_ins.labels("link", "refused" if token is None else "done").inc()
    if token is None:
        note_attempt(request, RefusedFor.LINK_VOID)
        return page("login_failed.html", console, status=410)
    return await signed_in(request, console, token, then)


@router.post("/login", include_in_schema=False)
async def login_by_password(request: Request, console: Deps) -> Response:
    """The same answer, after the same work, for a wrong name and a wrong password."""
    demand_own_form(request)
    given = await form(request)
    name, password = given.get("officer_id", "")[:128], given.get("password", "")[:1_024]
    then: Landing = "/m" if given.get("next") == "/m" else "/"
    wait = console.part(IdentityParts).throttle.begin(name, address_of(request), time.monotonic())
    if wait > 0:
        note_attempt(request, RefusedFor.THROTTLED)
        console.metrics.sign_ins.labels("password", "throttled").inc()
        return login_page(console, then, "throttled", 429, retry_after_s=int(wait) + 1)
    async with reading(console.database) as connection:
        stored = await people.password_of(connection, name)
    right = await console.part(IdentityParts).passwords.check(stored, password)
    token = await console.sessions.start(name) if right else None
    console.metrics.sign_ins.labels("password", "refused" if token is None else "done").inc()
    if token is None or stored is None:
        # A name that nobody has may be a password in the wrong field.
        note_attempt(request, RefusedFor.WRONG_PASSWORD, UNKNOWN if stored is None else name)
        return login_page(console, then, "wrong", 401)
    console.part(IdentityParts).throttle.succeeded(name, address_of(request))
    if console.part(IdentityParts).passwords.outdated(stored):
        renewed = await console.part(IdentityParts).passwords.hash(password)
        async with reading(console.database) as connection:
            await people.rehash(connection, name, stored, renewed)
    return await signed_in(request, console, token, then)


@router.post("/api/logout")
async def logout(request: Request, console: Deps, _viewer: SignedInViewer) -> Response:
    """End this session."""
    await console.sessions.end(request)
    return _signed_out(as_json({"signed_out": True}))


@router.post("/api/logout/everywhere")
async def logout_everywhere(console: Deps, viewer: SignedInViewer) -> Response:
    """End all sessions of the officer, this one too. Bearer tokens of scripts stay."""
    await console.sessions.end_all(viewer.officer_id)
    return _signed_out(as_json({"signed_out": True}))


@router.get("/api/me")
async def me(request: Request, console: Deps, viewer: SignedInViewer) -> Response:
    """The officer, the unit, what is granted, and what this installation is."""
    return as_json(myself(request, console, viewer))


def myself(request: Request, console: ConsoleDeps, viewer: Viewer) -> dict[str, Any]:
    """What a page says of the officer before it; `session` tells one sign-in from another."""
    return {
        "session": session_mark(request),
        "officer_id": viewer.officer_id,
        "name": viewer.name,
        "unit": viewer.unit,
        "unit_name": console.names.unit(viewer.unit),
        "tier": tier_of(viewer.unit),
        "post": viewer.post,
        "sees": [
            {"unit": unit, "name": console.names.unit(unit), "tier": tier_of(unit)}
            for unit in sorted(viewer.seeing, key=lambda unit: (unit != viewer.unit, unit))
        ],
        "commands": [
            {"unit": unit, "name": console.names.unit(unit)} for unit in viewer.commanding
        ],
        "may_issue": is_entitled(viewer, lambda acting: may_issue(acting, [acting.unit])),
        "broker": console.broker,
        "now": console.clock.now(),
    }


def _signed_out(answer: Response) -> Response:
    answer.delete_cookie(COOKIE, path="/")
    return answer
