"""Idempotency keys: a request with a key that has been used gets the answer of its first time.

Acts are recognised by what they mean without any key (core/action_record.py); a key makes it
independent of what has changed in between: a version that moved on, another day, a restart. The
answer is kept in the transaction that keeps the act (store/action_log.py); what was refused keeps
nothing, so its key is free again.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request, Response
from pydantic_core import to_json
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.console.core.access import Viewer
from services.console.store.action_log import ActionEntry, KeyedRequest, find_by_key
from services.console.store.connections import reading
from services.console.web.deps import ConsoleDeps
from services.console.web.problems import KEY_REUSED, UNAVAILABLE, RequestRefused, problem
from shared.contracts.fields import Status
from shared.runtime.errors import Transient

HEADER = "idempotency-key"
PATTERN = r"^[A-Za-z0-9._:\-]{1,128}$"
_METHODS = frozenset({"POST", "PUT"})


@dataclass(frozen=True, slots=True)
class _Asked:
    key: str
    digest: bytes


_asked: ContextVar[_Asked | None] = ContextVar("asked", default=None)


def keyed_request(answer: dict[str, Any]) -> KeyedRequest | None:
    """What an act of this request keeps of it: its key, if any, with the answer for the next time."""
    asked = _asked.get()
    return None if asked is None else KeyedRequest(asked.key, asked.digest, to_json(answer))


class Idempotency:
    """ASGI middleware for the acts of officers (carriers sign theirs and send no keys)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        if not re.match(PATTERN, key):
            errors = [{"where": f"header.{HEADER}", "what": f"has to match {PATTERN}"}]
            refused = RequestRefused(
                422, "The request is not valid", reason="invalid", errors=errors
            )
            await problem(refused)(scope, receive, send)
            return
        body = await _whole(receive)
        asked = _Asked(_in_its_world(key, body), _digest(scope, body))
        try:
            answer = await _repeated(scope, asked)
        except Transient:
            answer = problem(UNAVAILABLE)
        if answer is not None:
            await answer(scope, receive, send)
            return
        token = _asked.set(asked)
        try:
            await self._app(scope, _replayed(body, receive), send)
        finally:
            _asked.reset(token)


async def _repeated(scope: Scope, asked: _Asked) -> Response | None:
    """The answer that the key got before, 409 for another content, None for a new key."""
    app: FastAPI = scope["app"]
    console: ConsoleDeps = app.state.console
    viewer = await _viewer(console, Request(scope))
    if viewer is None:
        return None
    async with reading(console.database) as connection:
        existing_record = await find_by_key(connection, viewer.officer_id, asked.key)
    if existing_record is None:
        return None
    if existing_record["request_digest"] != asked.digest:
        return problem(KEY_REUSED)
    # Kafka may have been away the first time.
    written = ActionEntry(
        existing_record["id"],
        existing_record["topic"],
        existing_record["key"],
        existing_record["value"],
        existing_record["digest"],
        viewer.officer_id,
    )
    await console.recorder.repeat(written)
    return Response(existing_record["answer"], 202, media_type="application/json")


async def _viewer(console: ConsoleDeps, request: Request) -> Viewer | None:
    try:
        return await console.sessions.viewer(request)
    except RequestRefused:
        return None  # the route refuses it with the reason


def _key(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["method"] not in _METHODS:
        return None
    if not scope["path"].startswith("/api/"):
        return None
    data: bytes | None = dict(scope["headers"]).get(HEADER.encode())
    return None if data is None else data.decode("latin-1")


def _in_its_world(key: str, body: bytes) -> str:
    """A key is of one status: what a drill did under it hides no real act. No key has a slash."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return key
    status = asked.get("status") if isinstance(asked, dict) else None
    return f"{status}/{key}" if status in (Status.EXERCISE, Status.TEST) else key


def _digest(scope: Scope, body: bytes) -> bytes:
    """Hash of what is asked; how its JSON is spaced and ordered does not matter."""
    try:
        meant = json.dumps(json.loads(body), sort_keys=True).encode()
    except (ValueError, RecursionError):
        meant = body
    address = f"{scope['method']} {scope['path']}?".encode() + scope["query_string"]
    return hashlib.sha256(address + b"\n" + meant).digest()[:16]


async def _whole(receive: Receive) -> bytes:
    """The body; the guard around us bounds it."""
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return first.pop() if first else await receive()

    return replay
