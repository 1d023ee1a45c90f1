"""The OpenAPI document, with bodies, problem documents and tokens that FastAPI cannot infer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.ingest.core.bodies.schemas import BatchBody, ReadingBody, ReportBody
from services.ingest.web.problems import MEDIA_TYPE, ProblemDocument

_COMPONENTS = "#/components/schemas/"
_SECURITY: list[dict[str, list[str]]] = [{"source": []}]


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"{_COMPONENTS}{model.__name__}"}


def _problem(description: str, **headers: str) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": _reference(ProblemDocument)}},
    }
    if headers:
        response["headers"] = {
            name.replace("_", "-"): {"description": text, "schema": {"type": "string"}}
            for name, text in headers.items()
        }
    return response


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _problem("Not JSON in the strict form, or not XML"),
    401: _problem("No valid token", WWW_Authenticate="The scheme of the token: Bearer"),
    403: _problem("The source may not use this door, or not send this record"),
    408: _problem("The body did not arrive in time"),
    409: _problem("Another body was accepted under this id"),
    413: _problem("The body is too large"),
    415: _problem("The route does not read this media type"),
    422: _problem("Well-formed, but not acceptable; each error with its location"),
    429: _problem(
        "Too many requests or bytes of this source wait for their answer, or it has sent more "
        "records a minute than it may",
        Retry_After="Seconds to wait before the next attempt",
    ),
    500: _problem("An internal error; the detail has the number of the entry in our log"),
    503: _problem(
        "Kafka has not confirmed the records: send the same request again",
        Retry_After="Seconds to wait before the next attempt",
    ),
}
"""The answers of every route that take nothing."""
NO_ROOM = _problem(
    "A volume of Kafka is nearly full: readings are refused first",
    Retry_After="Seconds to wait before the next attempt",
)
"""The answer to readings while there is no room for them."""


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """Return the part of an operation with a JSON body."""
    return _body({"application/json": {"schema": _reference(model)}})


def text_body(media_types: Iterable[str]) -> dict[str, Any]:
    """Return the part of an operation with a body of text in one of these media types."""
    return _body({media_type: {"schema": {"type": "string"}} for media_type in media_types})


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {"security": _SECURITY, "requestBody": {"required": True, "content": content}}


def install(app: FastAPI) -> None:
    """Let the application show the complete document at `/openapi.json`."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        description="Readings, reports and warnings come in; 202 says that Kafka has the records, "
        "207 that it has a part of a batch.",
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        routes=app.routes,
    )
    _, definitions = models_json_schema(
        [
            (BatchBody, "validation"),
            (ReadingBody, "validation"),
            (ReportBody, "validation"),
            (ProblemDocument, "serialization"),
        ],
        ref_template=_COMPONENTS + "{model}",
    )
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(definitions["$defs"])
    components["securitySchemes"] = {"source": {"type": "http", "scheme": "bearer"}}
    return document
