"""A JSON body as a model, or all its problems; of a batch, those of each reading by themselves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from services.ingest.core.bodies import strict_json
from services.ingest.core.bodies.schemas import BatchBody, ReadingBody, SourceKey
from services.ingest.core.refusals import ProblemKind, RequestProblem, RequestRefused

Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class UnreadableReading:
    """A reading of a batch with other fields than a reading has, and its own id if that is one."""

    id: str | None
    problems: tuple[RequestProblem, ...]


def parse(model: type[Body], body: bytes) -> Body:
    """Return the body as an instance of `model`. Raises RequestRefused."""
    strict_json.check(body)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        errors = error.errors(include_input=False, include_url=False)
    raise RequestRefused([_problem(item, item["loc"]) for item in errors])


def parse_batch(body: bytes) -> Sequence[ReadingBody | UnreadableReading]:
    """Return the readings of a batch in their order. Raises RequestRefused for other bodies."""
    strict_json.check(body)
    try:
        return BatchBody.model_validate_json(body).readings
    except ValidationError as error:
        errors = error.errors(include_input=False, include_url=False)
    unreadable: dict[int, list[RequestProblem]] = {}
    for item in errors:
        match item["loc"]:
            case ("readings", int() as index, *inside):
                unreadable.setdefault(index, []).append(_problem(item, inside))
            case _:
                raise RequestRefused([_problem(item, item["loc"]) for item in errors])
    bodies = json.loads(body)["readings"]
    rows = [reading for index, reading in enumerate(bodies) if index not in unreadable]
    readable = iter(_all_readable(rows))
    return [
        UnreadableReading(_own_id(reading), tuple(unreadable[index]))
        if index in unreadable
        else next(readable)
        for index, reading in enumerate(bodies)
    ]


def _all_readable(readings: Sequence[Any]) -> Sequence[ReadingBody]:
    """Return readings that were read before, beside others that are unreadable."""
    if not readings:
        return []
    return BatchBody.model_validate_json(json.dumps({"readings": readings})).readings


_SOURCE_KEY: TypeAdapter[str] = TypeAdapter(SourceKey)


def _own_id(reading: object) -> str | None:
    own_id = reading.get("id") if isinstance(reading, dict) else None
    try:
        return _SOURCE_KEY.validate_python(own_id, strict=True)
    except ValidationError:
        return None


def _problem(error: ErrorDetails, parts: Sequence[str | int]) -> RequestProblem:
    match error["type"]:
        case "json_invalid":
            kind = ProblemKind.NOT_JSON
        case "finite_number":
            kind = ProblemKind.NOT_FINITE
        case _:
            kind = ProblemKind.SCHEMA
    expected = error.get("ctx", {}).get("expected") or error.get("ctx", {}).get("pattern")
    allowed = str(expected) if expected else None
    return RequestProblem(kind, _location(parts), error["msg"], allowed)


def _location(parts: Sequence[str | int]) -> str:
    location = ""
    for part in parts:
        location += f"[{part}]" if isinstance(part, int) else f".{part}" if location else part
    return location[:200] or "body"
