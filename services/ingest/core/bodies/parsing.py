"""A JSON body as a model, or all its problems."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from services.ingest.core.bodies import strict_json
from services.ingest.core.refusals import ProblemKind, RequestProblem, RequestRefused

Body = TypeVar("Body", bound=BaseModel)


def parse(model: type[Body], body: bytes) -> Body:
    """Return the body as an instance of `model`. Raises RequestRefused."""
    strict_json.check(body)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        problems = _problems(error)
    raise RequestRefused(problems)


def _problems(error: ValidationError) -> list[RequestProblem]:
    problems = []
    for item in error.errors(include_input=False, include_url=False):
        match item["type"]:
            case "json_invalid":
                kind = ProblemKind.NOT_JSON
            case "finite_number":
                kind = ProblemKind.NOT_FINITE
            case _:
                kind = ProblemKind.SCHEMA
        expected = item.get("ctx", {}).get("expected") or item.get("ctx", {}).get("pattern")
        allowed = str(expected) if expected else None
        problems.append(RequestProblem(kind, _location(item["loc"]), item["msg"], allowed))
    return problems


def _location(parts: Sequence[str | int]) -> str:
    location = ""
    for part in parts:
        location += f"[{part}]" if isinstance(part, int) else f".{part}" if location else part
    return location[:200] or "body"
