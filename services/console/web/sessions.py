"""Who is asking: a bearer token (scripts) or a session cookie (browsers), looked up by hash.

A session ends after its lifetime, and earlier when nothing has used it for the idle time (an open
screen uses it). Found officers are remembered for a few seconds, so that nine thousand units
signing at once do not ask the database who they are each time; signing out forgets at once.
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
from services.console.core.record import Record
from services.console.store import sessions as store
from services.console.store.connections import reading
from services.console.web.problems import RequestRefused, cross_site
from shared.contracts.fields import Post
from shared.contracts.refusals import RefusedFor
from shared.runtime.database import Database

COOKIE = "fenghuo_session"
FORMS = frozenset({"/account/password", "/account/sign-out"})
"""Forms of signed-in officers that work without script; what they change is the officer's own
sign-in.
"""
_REMEMBER_S = 10.0
_MOST_REMEMBERED = 20_000
_SAFE_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, eq=False)
class SessionClaim:
    """What an open stream was opened with: its credential and the officer as found then."""

    kind: str
    digest: str
    viewer: Viewer


class Sessions:
    """Sign-in of one process."""

    def __init__(self, database: Database, hours: float, idle_minutes: float) -> None:
        self._database = database
        self.lifetime = timedelta(hours=hours)
        self._idle = timedelta(minutes=idle_minutes)
        self._known: dict[tuple[str, str], tuple[Viewer, float]] = {}

    async def viewer(self, request: Request) -> Viewer:
        """The officer behind a request; raises Refused 401, or 403 for a request from another site."""
        kind, token = credential(request)
        foreign = kind == "session" and not _same_site(request)
        result = await self._look_up(kind, hash_of(token))
        request.state.viewer = result or await self._whose(kind, hash_of(token))
        if foreign:
            raise cross_site()
        if result is None:
            raise _signed_out(RefusedFor.NOT_VALID)
        return result

    async def _whose(self, kind: str, digest: str) -> Viewer | None:
        """Whose session it was, for the trail; None for a stranger's, and when it is forgotten."""
        if kind != "session":
            return None
        async with reading(self._database) as connection:
            row = await store.holder(connection, digest)
        return None if row is None else _viewer(row)

    async def ended(self, claims: Sequence[SessionClaim]) -> list[SessionClaim]:
        """Those whose credential does not hold any more, or not for the officer just as found then:
        moved, or with other rights. Asked of the database, all together.
        """
        viewers: dict[tuple[str, str], Viewer] = {}
        async with reading(self._database) as connection:
            for kind in {claim.kind for claim in claims}:
                digests = [claim.digest for claim in claims if claim.kind == kind]
                for row in await store.by_credentials(connection, kind, digests, self._idle):
                    viewers[kind, row["token_sha256"]] = _viewer(row)
        over = [
            claim
            for claim in claims
            if viewers.get((claim.kind, claim.digest)) != replace(claim.viewer, place=None)
        ]
        for claim in over:
            self._known.pop((claim.kind, claim.digest), None)
        return over

    async def redeem(self, ticket: str) -> str | None:
        """A session token for a sign-in ticket, once; None when it is unknown, used or expired."""
        async with reading(self._database) as connection:
            officer = await store.use_ticket(connection, hash_of(ticket), "sign_in")
        return None if officer is None else await self.start(officer)

    async def start(self, officer_id: str) -> str | None:
        """The token of a new session; None when the account is closed."""
        token = secrets.token_urlsafe(32)
        async with reading(self._database) as connection:
            made = await store.start(connection, officer_id, hash_of(token), self.lifetime)
        return token if made else None

    async def end(self, request: Request) -> None:
        """Sign the request's session out."""
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
        """Sign an officer out everywhere."""
        async with reading(self._database) as connection:
            await store.end_all(connection, officer_id)
        self.forget_officer(officer_id)

    def forget_officer(self, officer_id: str) -> None:
        """Ask the database again about all of an officer's credentials."""
        for key in [
            key for key, (viewer, _) in self._known.items() if viewer.officer_id == officer_id
        ]:
            del self._known[key]

    def forget(self, kind: str, token: str) -> None:
        """Ask the database again the next time."""
        self._known.pop((kind, hash_of(token)), None)

    async def _look_up(self, kind: str, digest: str) -> Viewer | None:
        known = self._known.get((kind, digest))
        if known is not None and known[1] > time.monotonic():
            return known[0]
        async with reading(self._database) as connection:
            rows = await store.by_credentials(connection, kind, [digest], self._idle)
        if not rows:
            self._known.pop((kind, digest), None)
            return None
        viewer = _viewer(rows[0])
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[kind, digest] = (viewer, time.monotonic() + _REMEMBER_S)
        return viewer


def claim_of(request: Request, viewer: Viewer) -> SessionClaim:
    """The request's credential, to be asked about later (`Sessions.ended`)."""
    kind, token = credential(request)
    return SessionClaim(kind, hash_of(token), viewer)


def _viewer(row: Record) -> Viewer:
    return Viewer(
        row["officer_id"],
        row["name"],
        row["unit"],
        Post(row["post"]),
        tuple(row["seeing"]),
        tuple(row["commanding"]),
    )


def hash_of(secret: str) -> str:
    """What is stored of a token or ticket: SHA-256 in hex. They are long and random, so no salt."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def credential(request: Request) -> tuple[str, str]:
    """("bearer" or "session", token); the header wins. Raises Refused 401."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return "bearer", token.strip()
    if cookie := request.cookies.get(COOKIE):
        return "session", cookie
    raise _signed_out(RefusedFor.SIGNED_OUT)


def _signed_out(trail: RefusedFor) -> RequestRefused:
    return RequestRefused(
        401,
        "Sign in first",
        reason="signed_out",
        headers={"WWW-Authenticate": "Bearer"},
        trail=trail,
    )


def session_mark(request: Request) -> str:
    """What a page may know its session by. The token does not follow from it, nor what is stored of
    it.
    """
    _, token = credential(request)
    return hash_of(hash_of(token))[:16]


def demand_own_form(request: Request) -> None:
    """Refuse a form that another site sent; ours carry their origin (guard.py) and no header of
    ours.
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
    """Cookies travel by themselves, so what they authorise has to come from our own pages.

    Forms without script cannot send our header; theirs are checked by `demand_own_form` as well.
    """
    foreign = _fetched_from_elsewhere(request)
    if request.method not in _SAFE_METHODS:
        foreign |= not _from_our_origin(request)
        foreign |= request.headers.get("x-fenghuo") != "1" and not _is_form(request)
    return not foreign


def _is_form(request: Request) -> bool:
    """Whether it is one of the two forms of the account page, which work without script."""
    return request.url.path in FORMS
