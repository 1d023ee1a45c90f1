"""Idempotency keys: a request with a used key gets the answer of the first request.

Without a key, acts are recognised by their meaning (core/action_record.py). A key makes this
independent of changes in between: a newer version, another day, a restart. The answer is stored in
the transaction that stores the act (store/action_log.py); a refused request stores nothing, and its
key stays free.
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
from services.console.web.problems import KEY_REUSED, UNAVAILABLE, ApiProblem, problem
from shared.contracts.fields import Status
from shared.runtime.errors import Transient

HEADER = "idempotency-key"
PATTERN = r"^[A-Za-z0-9._:\-]{1,128}$"
_METHODS = frozenset({"POST", "PUT"})


@dataclass(frozen=True, slots=True)
class _KeyedBody:
    key: str
    digest: bytes


_keyed_body: ContextVar[_KeyedBody | None] = ContextVar("keyed_body", default=None)


def keyed_request(answer: dict[str, Any]) -> KeyedRequest | None:
    """Return the key of this request with the answer for the next time, or None."""
    request = _keyed_body.get()
    return None if request is None else KeyedRequest(request.key, request.digest, to_json(answer))


class Idempotency:
    """ASGI middleware for acts of officers; carriers sign their requests and send no keys."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        if not re.match(PATTERN, key):
            errors = [{"where": f"header.{HEADER}", "what": f"has to match {PATTERN}"}]
            refused = ApiProblem(422, "The request is not valid", reason="invalid", errors=errors)
            await problem(refused)(scope, receive, send)
            return
        body = await _read_body(receive)
        request = _KeyedBody(_key_of_status(key, body), _digest(scope, body))
        try:
            answer = await _repeated(scope, request)
        except Transient:
            answer = problem(UNAVAILABLE)
        if answer is not None:
            await answer(scope, receive, send)
            return
        token = _keyed_body.set(request)
        try:
            await self._app(scope, _replayed(body, receive), send)
        finally:
            _keyed_body.reset(token)


async def _repeated(scope: Scope, request: _KeyedBody) -> Response | None:
    """Return the first answer of the key, 409 for other contents, None for a new key."""
    app: FastAPI = scope["app"]
    console: ConsoleDeps = app.state.console
    viewer = await _viewer(console, Request(scope))
    if viewer is None:
        return None
    async with reading(console.database) as connection:
        existing_record = await find_by_key(connection, viewer.officer_id, request.key)
    if existing_record is None:
        return None
    if existing_record["request_digest"] != request.digest:
        return problem(KEY_REUSED)
    # Kafka may have failed the first time.
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
    except ApiProblem:
        return None  # the route answers with the reason


def _key(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["method"] not in _METHODS:
        return None
    if not scope["path"].startswith("/api/"):
        return None
    data: bytes | None = dict(scope["headers"]).get(HEADER.encode())
    return None if data is None else data.decode("latin-1")


def _key_of_status(key: str, body: bytes) -> str:
    """Return the key within its status, so that a drill cannot hide a real act.

    No key contains a slash.
    """
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        return key
    status = request.get("status") if isinstance(request, dict) else None
    return f"{status}/{key}" if status in (Status.EXERCISE, Status.TEST) else key


def _digest(scope: Scope, body: bytes) -> bytes:
    """Return a hash of the request; spacing and order of its JSON do not matter."""
    try:
        meaning = json.dumps(json.loads(body), sort_keys=True).encode()
    except (ValueError, RecursionError):
        meaning = body
    address = f"{scope['method']} {scope['path']}?".encode() + scope["query_string"]
    return hashlib.sha256(address + b"\n" + meaning).digest()[:16]


async def _read_body(receive: Receive) -> bytes:
    """Return the body, whose size the guard limits."""
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
