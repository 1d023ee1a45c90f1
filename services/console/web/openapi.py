"""The OpenAPI document: the routes with their models, and the rules that apply to all routes.

Every refusal is a problem document (RFC 9457). Every action is answered with 202 once Kafka has the
record. A list ends at `limit`; if there is more, `next` is the cursor for the parameter `after`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from services.console.core.record import Json
from services.console.web.openapi_contents import BOUNDS, EXAMPLES, REFUSALS, TAGS
from services.console.web.response_models import describe_fields

_COMPONENTS = "#/components/schemas/"
_PROBLEM: Json = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `reason` is of a closed set, for programs.",
    "required": ["type", "status", "title"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "status": {"type": "integer"},
        "title": {"type": "string"},
        "detail": {"type": "string"},
        "reason": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["where", "what"],
                "additionalProperties": False,
                "properties": {"where": {"type": "string"}, "what": {"type": "string"}},
            },
        },
    },
}
_WITHOUT_CONFLICT = frozenset(
    {
        "/api/alerts/{alert_id}/preview",
        "/api/commands/page-preview",
        "/api/commands/preview",
        "/api/definitions/check",
        "/api/limits/checks",
        "/api/limits/previews",
        "/api/logout",
        "/api/logout/everywhere",
    }
)
"""Paths of requests that change nothing on which an earlier request could have decided."""

_NAMING_A_SUBJECT = frozenset(
    {
        "/api/definitions/acts",
        "/api/drills",
        "/api/drills/readings",
        "/api/duty/tests",
        "/api/incidents",
        "/api/ledger/entry",
        "/api/ledger/history",
        "/api/letters/acts",
        "/api/push/devices",
        "/push/answers",
    }
)
"""Paths without a parameter whose body or query names a subject that may not exist."""


def operation_id_of(route: APIRoute) -> str:
    """Return the operation id of a route: the name of its function, such as `list_alerts`."""
    return route.name


def install(app: FastAPI) -> None:
    """Let the application answer with the complete document, which is made once."""

    def openapi() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = completed(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    description=__doc__,
                    license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
                    tags=[{"name": name, "description": text} for name, text in TAGS.items()],
                    routes=app.routes,
                    # A model has one name, whether a request or a response contains it.
                    separate_input_output_schemas=False,
                )
            )
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def completed(document: Json) -> Json:
    """Return the document of the routes with the rules that apply to all routes."""
    components = document.setdefault("components", {})
    schemas: dict[str, Json] = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)  # FastAPI's own refusals, which the console never sends
    schemas["Problem"] = _PROBLEM
    components["securitySchemes"] = {
        "officer": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": "fenghuo_session"},
        "carrier": {"type": "apiKey", "in": "header", "name": "webhook-signature"},
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
            for content in _contents(operation):
                schemas.update(content["schema"].pop("$defs", {}))
    for name in names_in_responses(document):
        describe_fields(schemas[name])
    return document


def _complete(path: str, method: str, operation: Json) -> None:
    docstring = operation.get("description", "")
    text = " ".join(docstring.split())
    operation["summary"] = " ".join(docstring.partition("\n\n")[0].split()).rstrip(".")
    operation["description"] = " ".join(part for part in (text, BOUNDS.get(path)) if part)
    operation["security"] = _security(path)
    example = EXAMPLES.get((method, path))
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None and example is not None:
        content["example"] = example
    for status in _refusals(path, method):
        operation["responses"][str(status)] = _refusal(status)


def _security(path: str) -> list[Json]:
    """Return what proves the sender of a request; the body of a notification's answer does it."""
    if path.startswith("/push/"):
        return [{}]
    if path.startswith("/carriers/"):
        return [{"carrier": []}]
    return [{"officer": []}, {"session": []}]


def _contents(operation: Json) -> Iterator[Json]:
    """Yield the descriptions of all bodies of an operation."""
    for body in (operation.get("requestBody", {}), *operation["responses"].values()):
        yield from body.get("content", {}).values()


def names_in_responses(document: Json) -> set[str]:
    """Return the names of the schemas of which responses consist."""
    schemas = document["components"]["schemas"]
    pending = [
        name
        for operations in document["paths"].values()
        for operation in operations.values()
        for name in _references(operation["responses"])
    ]
    names: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in names:
            names.add(name)
            pending.extend(_references(schemas[name]))
    return names


def _references(node: Any) -> Iterator[str]:
    """Yield the name of each schema to which a part of the document refers."""
    if isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str):
            yield reference.removeprefix(_COMPONENTS)
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _refusals(path: str, method: str) -> list[int]:
    results = [401, 422, 500, 503]
    if not path.startswith("/carriers/"):
        results.append(403)
    if "{" in path or path in _NAMING_A_SUBJECT or path.startswith("/carriers/"):
        results.append(404)
    if method != "get":
        results.append(413)
        if path.startswith("/api/") and path not in _WITHOUT_CONFLICT:
            results.append(409)
    if method != "get" and path.endswith("/photos"):
        results.append(415)
    return sorted(results)


def _refusal(status: int) -> Json:
    title, reason, description = REFUSALS[status]
    example: Json = {"type": "about:blank", "status": status, "title": title, "reason": reason}
    if status == 422:
        example["errors"] = [{"where": "body.text", "what": "say why"}]
    schema = {"$ref": f"{_COMPONENTS}Problem"}
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": schema, "example": example}},
    }
