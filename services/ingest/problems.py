"""Refusals as RFC 9457 problem documents."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping

import structlog
from fastapi import FastAPI, Request
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.ingest.core.refusals import (
    HTTP_STATUS,
    NOT_ACCEPTED,
    TITLES,
    Refusal,
    Refused,
    refuse,
)
from services.ingest.metrics import Metrics

log = structlog.get_logger("fenghuo.ingest")

MEDIA_TYPE = "application/problem+json"
_SHOWN = 1000
"""A batch can be wrong in several ways per reading; more than this helps nobody."""


class ErrorDocument(BaseModel):
    """One thing that is wrong."""

    where: str
    what: str
    allowed: str | None = None


class ProblemDocument(BaseModel):
    """The body of every answer that is not 202."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ErrorDocument]


def problem_response(refused: Refused, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to a refused request."""
    reason = refused.reason
    status = HTTP_STATUS.get(reason, 422)
    extra = dict(headers or {})
    if reason is Refusal.UNAVAILABLE:
        extra["retry-after"] = "2"
    if reason is Refusal.UNAUTHORISED:
        extra["www-authenticate"] = "Bearer"
    count = len(refused.problems)
    errors = [
        {
            "where": problem.where,
            "what": problem.what,
            **({"allowed": problem.allowed} if problem.allowed else {}),
        }
        for problem in refused.problems[:_SHOWN]
    ]
    document = {
        "type": f"urn:fenghuo:problem:{reason.value}",
        "title": TITLES.get(reason, NOT_ACCEPTED),
        "status": status,
        "detail": refused.problems[0].what if count == 1 else f"{count} things are wrong",
        "errors": errors,
    }
    content = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, status, extra, MEDIA_TYPE)


def install(app: FastAPI, metrics: Metrics) -> None:
    """Answer with a problem document also where no door does; nothing of our inside is in it."""

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        path, method = request.url.path[:200], request.method[:20]
        if error.status_code == HTTP_STATUS[Refusal.METHOD]:
            allowed = (error.headers or {}).get("allow", "POST")
            refused = refuse(Refusal.METHOD, "method", f"{path} does not take {method}", allowed)
        else:
            refused = refuse(Refusal.NO_SUCH_DOOR, "path", f"there is no {path}")
        return problem_response(refused, error.headers)

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        number = secrets.token_hex(8)
        log.error("request_failed", number=number, path=request.url.path, exc_info=error)
        metrics.refused.labels(Refusal.UNEXPECTED.value).inc()
        what = f"nothing was stored, as far as is known; in our log it is {number}"
        return problem_response(refuse(Refusal.UNEXPECTED, "body", what))
