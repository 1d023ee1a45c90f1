"""The HTTP door: four POSTs, each answered 202 only when Kafka has what it brought."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from starlette.responses import JSONResponse

from services.ingest.consumer import Intake, Taken
from services.ingest.core.bodies import BatchBody, ReadingBody, ReportBody
from services.ingest.core.cap.encoding import charset_of
from services.ingest.core.refusals import Refused
from services.ingest.gate import DOORS, SOURCE
from services.ingest.metrics import Metrics
from services.ingest.problems import MEDIA_TYPE, ProblemDocument, problem_response


class Accepted(BaseModel):
    """How many records Kafka has taken, and which id a record has in the log."""

    accepted: int
    id: str


class AcceptedBatch(BaseModel):
    """How many records Kafka has taken, and what stands before their own ids in the log."""

    accepted: int
    id_prefix: str


_PROBLEM = {"model": ProblemDocument, "content": {MEDIA_TYPE: {}}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    400: {**_PROBLEM, "description": "Not JSON of the strict kind"},
    401: {**_PROBLEM, "description": "No valid token"},
    408: {**_PROBLEM, "description": "The body did not arrive in time"},
    413: {**_PROBLEM, "description": "Too large"},
    415: {**_PROBLEM, "description": "Of another kind than the door reads"},
    422: {**_PROBLEM, "description": "Understood, but not acceptable: every error with its place"},
    500: {**_PROBLEM, "description": "A fault of ours; the number under which our log has it"},
    503: {**_PROBLEM, "description": "Kafka did not confirm it: send the same again"},
}


def doors(intake: Intake, metrics: Metrics) -> APIRouter:
    """The routes of /v1. Bodies are read by services.ingest.core, not by FastAPI."""
    router = APIRouter(prefix="/v1", responses=_ANSWERS)

    async def answer(request: Request, take: Callable[[bytes, str], Awaitable[Taken]]) -> Response:
        try:
            taken = await take(await request.body(), request.scope[SOURCE])
        except Refused as refused:
            metrics.refused.labels(refused.reason.value).inc()
            return problem_response(refused)
        told = {name: value for name, value in taken._asdict().items() if value is not None}
        return JSONResponse(told, 202)

    @router.post(
        "/readings", status_code=202, response_model=Accepted, openapi_extra=_body(ReadingBody)
    )
    async def reading(request: Request) -> Response:
        """Accept one reading (at most 64 KiB)."""
        return await answer(request, intake.reading)

    @router.post(
        "/readings/batch",
        status_code=202,
        response_model=AcceptedBatch,
        openapi_extra=_body(BatchBody),
    )
    async def batch(request: Request) -> Response:
        """Accept up to 1000 readings as a whole (at most 1 MiB)."""
        return await answer(request, intake.batch)

    @router.post(
        "/reports", status_code=202, response_model=Accepted, openapi_extra=_body(ReportBody)
    )
    async def report(request: Request) -> Response:
        """Accept a report of an incident (at most 64 KiB)."""
        return await answer(request, intake.report)

    @router.post(
        "/warnings",
        status_code=202,
        response_model=Accepted,
        openapi_extra=_document("/v1/warnings"),
    )
    async def warning(request: Request) -> Response:
        """Accept another agency's warning as a CAP 1.2 (or 1.1) document (at most 256 KiB).

        A document with an error is refused as a whole, every error with its line.
        """
        charset = charset_of(request.headers.get("content-type", ""))
        return await answer(request, lambda body, source: intake.warning(body, source, charset))

    return router


def _document(path: str) -> dict[str, Any]:
    """A body that is XML."""
    content = {kind: {"schema": {"type": "string"}} for kind in DOORS[path].kinds}
    return {"security": [{"source": []}], "requestBody": {"required": True, "content": content}}


def _body(kind: type[BaseModel]) -> dict[str, Any]:
    """The request body in the OpenAPI document."""
    schema = kind.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = schema.pop("$defs", {})
    return {
        "security": [{"source": []}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _inline(schema, definitions)}},
        },
    }


def _inline(schema: Any, definitions: dict[str, Any]) -> Any:
    """FastAPI only collects what its own parameters refer to, so references are resolved here."""
    if isinstance(schema, list):
        return [_inline(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if reference is not None:
        return _inline(definitions[reference.rsplit("/", 1)[-1]], definitions)
    return {name: _inline(value, definitions) for name, value in schema.items()}
