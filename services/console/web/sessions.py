"""Who is asking: a bearer token (scripts) or a session cookie (browsers), looked up by hash.

Found officers are remembered for a few seconds, so that nine thousand units signing at once do not ask
the database who they are each time; signing out forgets at once.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import Request

from services.console.core.access import Viewer
from services.console.store import people
from services.console.store.connections import reading
from services.console.web.problems import Refused
from shared.contracts.fields import Post
from shared.runtime.database import Database

COOKIE = "fenghuo_session"
_REMEMBER_S = 10.0
_MOST_REMEMBERED = 20_000
_SAFE_METHODS = frozenset({"GET", "HEAD"})


class Sessions:
    """Sign-in of one process."""

    def __init__(self, database: Database, hours: float) -> None:
        self._database = database
        self.lifetime = timedelta(hours=hours)
        self._known: dict[tuple[str, str], tuple[Viewer, float]] = {}

    async def viewer(self, request: Request) -> Viewer:
        """The officer behind a request; raises Refused 401, or 403 for a request from another site."""
        kind, token = credential(request)
        if kind == "session":
            _same_site(request)
        found = await self._look_up(kind, hash_of(token))
        if found is None:
            raise Refused(
                401, "Sign in first", reason="signed_out", headers={"WWW-Authenticate": "Bearer"}
            )
        return found

    async def still(self, request: Request) -> bool:
        """Whether the request's credential still holds, asked of the database."""
        kind, token = credential(request)
        self.forget(kind, token)
        return await self._look_up(kind, hash_of(token)) is not None

    async def redeem(self, ticket: str) -> str | None:
        """A session token for a ticket, once; None when it is unknown, used or expired."""
        token = secrets.token_urlsafe(32)
        async with reading(self._database) as connection:
            made = await people.redeem(connection, hash_of(ticket), hash_of(token), self.lifetime)
        return token if made else None

    async def end(self, request: Request) -> None:
        """Sign the request's session out."""
        kind, token = credential(request)
        self.forget(kind, token)
        if kind == "session":
            async with reading(self._database) as connection:
                await people.end_session(connection, hash_of(token))

    def forget(self, kind: str, token: str) -> None:
        """Ask the database again the next time."""
        self._known.pop((kind, hash_of(token)), None)

    async def _look_up(self, kind: str, digest: str) -> Viewer | None:
        known = self._known.get((kind, digest))
        if known is not None and known[1] > time.monotonic():
            return known[0]
        async with reading(self._database) as connection:
            find = people.by_token if kind == "bearer" else people.by_session
            row = await find(connection, digest)
        if row is None:
            self._known.pop((kind, digest), None)
            return None
        viewer = Viewer(row["officer_id"], row["name"], row["unit"], Post(row["post"]))
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[kind, digest] = (viewer, time.monotonic() + _REMEMBER_S)
        return viewer


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
    raise Refused(401, "Sign in first", reason="signed_out", headers={"WWW-Authenticate": "Bearer"})


def _same_site(request: Request) -> None:
    """Cookies travel by themselves, so what they authorise has to come from our own pages."""
    fetched_from = request.headers.get("sec-fetch-site", "same-origin")
    foreign = fetched_from not in ("same-origin", "none")
    if request.method not in _SAFE_METHODS:
        origin = urlsplit(request.headers.get("origin", ""))
        foreign |= request.headers.get("x-fenghuo") != "1"
        foreign |= not origin.netloc or origin.netloc != request.headers.get("host")
    if foreign:
        raise Refused(403, "Not from our own page", reason="cross_site")
