"""The sign-in form, its fields, and the cookie of a new session."""

from __future__ import annotations

from typing import Literal, get_args
from urllib.parse import parse_qsl

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from services.console.features.identity.identity_parts import IdentityParts
from services.console.web.deps import ConsoleDeps
from services.console.web.problems import ApiProblem
from services.console.web.sessions import COOKIE, credential
from services.console.web.shell import form_page

Landing = Literal["/", "/m", "/admin"]
"""The pages that open after the sign-in."""


def login_page(
    console: ConsoleDeps,
    then: Landing,
    problem: str | None = None,
    status: int = 200,
    *,
    retry_after_s: int | None = None,
) -> Response:
    """Return the sign-in form with the problem of the last attempt."""
    answer = form_page(
        "login.html",
        console,
        status,
        problem=problem,
        then=then,
        provider=console.part(IdentityParts).provider is not None,
        wait_s=retry_after_s,
    )
    if retry_after_s is not None:
        answer.headers["retry-after"] = str(retry_after_s)
    return answer


def landing_of(request: Request) -> Landing:
    """Return the page on which a device opens: a phone on the page for phones."""
    return "/m" if "Mobile" in request.headers.get("user-agent", "") else "/"


def landing_named(path: str | None) -> Landing:
    """Return the page at this path; the live screen for any other path."""
    landings: tuple[Landing, ...] = get_args(Landing)
    return next((landing for landing in landings if landing == path), "/")


async def signed_in(request: Request, console: ConsoleDeps, token: str, then: Landing) -> Response:
    """Return a redirect with a new session; the earlier session of the browser ends."""
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


def is_secure(request: Request, console: ConsoleDeps) -> bool:
    """Return whether cookies are limited to TLS."""
    return console.settings.cookie_secure or request.url.scheme == "https"


async def form(request: Request) -> dict[str, str]:
    """Return the fields of a form, the first of each name. Raises RequestRefused 422."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise ApiProblem(422, "The request is not valid", "Send a form.", reason="invalid")
    try:
        pairs = parse_qsl((await request.body()).decode(), max_num_fields=8, errors="strict")
    except ValueError:  # UnicodeDecodeError is a ValueError
        raise ApiProblem(422, "The request is not valid", reason="invalid") from None
    return {name: value for name, value in reversed(pairs) if "\x00" not in value}


def address_of(request: Request) -> str:
    """Return the client's address; behind a proxy, the address that uvicorn trusts."""
    return request.client.host if request.client is not None else ""


def by_cookie(request: Request) -> bool:
    """Return whether the request comes from a browser with a cookie."""
    return credential(request)[0] == "session"
