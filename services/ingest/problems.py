"""Refusals as RFC 9457 problem documents."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import BaseModel
from starlette.responses import Response

from services.ingest.core.refusals import HTTP_STATUS, NOT_ACCEPTED, TITLES, Refusal, Refused

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
        {"where": one.where, "what": one.what, **({"allowed": one.allowed} if one.allowed else {})}
        for one in refused.problems[:_SHOWN]
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
