"""The sign-in form, its fields, and the cookie of a new session."""

from __future__ import annotations

from typing import Literal
from urllib.parse import parse_qsl

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from services.console.features.identity.identity_parts import IdentityParts
from services.console.web.deps import ConsoleDeps
from services.console.web.problems import RequestRefused
from services.console.web.sessions import COOKIE, credential
from services.console.web.shell import form_page

Landing = Literal["/", "/m"]


def login_page(
    console: ConsoleDeps,
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
        provider=console.part(IdentityParts).provider is not None,
        wait_s=retry_after_s,
    )
    if retry_after_s is not None:
        answer.headers["retry-after"] = str(retry_after_s)
    return answer


async def signed_in(request: Request, console: ConsoleDeps, token: str, then: Landing) -> Response:
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


def is_secure(request: Request, console: ConsoleDeps) -> bool:
    """Whether cookies are for TLS only."""
    return console.settings.cookie_secure or request.url.scheme == "https"


async def form(request: Request) -> dict[str, str]:
    """The fields of a form, the first of each name. Raises Refused 422 for anything else."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise RequestRefused(422, "The request is not valid", "Send a form.", reason="invalid")
    try:
        pairs = parse_qsl((await request.body()).decode(), max_num_fields=8, errors="strict")
    except ValueError:  # UnicodeDecodeError is one
        raise RequestRefused(422, "The request is not valid", reason="invalid") from None
    return {name: value for name, value in reversed(pairs) if "\x00" not in value}


def address_of(request: Request) -> str:
    """Where a request comes from. Behind a proxy that is what uvicorn trusts it to say."""
    return request.client.host if request.client is not None else ""


def by_cookie(request: Request) -> bool:
    """Whether the request is a browser's and not a script's."""
    return credential(request)[0] == "session"
