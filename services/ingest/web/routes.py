"""The four routes. Each answers 202, or 207 for a part, only when Kafka has the records."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from fastapi import APIRouter, Request, Response

from services.ingest.core.bodies.schemas import BatchBody, ReadingBody, ReportBody
from services.ingest.core.cap.encoding import charset_of
from services.ingest.core.refusals import RequestRefused
from services.ingest.core.sources import Source
from services.ingest.intake import Intake
from services.ingest.metrics import IngestMetrics
from services.ingest.web.answers import (
    AcceptedBatchDocument,
    AcceptedRecordDocument,
    PartlyAcceptedBatchDocument,
    batch_response,
    record_response,
)
from services.ingest.web.gate import LIMITS, SOURCE
from services.ingest.web.openapi import NO_ROOM, PROBLEMS, json_body, text_body
from services.ingest.web.problems import problem_response

Accepted = TypeVar("Accepted")


def make_router(intake: Intake, metrics: IngestMetrics) -> APIRouter:
    """Return the routes of `/v1`. Their bodies are parsed by services.ingest.core."""
    router = APIRouter(prefix="/v1", responses=PROBLEMS)

    async def answer(
        request: Request,
        accept: Callable[[bytes, Source], Awaitable[Accepted]],
        response_of: Callable[[Accepted], Response],
    ) -> Response:
        source: Source = request.scope[SOURCE]
        try:
            accepted = await accept(await request.body(), source)
        except RequestRefused as refused:
            metrics.refused.labels(refused.kind.value).inc()
            return problem_response(refused)
        return response_of(accepted)

    @router.post(
        "/readings",
        status_code=202,
        operation_id="send_reading",
        summary="Send one reading",
        tags=["readings"],
        response_model=AcceptedRecordDocument,
        response_description="Kafka has the reading",
        responses={507: NO_ROOM},
        openapi_extra=json_body(ReadingBody),
    )
    async def send_reading(request: Request) -> Response:
        """Accept one reading (at most 64 KiB)."""
        return await answer(request, intake.reading, record_response)

    @router.post(
        "/readings/batch",
        status_code=202,
        operation_id="send_readings",
        summary="Send a batch of readings",
        tags=["readings"],
        response_model=AcceptedBatchDocument,
        response_description="Kafka has all readings",
        responses={
            207: {
                "model": PartlyAcceptedBatchDocument,
                "description": "Kafka has a part of the readings; each has its own outcome",
            },
            507: NO_ROOM,
        },
        openapi_extra=json_body(BatchBody),
    )
    async def send_readings(request: Request) -> Response:
        """Accept up to 1000 readings (at most 1 MiB), each by itself.

        The good readings are taken, whatever the others are: 202 for all of them, 207 for a part
        with each reading's outcome, 422 for none.
        """
        return await answer(request, intake.batch, batch_response)

    @router.post(
        "/reports",
        status_code=202,
        operation_id="send_report",
        summary="Send a report of an incident",
        tags=["reports"],
        response_model=AcceptedRecordDocument,
        response_description="Kafka has the report",
        openapi_extra=json_body(ReportBody),
    )
    async def send_report(request: Request) -> Response:
        """Accept a report of an incident (at most 64 KiB)."""
        return await answer(request, intake.report, record_response)

    @router.post(
        "/warnings",
        status_code=202,
        operation_id="send_warning",
        summary="Send a warning of another agency",
        tags=["warnings"],
        response_model=AcceptedRecordDocument,
        response_description="Kafka has the warning",
        openapi_extra=text_body(LIMITS["/v1/warnings"].media_types),
    )
    async def send_warning(request: Request) -> Response:
        """Accept another agency's warning as a CAP 1.2 (or 1.1) document (at most 256 KiB).

        A document with an error is refused as a whole; each error has its line.
        """
        charset = charset_of(request.headers.get("content-type", ""))
        accept = partial(intake.warning, charset=charset)
        return await answer(request, accept, record_response)

    return router
