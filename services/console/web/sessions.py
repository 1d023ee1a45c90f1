"""Sign-ins of requests: a bearer token (scripts) or a session cookie (browsers).

Tokens are looked up by hash. A session ends after its lifetime, and earlier after the idle time; an
open screen counts as use. Officers are cached for a few seconds, so that nine thousand units that
sign at once do not query the database each time; signing out clears the cache at once.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import Request

from services.console.core.access import Viewer
from services.console.core.record import OutgoingRecord
from services.console.store import sessions as store
from services.console.store.connections import reading
from services.console.web.problems import ApiProblem, cross_site
from shared.contracts.fields import Post
from shared.contracts.refusals import RefusedFor
from shared.runtime.database import Database

COOKIE = "fenghuo_session"
FORMS = frozenset({"/account/password", "/account/sign-out"})
"""Forms that work without script and change only the sign-in of the officer."""
TICKET_LIFETIME = timedelta(minutes=15)
"""How long a one-time link is valid."""
_CACHE_S = 10.0
_MOST_CACHED = 20_000
_SAFE_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, eq=False)
class SessionClaim:
    """The credential of an open stream, and the officer at the time of opening."""

    kind: str
    digest: str
    viewer: Viewer


class Sessions:
    """The sign-ins of one process."""

    def __init__(self, database: Database, hours: float, idle_minutes: float) -> None:
        self._database = database
        self.lifetime = timedelta(hours=hours)
        self._idle = timedelta(minutes=idle_minutes)
        self._cache: dict[tuple[str, str], tuple[Viewer, float]] = {}

    async def viewer(self, request: Request) -> Viewer:
        """Return the officer of a request. Raises 401, or 403 for a request from another site."""
        kind, token = credential(request)
        foreign = kind == "session" and not _same_site(request)
        result = await self._look_up(kind, hash_of(token))
        request.state.viewer = result or await self._former_viewer(kind, hash_of(token))
        if foreign:
            raise cross_site()
        if result is None:
            raise _signed_out(RefusedFor.NOT_VALID)
        return result

    async def _former_viewer(self, kind: str, digest: str) -> Viewer | None:
        """Return the officer of an ended session, for the audit trail, or None."""
        if kind != "session":
            return None
        async with reading(self._database) as connection:
            row = await store.holder(connection, digest)
        return None if row is None else _viewer(row)

    async def ended(self, claims: Sequence[SessionClaim]) -> list[SessionClaim]:
        """Return the claims whose credential has ended or whose officer has changed.

        The database is asked for all claims together.
        """
        viewers: dict[tuple[str, str], Viewer] = {}
        async with reading(self._database) as connection:
            for kind in {claim.kind for claim in claims}:
                digests = [claim.digest for claim in claims if claim.kind == kind]
                for row in await store.by_credentials(connection, kind, digests, self._idle):
                    viewers[kind, row["token_sha256"]] = _viewer(row)
        ended = [
            claim
            for claim in claims
            if viewers.get((claim.kind, claim.digest)) != replace(claim.viewer, place=None)
        ]
        for claim in ended:
            self._cache.pop((claim.kind, claim.digest), None)
        return ended

    async def redeem(self, ticket: str) -> str | None:
        """Use a sign-in ticket and return a session token; None for an invalid ticket."""
        async with reading(self._database) as connection:
            officer = await store.use_ticket(connection, hash_of(ticket), "sign_in")
        return None if officer is None else await self.start(officer)

    async def start(self, officer_id: str) -> str | None:
        """Start a session and return its token; None when the account is closed."""
        token = secrets.token_urlsafe(32)
        async with reading(self._database) as connection:
            started = await store.start(connection, officer_id, hash_of(token), self.lifetime)
        return token if started else None

    async def end(self, request: Request) -> None:
        """End the session of the request."""
        kind, token = credential(request)
        self.forget(kind, token)
        if kind == "session":
            await self.end_session(token)

    async def end_session(self, token: str) -> None:
        """End the session of a token."""
        self.forget("session", token)
        async with reading(self._database) as connection:
            await store.end(connection, hash_of(token))

    async def end_all(self, officer_id: str) -> None:
        """End all sessions of an officer."""
        async with reading(self._database) as connection:
            await store.end_all(connection, officer_id)
        self.forget_officer(officer_id)

    def forget_officer(self, officer_id: str) -> None:
        """Remove all credentials of an officer from the cache."""
        for key in [
            key for key, (viewer, _) in self._cache.items() if viewer.officer_id == officer_id
        ]:
            del self._cache[key]

    def forget(self, kind: str, token: str) -> None:
        """Remove a credential from the cache."""
        self._cache.pop((kind, hash_of(token)), None)

    async def _look_up(self, kind: str, digest: str) -> Viewer | None:
        cached = self._cache.get((kind, digest))
        if cached is not None and cached[1] > time.monotonic():
            return cached[0]
        async with reading(self._database) as connection:
            rows = await store.by_credentials(connection, kind, [digest], self._idle)
        if not rows:
            self._cache.pop((kind, digest), None)
            return None
        viewer = _viewer(rows[0])
        if len(self._cache) >= _MOST_CACHED:
            self._cache.clear()
        self._cache[kind, digest] = (viewer, time.monotonic() + _CACHE_S)
        return viewer


def claim_of(request: Request, viewer: Viewer) -> SessionClaim:
    """Return the credential of the request, for later checks (`Sessions.ended`)."""
    kind, token = credential(request)
    return SessionClaim(kind, hash_of(token), viewer)


def _viewer(row: OutgoingRecord) -> Viewer:
    return Viewer(
        row["officer_id"],
        row["name"],
        row["unit"],
        Post(row["post"]),
        tuple(row["seeing"]),
        tuple(row["commanding"]),
        operating=tuple(row["operating"]),
        administering=tuple(row["administering"]),
    )


def hash_of(secret: str) -> str:
    """Return the SHA-256 of a token or ticket in hex; both are long and random: no salt."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def credential(request: Request) -> tuple[str, str]:
    """Return ("bearer" or "session", token); the header has priority. Raises 401."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return "bearer", token.strip()
    if cookie := request.cookies.get(COOKIE):
        return "session", cookie
    raise _signed_out(RefusedFor.SIGNED_OUT)


def _signed_out(trail: RefusedFor) -> ApiProblem:
    return ApiProblem(
        401,
        "Sign in first",
        reason="signed_out",
        headers={"WWW-Authenticate": "Bearer"},
        trail=trail,
    )


def session_mark(request: Request) -> str:
    """Return a public mark of the session, from which neither token nor hash follows."""
    _, token = credential(request)
    return hash_of(hash_of(token))[:16]


def demand_own_form(request: Request) -> None:
    """Refuse a form of another site.

    Forms of the console carry their origin (guard.py) and no header of the console.
    """
    if _fetched_from_elsewhere(request) or not _from_our_origin(request):
        raise cross_site()


def _fetched_from_elsewhere(request: Request) -> bool:
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


def _from_our_origin(request: Request) -> bool:
    try:
        origin = urlsplit(request.headers.get("origin", "")).netloc
    except ValueError:  # brackets that hold no IPv6 address
        return False
    return bool(origin) and origin == request.headers.get("host")


def _same_site(request: Request) -> bool:
    """Return True when the request comes from a page of the console.

    Browsers send cookies with requests of any site. Forms without script cannot send the header of
    the console; `demand_own_form` checks them as well.
    """
    foreign = _fetched_from_elsewhere(request)
    if request.method not in _SAFE_METHODS:
        foreign |= not _from_our_origin(request)
        foreign |= request.headers.get("x-fenghuo") != "1" and not _is_form(request)
    return not foreign


def _is_form(request: Request) -> bool:
    """Return True for the forms of the account page, which work without script."""
    return request.url.path in FORMS
