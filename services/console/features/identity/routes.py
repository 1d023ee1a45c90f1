"""Routes to sign in by link or password, to sign out, and to read the signed-in officer."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.console.core.access import Viewer, is_entitled, may_issue, may_operate
from services.console.features.identity.claims import claim_of
from services.console.features.identity.forms import (
    Landing,
    address_of,
    form,
    landing_named,
    landing_of,
    login_page,
    signed_in,
)
from services.console.features.identity.identity_parts import IdentityParts
from services.console.features.identity.responses import SignedInOfficer, SignedOut
from services.console.store import people
from services.console.store.connections import reading
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.refusals import note_attempt
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.sessions import COOKIE, demand_own_form, session_mark
from services.console.web.shell import page
from services.console.web.viewers import SignedInViewer
from shared.contracts.refusals import UNKNOWN, RefusedFor
from shared.contracts.units import tier_of

router = APIRouter(tags=["identity"])


@router.get("/login", include_in_schema=False)
async def login(
    request: Request,
    console: Deps,
    ticket: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_\-]{16,128}$")] = None,
    then: Annotated[Landing | None, Query(alias="next")] = None,
) -> Response:
    """Return the form; with a ticket, start a session, once.

    Without `next` a phone opens on the page for phones, other devices on the live screen. A
    prefetch of a browser does not use up the ticket.
    """
    then = then or landing_of(request)
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
    """Sign in by id, name or telephone number, and password.

    An unknown name, the name of several people and a wrong password get equal answers after equal
    work.
    """
    demand_own_form(request)
    fields = await form(request)
    claim = claim_of(fields.get("officer_id", ""))
    password = fields.get("password", "")[:1_024]
    then = landing_named(fields.get("next"))
    parts = console.part(IdentityParts)
    wait = parts.throttle.begin(claim.key, address_of(request), time.monotonic())
    if wait > 0:
        note_attempt(request, RefusedFor.THROTTLED)
        console.metrics.sign_ins.labels("password", "throttled").inc()
        return login_page(console, then, "throttled", 429, retry_after_s=int(wait) + 1)
    numbered = console.directory.officers_by_phone(claim.phone)
    async with reading(console.database) as connection:
        account = await people.named_account(connection, claim.words, claim.phone, numbered)
    stored = None if account is None else account.password_hash
    right = await parts.passwords.check(stored, password)
    token = await console.sessions.start(account.officer_id) if right and account else None
    console.metrics.sign_ins.labels("password", "refused" if token is None else "done").inc()
    if token is None or account is None or stored is None:
        # An unknown name may be a password typed into the wrong field.
        tried = UNKNOWN if account is None or stored is None else account.officer_id
        note_attempt(request, RefusedFor.WRONG_PASSWORD, tried)
        return login_page(console, then, "wrong", 401)
    parts.throttle.succeeded(claim.key, address_of(request))
    if parts.passwords.outdated(stored):
        renewed = await parts.passwords.hash(password)
        async with reading(console.database) as connection:
            await people.rehash(connection, account.officer_id, stored, renewed)
    return await signed_in(request, console, token, then)


@router.post("/api/logout", responses=json_response(SignedOut))
async def sign_out(request: Request, console: Deps, _viewer: SignedInViewer) -> Response:
    """End the session of the request."""
    await console.sessions.end(request)
    return _signed_out(as_json({"signed_out": True}))


@router.post("/api/logout/everywhere", responses=json_response(SignedOut))
async def sign_out_everywhere(console: Deps, viewer: SignedInViewer) -> Response:
    """End all sessions of the officer, also that of the request.

    Bearer tokens of scripts remain valid.
    """
    await console.sessions.end_all(viewer.officer_id)
    return _signed_out(as_json({"signed_out": True}))


@router.get("/api/me", responses=json_response(SignedInOfficer))
async def get_signed_in_officer(
    request: Request, console: Deps, viewer: SignedInViewer
) -> Response:
    """Return the officer who is signed in, with unit, rights and installation."""
    return as_json(myself(request, console, viewer))


def myself(request: Request, console: ConsoleDeps, viewer: Viewer) -> dict[str, Any]:
    """Return the officer for a page; `session` differs for each sign-in."""
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
        "administers": [
            {"unit": unit, "name": console.names.unit(unit)} for unit in viewer.administering
        ],
        "operates": may_operate(viewer) is None,
        "may_issue": is_entitled(viewer, lambda acting: may_issue(acting, [acting.unit])),
        "broker": console.broker,
        "now": console.clock.now(),
    }


def _signed_out(answer: Response) -> Response:
    answer.delete_cookie(COOKIE, path="/")
    return answer
