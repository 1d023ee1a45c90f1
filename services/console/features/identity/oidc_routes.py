"""Sign-in by an OIDC provider: the authorization code flow with PKCE, state and nonce.

A pending sign-in is a row for a single use, bound to the browser by a cookie. The cookie is `lax`
because the callback comes from the provider's site. The named person must have an account here.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.console.features.identity.forms import (
    Landing,
    is_secure,
    landing_named,
    landing_of,
    login_page,
    signed_in,
)
from services.console.features.identity.identity_parts import IdentityParts
from services.console.features.identity.provider import OidcProvider
from services.console.features.identity.tokens import TokenRefused
from services.console.store import people
from services.console.store import sessions as store
from services.console.store.connections import reading
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.problems import unknown
from services.console.web.refusals import note_attempt
from services.console.web.sessions import hash_of
from shared.contracts.refusals import RefusedFor
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.console.oidc")
router = APIRouter(prefix="/login/oidc", include_in_schema=False)

BROWSER = "fenghuo_oidc"
_UNDER_WAY = timedelta(minutes=10)

Word = Annotated[str, Query(max_length=2_048, pattern=r"^[\x21-\x7e]+$")]


@router.get("")
async def begin(
    request: Request, console: Deps, then: Annotated[Landing | None, Query(alias="next")] = None
) -> Response:
    """Redirect the browser to the provider."""
    provider = _provider(console)
    state, nonce, verifier, browser = (secrets.token_urlsafe(32) for _ in range(4))
    try:
        address = await provider.address(state, nonce, verifier)
    except Transient as error:
        return _failed(request, console, "unavailable", str(error), 503)
    login = {
        "state_sha256": hash_of(state),
        "browser_sha256": hash_of(browser),
        "nonce": nonce,
        "verifier": verifier,
        "landing": then or landing_of(request),
    }
    async with reading(console.database) as connection:
        await store.begin_oidc(connection, login, _UNDER_WAY)
    answer = RedirectResponse(address, 303)
    answer.set_cookie(
        BROWSER,
        browser,
        max_age=int(_UNDER_WAY.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=is_secure(request, console),
        path="/login/oidc",
    )
    return answer


@router.get("/callback")
async def back(
    request: Request,
    console: Deps,
    state: Word,
    code: Word | None = None,
    error: Word | None = None,
) -> Response:
    """Handle the callback of the provider."""
    provider = _provider(console)
    async with reading(console.database) as connection:
        row = await store.end_oidc(connection, hash_of(state))
    browser = hash_of(request.cookies.get(BROWSER, ""))
    if row is None or not hmac.compare_digest(row["browser_sha256"], browser):
        return _failed(request, console, "refused", "state")
    if code is None:
        return _failed(request, console, "refused", f"provider says {error}")
    try:
        subject = await provider.subject(code, row["nonce"], row["verifier"])
    except TokenRefused as refused:
        return _failed(request, console, "refused", refused.flaw)
    except Transient as failure:
        return _failed(request, console, "unavailable", str(failure), 503)
    async with reading(console.database) as connection:
        officer = await people.officer_of_subject(connection, subject)
    token = None if officer is None else await console.sessions.start(officer)
    if token is None:
        return _failed(request, console, "refused", "no account")
    console.metrics.sign_ins.labels("oidc", "done").inc()
    answer = await signed_in(request, console, token, landing_named(row["landing"]))
    answer.delete_cookie(BROWSER, path="/login/oidc")
    return answer


def _provider(console: ConsoleDeps) -> OidcProvider:
    provider = console.part(IdentityParts).provider
    if provider is None:
        raise unknown("door")
    return provider


def _failed(
    request: Request, console: ConsoleDeps, outcome: str, reason: str, status: int = 403
) -> Response:
    """Return the form again. The reason is in the log only, hidden from the stranger."""
    if outcome == "refused":
        note_attempt(request, RefusedFor.PROVIDER)
    log.warning("oidc_sign_in_failed", outcome=outcome, reason=reason)
    console.metrics.sign_ins.labels("oidc", outcome).inc()
    return login_page(console, "/", "provider", status)
