"""The answers to requests of which something was taken."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from services.ingest.core.readings import RefusedReading
from services.ingest.core.refusals import ProblemKind
from services.ingest.intake import AcceptedBatch, AcceptedRecord
from services.ingest.web.problems import ErrorDocument, error_fields

_MAX_ERRORS = 1000
"""The most errors in one answer; each refused reading has its share, one at least."""


class AcceptedRecordDocument(BaseModel):
    """The number of records that Kafka has, and the id of the record in the log."""

    accepted: int
    id: str


class AcceptedBatchDocument(BaseModel):
    """The number of records that Kafka has, and the prefix of their ids in the log."""

    accepted: int
    id_prefix: str


class ItemErrorDocument(ErrorDocument):
    """An error of a reading; `code` is the last part of a problem's `type`."""

    code: ProblemKind


class ItemDocument(BaseModel):
    """A reading of a batch: its index, its own id where it has one, and whether Kafka has it."""

    index: int
    id: str | None = None
    accepted: bool
    errors: list[ItemErrorDocument] = Field(default_factory=list)


class PartlyAcceptedBatchDocument(BaseModel):
    """The numbers of readings taken and refused, and every reading in the order of the batch."""

    accepted: int
    refused: int
    id_prefix: str
    items: list[ItemDocument]


def record_response(accepted: AcceptedRecord) -> Response:
    """Return the answer to a record that Kafka has."""
    return JSONResponse({"accepted": 1, "id": accepted.id}, 202)


def batch_response(accepted: AcceptedBatch) -> Response:
    """Return the answer to a batch: 202 where Kafka has all of it, 207 where it has a part."""
    batch = accepted.batch
    document: dict[str, Any] = {"accepted": len(batch.readings), "id_prefix": accepted.id_prefix}
    if not batch.refused:
        return JSONResponse(document, 202)
    document["refused"] = len(batch.refused)
    refused = {reading.index: reading for reading in batch.refused}
    share = max(1, _MAX_ERRORS // len(refused))
    document["items"] = [
        _item(index, own_id, refused.get(index), share) for index, own_id in enumerate(batch.ids)
    ]
    content = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, 207, media_type="application/json")


def _item(
    index: int, own_id: str | None, refused: RefusedReading | None, share: int
) -> dict[str, Any]:
    item: dict[str, Any] = {"index": index, "accepted": refused is None}
    if own_id is not None:
        item["id"] = own_id
    if refused is not None:
        item["errors"] = [
            error_fields(problem) | {"code": problem.kind.value}
            for problem in refused.located_problems[:share]
        ]
    return item
