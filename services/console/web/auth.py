"""Signing in by one-time link or password, signing out, who am I."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.console.core.access import Viewer, is_entitled, may_issue
from services.console.store import people
from services.console.store.connections import reading
from services.console.web.parts import Console, Parts, as_json, console_of
from services.console.web.problems import Refused
from services.console.web.refusals import note
from services.console.web.sessions import COOKIE, credential, demand_own_form, mark_of
from services.console.web.shell import form_page, page
from shared.contracts.fields import UnitId
from shared.contracts.refusals import UNKNOWN, RefusedFor
from shared.contracts.units import tier_of

router = APIRouter()

Landing = Literal["/", "/m"]


async def viewer_of(request: Request) -> Viewer:
    """The officer behind the request."""
    return await console_of(request).sessions.viewer(request)


Me = Annotated[Viewer, Depends(viewer_of)]


async def looker_of(
    console: Parts, me: Me, place: Annotated[UnitId | None, Query()] = None
) -> Viewer:
    """The officer before the subtree of `place`: where a right to see reaches; default: the own unit."""
    return console.looking(me, place)


Looker = Annotated[Viewer, Depends(looker_of)]


@router.get("/login", include_in_schema=False)
async def login(
    request: Request,
    console: Parts,
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
        note(request, RefusedFor.LINK_VOID)
        return page("login_failed.html", console, status=410)
    return await signed_in(request, console, token, then)


@router.post("/login", include_in_schema=False)
async def login_by_password(request: Request, console: Parts) -> Response:
    """The same answer, after the same work, for a wrong name and a wrong password."""
    demand_own_form(request)
    given = await form(request)
    name, password = given.get("officer_id", "")[:128], given.get("password", "")[:1_024]
    then: Landing = "/m" if given.get("next") == "/m" else "/"
    wait = console.tries.begin(name, address_of(request), time.monotonic())
    if wait > 0:
        note(request, RefusedFor.THROTTLED)
        console.metrics.sign_ins.labels("password", "throttled").inc()
        return login_page(console, then, "throttled", 429, retry_after_s=int(wait) + 1)
    async with reading(console.database) as connection:
        stored = await people.password_of(connection, name)
    right = await console.passwords.check(stored, password)
    token = await console.sessions.start(name) if right else None
    console.metrics.sign_ins.labels("password", "refused" if token is None else "done").inc()
    if token is None or stored is None:
        # A name that nobody has may be a password in the wrong field.
        note(request, RefusedFor.WRONG_PASSWORD, UNKNOWN if stored is None else name)
        return login_page(console, then, "wrong", 401)
    console.tries.succeeded(name, address_of(request))
    if console.passwords.outdated(stored):
        renewed = await console.passwords.hash(password)
        async with reading(console.database) as connection:
            await people.rehash(connection, name, stored, renewed)
    return await signed_in(request, console, token, then)


@router.post("/api/logout")
async def logout(request: Request, console: Parts, _me: Me) -> Response:
    """End this session."""
    await console.sessions.end(request)
    return _signed_out(as_json({"signed_out": True}))


@router.post("/api/logout/everywhere")
async def logout_everywhere(console: Parts, me: Me) -> Response:
    """End all sessions of the officer, this one too. Bearer tokens of scripts stay."""
    await console.sessions.end_all(me.officer_id)
    return _signed_out(as_json({"signed_out": True}))


@router.get("/api/me")
async def me(request: Request, console: Parts, me: Me) -> Response:
    """The officer, the unit, what is granted, and what this installation is."""
    return as_json(myself(request, console, me))


def myself(request: Request, console: Console, me: Viewer) -> dict[str, Any]:
    """What a page says of the officer before it; `session` tells one sign-in from another."""
    return {
        "session": mark_of(request),
        "officer_id": me.officer_id,
        "name": me.name,
        "unit": me.unit,
        "unit_name": console.names.unit(me.unit),
        "tier": tier_of(me.unit),
        "post": me.post,
        "sees": [
            {"unit": unit, "name": console.names.unit(unit), "tier": tier_of(unit)}
            for unit in sorted(me.seeing, key=lambda unit: (unit != me.unit, unit))
        ],
        "commands": [{"unit": unit, "name": console.names.unit(unit)} for unit in me.commanding],
        "may_issue": is_entitled(me, lambda acting: may_issue(acting, [acting.unit])),
        "broker": console.broker,
        "now": console.clock.now(),
    }


def login_page(
    console: Console,
    then: Landing,
    problem: str | None = None,
    status: int = 200,
    *,
    retry_after_s: int | None = None,
) -> Response:
    """The form, with what went wrong."""
    answer = form_page(
        "login.html",
        console,
        status,
        problem=problem,
        then=then,
        provider=console.provider is not None,
        wait_s=retry_after_s,
    )
    if retry_after_s is not None:
        answer.headers["retry-after"] = str(retry_after_s)
    return answer


async def signed_in(request: Request, console: Console, token: str, then: Landing) -> Response:
    """Go on with a new session; the one that the browser had before ends."""
    if request.cookies.get(COOKIE):
        await console.sessions.end_session(request.cookies[COOKIE])
    answer = RedirectResponse(then, 303)
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(console.sessions.lifetime.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=is_secure(request, console),
        path="/",
    )
    return answer


def is_secure(request: Request, console: Console) -> bool:
    """Whether cookies are for TLS only."""
    return console.settings.cookie_secure or request.url.scheme == "https"


async def form(request: Request) -> dict[str, str]:
    """The fields of a form, the first of each name. Raises Refused 422 for anything else."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Refused(422, "The request is not valid", "Send a form.", reason="invalid")
    try:
        pairs = parse_qsl((await request.body()).decode(), max_num_fields=8, errors="strict")
    except ValueError:  # UnicodeDecodeError is one
        raise Refused(422, "The request is not valid", reason="invalid") from None
    return {name: value for name, value in reversed(pairs) if "\x00" not in value}


def address_of(request: Request) -> str:
    """Where a request comes from. Behind a proxy that is what uvicorn trusts it to say."""
    return request.client.host if request.client is not None else ""


def by_cookie(request: Request) -> bool:
    """Whether the request is a browser's and not a script's."""
    return credential(request)[0] == "session"


def _signed_out(answer: Response) -> Response:
    answer.delete_cookie(COOKIE, path="/")
    return answer
