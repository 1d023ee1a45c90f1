"""The console's OpenAPI document leaves no operation half described and no route out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from services.console.features.pages.carrier_routes import ReceiptBody, ReplyBody
from services.console.web.openapi import BOUNDS, EXAMPLES
from tests.support.services import built_app

PAGES = {"/", "/m", "/login", "/openapi.json", "/static", "/assets/{name}"}
PAGES |= {"/login/oidc", "/login/oidc/callback"}
PAGES |= {"/password", "/account", "/account/password", "/account/sign-out"}
OPERATIONS = {"/healthz", "/readyz", "/metrics", "/docs/asyncapi", "/docs/asyncapi.json"}
NO_ACTS = {"/api/commands/preview", "/api/logout", "/api/logout/everywhere"}
NO_ACTS |= {"/api/assignments/{assignment_id}/photos"}  # the same file is known by its content
BODIES: dict[str, Any] = {"/carriers/receipts": ReceiptBody, "/carriers/replies": ReplyBody}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return built_app("console", Path(tmp_path_factory.mktemp("console")))


@pytest.fixture(scope="module")
def operations(app: Any) -> list[tuple[str, str, Any]]:
    paths = app.openapi()["paths"]
    return [
        (path, method, operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]


def routes(app: Any) -> Iterator[Any]:
    """Every route, those of included routers too."""
    for route in app.routes:
        included = getattr(route, "original_router", None)
        yield from [route] if included is None else included.routes


def test_every_route_is_in_the_document_or_a_page(app: Any) -> None:
    documented = set(app.openapi()["paths"]) | PAGES | OPERATIONS
    assert {route.path for route in routes(app)} <= documented


def test_every_operation_has_a_summary_and_a_description(operations: Any) -> None:
    for path, method, operation in operations:
        assert len(operation["summary"].split()) > 1, (method, path)
        assert len(operation["description"]) >= len(operation["summary"]), (method, path)
        assert operation["tags"]
        assert operation["security"]


def test_every_operation_names_its_refusals_as_problem_documents(operations: Any) -> None:
    for path, method, operation in operations:
        expected = {"401", "422", "503"} | ({"404"} if "{" in path else set())
        if method != "get" and path.startswith("/api/") and path not in NO_ACTS:
            expected |= {"409", "413"}
        assert expected <= operation["responses"].keys(), (method, path)
        assert {"200", "202"} & operation["responses"].keys()
        for status, answer in operation["responses"].items():
            assert answer["description"], (method, path, status)
            if status >= "400":
                problem = answer["content"]["application/problem+json"]
                assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}
                assert problem["example"]["status"] == int(status)


def test_every_act_takes_an_idempotency_key(operations: Any) -> None:
    for path, method, operation in operations:
        if method in ("post", "put") and path.startswith("/api/") and path not in NO_ACTS:
            headers = [
                parameter["name"]
                for parameter in operation["parameters"]
                if parameter["in"] == "header"
            ]
            assert headers == ["idempotency-key"], (method, path)


def test_every_read_has_a_limit_or_says_what_bounds_it(operations: Any) -> None:
    for path, method, operation in operations:
        if method != "get" or path.endswith(("_id}", "/export")):
            continue
        names = {parameter["name"] for parameter in operation.get("parameters", ())}
        assert "limit" in names or BOUNDS.get(path, "nothing") in operation["description"], path


def test_every_body_has_an_example_that_the_route_takes(app: Any, operations: Any) -> None:
    bodies = dict(BODIES)
    for route in routes(app):
        if isinstance(route, APIRoute) and route.body_field is not None:
            bodies[route.path] = route.body_field.field_info.annotation
    examples = {
        (method, path): content["application/json"].get("example")
        for path, method, operation in operations
        if "application/json" in (content := operation.get("requestBody", {}).get("content", {}))
    }
    assert all(examples.values()), [where for where, example in examples.items() if not example]
    assert set(EXAMPLES) == set(examples)
    for (_, path), example in examples.items():
        TypeAdapter(bodies[path]).validate_python(example)
