"""Routes of the officer's own password: set by a one-time link, changed on the account page.

The pages work without a script.
"""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.console.core.access import Viewer
from services.console.features.identity.forms import address_of, by_cookie, form, signed_in
from services.console.features.identity.identity_parts import IdentityParts
from services.console.features.identity.passwords import unfit
from services.console.store import people
from services.console.store import sessions as store
from services.console.store.connections import reading
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.problems import RequestRefused, cross_site
from services.console.web.refusals import note_attempt
from services.console.web.sessions import COOKIE, demand_own_form, hash_of
from services.console.web.shell import form_page, page
from services.console.web.viewers import SignedInViewer
from shared.contracts.refusals import RefusedFor

router = APIRouter(include_in_schema=False)

Ticket = Annotated[str, Query(pattern=r"^[A-Za-z0-9_\-]{16,128}$")]


@router.get("/password")
async def invited(console: Deps, ticket: Ticket) -> Response:
    """Return the form behind a one-time link; a GET does not use up the link."""
    async with reading(console.database) as connection:
        if await store.officer_of_ticket(connection, hash_of(ticket), "password") is None:
            return page("login_failed.html", console, status=410)
    return form_page("password.html", console)


@router.post("/password")
async def set_first(request: Request, console: Deps, ticket: Ticket) -> Response:
    """Set the password by the link, once, and sign in. Earlier sessions end."""
    demand_own_form(request)
    fields = await form(request)
    digest = hash_of(ticket)
    async with reading(console.database) as connection:
        officer = await store.officer_of_ticket(connection, digest, "password")
    if officer is None:
        note_attempt(request, RefusedFor.LINK_VOID)
        return page("login_failed.html", console, status=410)
    if (problem := _problem(fields, officer)) is not None:
        return form_page("password.html", console, 422, problem=problem)
    hashed = await console.part(IdentityParts).passwords.hash(fields["new"])
    async with reading(console.database) as connection, connection.transaction():
        if await store.use_ticket(connection, digest, "password") is None:
            return page("login_failed.html", console, status=410)
        await people.set_password(connection, officer, hashed)
    return await _signed_in(request, console, officer)


@router.get("/account")
async def account(request: Request, console: Deps) -> Response:
    """Return the account page: change the password, sign out everywhere."""
    try:
        viewer = await console.sessions.viewer(request)
    except RequestRefused:
        return RedirectResponse("/login", 303)
    return form_page("account.html", console, viewer=viewer)


@router.post("/account/password")
async def change(request: Request, console: Deps, viewer: SignedInViewer) -> Response:
    """Change the password; every earlier session ends."""
    _demand_browser(request)
    fields = await form(request)
    wait = console.part(IdentityParts).throttle.begin(
        viewer.officer_id, address_of(request), time.monotonic()
    )
    if wait > 0:
        note_attempt(request, RefusedFor.THROTTLED, viewer.officer_id, unit=viewer.unit)
        return _account_form(console, viewer, "throttled", 429, int(wait) + 1)
    async with reading(console.database) as connection:
        stored = await people.password_of(connection, viewer.officer_id)
    if not await console.part(IdentityParts).passwords.check(
        stored, fields.get("present", "")[:1_024]
    ):
        note_attempt(request, RefusedFor.WRONG_PASSWORD, viewer.officer_id, unit=viewer.unit)
        return _account_form(console, viewer, "present", 403)
    console.part(IdentityParts).throttle.succeeded(viewer.officer_id, address_of(request))
    if (problem := _problem(fields, viewer.officer_id)) is not None:
        return _account_form(console, viewer, problem, 422)
    hashed = await console.part(IdentityParts).passwords.hash(fields["new"])
    async with reading(console.database) as connection, connection.transaction():
        await people.set_password(connection, viewer.officer_id, hashed)
    return await _signed_in(request, console, viewer.officer_id)


@router.post("/account/sign-out")
async def out_everywhere(request: Request, console: Deps, viewer: SignedInViewer) -> Response:
    """End all sessions of the officer, including the present session."""
    _demand_browser(request)
    await console.sessions.end_all(viewer.officer_id)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


async def _signed_in(request: Request, console: ConsoleDeps, officer_id: str) -> Response:
    console.sessions.forget_officer(officer_id)
    token = await console.sessions.start(officer_id)
    if token is None:
        return page("login_failed.html", console, status=410)
    return await signed_in(request, console, token, "/")


def _problem(fields: dict[str, str], officer_id: str) -> str | None:
    new = fields.get("new", "")
    return "unequal" if new != fields.get("again") else unfit(new, officer_id)


def _account_form(
    console: ConsoleDeps, viewer: Viewer, problem: str, status: int, wait_s: int | None = None
) -> Response:
    return form_page("account.html", console, status, viewer=viewer, problem=problem, wait_s=wait_s)


def _demand_browser(request: Request) -> None:
    """Refuse a script's token: scripts have no use for this page."""
    demand_own_form(request)
    if not by_cookie(request):
        raise cross_site("For browsers only")
