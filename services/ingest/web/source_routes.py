"""The route by which a source lists its refusals of the last day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from services.ingest.core.refusals import ProblemKind, RequestRefused, refusal
from services.ingest.intake import Intake
from services.ingest.metrics import IngestMetrics
from services.ingest.web.openapi import PROBLEMS
from services.ingest.web.problems import problem_response
from shared.domain.recent_refusals import RecentRefusals, RefusalPage

_ACTION = "GET /v1/sources/me/refusals"
_USUAL, _MOST = 100, 1_000
_LARGEST = 2**63 - 1


class RefusalDocument(BaseModel):
    """A refusal, and its repetitions from `since` to `until`.

    `code` is the last part of a problem's `type`; `detail` and `first_id` are of the first record.
    """

    since: datetime
    until: datetime
    count: int
    action: str
    code: str
    detail: str | None = None
    first_id: str | None = None


class RefusalsDocument(BaseModel):
    """Refusals of the source of the last day, the newest first; `next_before` begins the next page.

    Repetitions are up to ten minutes old.
    """

    source: str
    refusals: list[RefusalDocument]
    next_before: int | None = None


_PARAMETERS: list[dict[str, Any]] = [
    {
        "name": "limit",
        "in": "query",
        "description": "The most refusals of the answer",
        "schema": {"type": "integer", "minimum": 1, "maximum": _MOST, "default": _USUAL},
    },
    {
        "name": "before",
        "in": "query",
        "description": "`next_before` of the page before",
        "schema": {"type": "integer", "minimum": 0, "maximum": _LARGEST},
    },
]


def make_source_router(intake: Intake, recent: RecentRefusals, metrics: IngestMetrics) -> APIRouter:
    """Return the routes below `/v1/sources`."""
    router = APIRouter(prefix="/v1/sources")

    @router.get(
        "/me/refusals",
        operation_id="list_refusals",
        summary="List what was refused of this source",
        tags=["sources"],
        response_model=RefusalsDocument,
        response_description="The refusals of the last day",
        responses={status: PROBLEMS[status] for status in (401, 422, 500)},
        openapi_extra={"security": [{"source": []}], "parameters": _PARAMETERS},
    )
    async def list_refusals(request: Request) -> Response:
        """List the refusals of the source whose key the request has, of every process."""
        header = request.headers.get("authorization", "").encode("latin-1")
        try:
            source = intake.admission.identify(header, _ACTION, intake.now())
            limit = _number(request, "limit", 1, _MOST, _USUAL)
            before = _number(request, "before", 0, _LARGEST, None)
        except RequestRefused as refused:
            metrics.refused.labels(refused.kind.value).inc()
            return problem_response(refused)
        assert limit is not None
        page = recent.page(source.id, intake.now(), limit, before)
        content = _document(source.id, page).model_dump_json(exclude_none=True)
        return Response(content, media_type="application/json")

    return router


def _number(request: Request, name: str, least: int, most: int, default: int | None) -> int | None:
    """Return a parameter of the query. Raises RequestRefused."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most:
        return int(text)
    raise refusal(
        ProblemKind.SCHEMA, f"query {name}", "is no number of the range", f"{least} to {most}"
    )


def _document(source: str, page: RefusalPage) -> RefusalsDocument:
    return RefusalsDocument(
        source=source,
        refusals=[
            RefusalDocument(
                since=item.occurred_at,
                until=item.until,
                count=item.count,
                action=item.action,
                code=item.problem or item.reason,
                detail=item.detail,
                first_id=item.subject_id or None,
            )
            for _, item in page.refusals
        ],
        next_before=page.next_before,
    )
