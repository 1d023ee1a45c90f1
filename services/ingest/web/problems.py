"""Refusals as problem documents (RFC 9457)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.ingest.core.refusals import (
    HTTP_STATUS,
    NOT_ACCEPTED,
    TITLES,
    ProblemKind,
    RequestProblem,
    RequestRefused,
    refusal,
)
from services.ingest.metrics import IngestMetrics

log = structlog.get_logger("fenghuo.ingest")

MEDIA_TYPE = "application/problem+json"
_LONGEST_RETRY_S = 4
"""The longest wait in seconds that is asked of a sender."""
_MAX_ERRORS = 1000
"""The most errors in one document; a batch may have several per reading."""


class ErrorDocument(BaseModel):
    """An error: location in the request, message, and the allowed values."""

    location: str = Field(alias="where")
    message: str = Field(alias="what")
    allowed: str | None = None


class ProblemDocument(BaseModel):
    """The body of every answer that takes nothing."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ErrorDocument]


def problem_response(refused: RequestRefused, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer to a refused request."""
    kind = refused.kind
    status = HTTP_STATUS.get(kind, 422)
    all_headers = dict(headers or {})
    if kind in (ProblemKind.UNAVAILABLE, ProblemKind.TOO_MANY):
        # Not the same for all: the senders would come back together.
        all_headers["retry-after"] = str(1 + secrets.randbelow(_LONGEST_RETRY_S))
    if kind is ProblemKind.VOLUME_FULL:
        all_headers["retry-after"] = "30"
    if refused.retry_s is not None:
        all_headers["retry-after"] = str(refused.retry_s)
    if kind is ProblemKind.UNAUTHORISED:
        all_headers["www-authenticate"] = "Bearer"
    problems = refused.problems
    count = len(problems)
    document = {
        "type": f"urn:fenghuo:problem:{kind.value}",
        "title": TITLES.get(kind, NOT_ACCEPTED),
        "status": status,
        "detail": problems[0].message if count == 1 else f"{count} things are wrong",
        "errors": [error_fields(problem) for problem in problems[:_MAX_ERRORS]],
    }
    content = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, status, all_headers, MEDIA_TYPE)


def error_fields(problem: RequestProblem) -> dict[str, Any]:
    """Return the fields of a problem's ErrorDocument."""
    error = {"where": problem.location, "what": problem.message}
    return error | {"allowed": problem.allowed} if problem.allowed else error


def install(app: FastAPI, metrics: IngestMetrics) -> None:
    """Answer unknown paths, other methods and internal errors with problem documents too.

    The documents reveal nothing of the program.
    """

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        path, method = request.url.path[:200], request.method[:20]
        if error.status_code == HTTP_STATUS[ProblemKind.METHOD]:
            allowed = (error.headers or {}).get("allow", "POST")
            message = f"{path} does not take {method}"
            refused = refusal(ProblemKind.METHOD, "method", message, allowed)
        else:
            refused = refusal(ProblemKind.NO_SUCH_PATH, "path", f"there is no {path}")
        return problem_response(refused, error.headers)

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        number = secrets.token_hex(8)
        log.error("request_failed", number=number, path=request.url.path, exc_info=error)
        metrics.refused.labels(ProblemKind.UNEXPECTED.value).inc()
        message = f"nothing was stored, as far as is known; in our log it is {number}"
        return problem_response(refusal(ProblemKind.UNEXPECTED, "body", message))
