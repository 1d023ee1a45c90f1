"""The console's OpenAPI document leaves no operation half described and no route out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from services.console.features.pages.carrier_routes import KeyBody, ReceiptBody, ReplyBody
from services.console.web.openapi import names_in_responses
from services.console.web.openapi_contents import BOUNDS, EXAMPLES
from services.console.web.response_models import WORDS
from tests.support.services import built_app

PAGES = {"/", "/m", "/admin", "/login", "/openapi.json", "/static", "/assets/{name}"}
PAGES |= {"/manifest.webmanifest", "/icons/{name}.png", "/worker.js"}
PAGES |= {"/login/oidc", "/login/oidc/callback"}
PAGES |= {"/password", "/account", "/account/password", "/account/sign-out"}
OPERATIONS = {"/healthz", "/readyz", "/gaps", "/metrics", "/docs/asyncapi", "/docs/asyncapi.json"}
NO_ACTS = {"/api/alerts/{alert_id}/preview", "/api/commands/preview"}
NO_ACTS |= {"/api/commands/page-preview", "/api/logout", "/api/logout/everywhere"}
NO_ACTS |= {  # the same file is known by its content
    "/api/assignments/{assignment_id}/photos",
    "/api/incidents/drafts/{draft_id}/photos",
}
BODIES: dict[str, Any] = {
    "/carriers/keys": KeyBody,
    "/carriers/receipts": ReceiptBody,
    "/carriers/replies": ReplyBody,
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return built_app("console", Path(tmp_path_factory.mktemp("console")))


@pytest.fixture(scope="module")
def operations(app: Any) -> list[tuple[str, str, Any]]:
    return [
        (path, method, operation)
        for path, item in app.openapi()["paths"].items()
        for method, operation in item.items()
    ]


def routes(app: Any) -> Iterator[Any]:
    """Every route, those of included routers too."""
    for route in app.routes:
        included = getattr(route, "original_router", None)
        yield from [route] if included is None else included.routes


def test_every_route_is_in_the_document_or_a_page(app: Any) -> None:
    paths = set(app.openapi()["paths"]) | PAGES | OPERATIONS
    assert {route.path for route in routes(app)} <= paths


def test_every_operation_has_a_summary_and_a_description(operations: Any) -> None:
    for path, method, operation in operations:
        summary = operation["summary"]
        assert len(summary.split()) > 1, (method, path)
        assert len(summary) <= 100, (method, path)
        assert re.match(r"[A-Z][a-z]+,? ", summary), (method, path)
        assert operation["description"].startswith(summary), (method, path)
        assert operation["security"]


def test_every_operation_has_the_name_of_its_function(app: Any, operations: Any) -> None:
    functions = {
        (route.path, method.lower()): route.endpoint.__name__
        for route in routes(app)
        if isinstance(route, APIRoute) and route.include_in_schema
        for method in route.methods or ()
    }
    names = {(path, method): operation["operationId"] for path, method, operation in operations}
    assert names == functions
    assert len(set(names.values())) == len(names)


def test_every_operation_has_the_tag_of_its_feature(app: Any, operations: Any) -> None:
    features: dict[tuple[str, str], str] = {}
    for route in routes(app):
        if isinstance(route, APIRoute) and route.include_in_schema:
            folder = route.endpoint.__module__.split(".")[-2]
            for method in route.methods or ():
                features[route.path, method] = "feed" if folder == "stream" else folder
    for path, method, operation in operations:
        assert operation["tags"] == [features[path, method.upper()]], (method, path)
    declared = {tag["name"] for tag in app.openapi()["tags"]}
    assert declared == set(features.values())


def test_every_field_of_a_response_is_described_in_both_languages(app: Any) -> None:
    document = app.openapi()
    for name in names_in_responses(document):
        for field, schema in document["components"]["schemas"][name].get("properties", {}).items():
            english, _, chinese = schema.get("description", "").partition(" · ")
            assert english, (name, field)
            assert re.search("[\u4e00-\u9fff]", chinese), (name, field)


def test_no_response_is_serialized_through_its_model(app: Any) -> None:
    """The routes answer with JSON that is prepared; models would cost time for each request."""
    for route in routes(app):
        if isinstance(route, APIRoute):
            assert route.response_field is None, route.path


def test_every_model_of_a_response_is_closed(app: Any) -> None:
    document = app.openapi()
    for name in names_in_responses(document):
        schema = document["components"]["schemas"][name]
        if schema["type"] == "object":
            assert schema["additionalProperties"] is False, name


def test_the_words_of_responses_are_used(app: Any) -> None:
    document = app.openapi()
    descriptions = {
        schema.get("description")
        for name in names_in_responses(document)
        for schema in document["components"]["schemas"][name].get("properties", {}).values()
    }
    table = json.loads(WORDS.read_text(encoding="utf-8"))
    assert [name for name, pair in table.items() if " · ".join(pair) not in descriptions] == []


def test_streams_and_files_have_their_media_types(operations: Any) -> None:
    files = {
        operation["operationId"]: sorted(operation["responses"]["200"]["content"])
        for _, _, operation in operations
        if list(operation["responses"].get("200", {}).get("content", ())) != ["application/json"]
        and "202" not in operation["responses"]
    }
    assert files == {
        "export_case": ["application/pdf", "text/html"],
        "export_duty_plan": ["text/calendar", "text/csv"],
        "get_case_evaluation": ["application/json", "text/csv"],
        "get_photo": ["image/jpeg"],
        "get_weekly_report": ["application/pdf"],
        "stream_events": ["text/event-stream"],
    }


def test_every_operation_names_its_refusals_as_problem_documents(operations: Any) -> None:
    for path, method, operation in operations:
        statuses = {"401", "422", "500", "503"} | ({"404"} if "{" in path else set())
        if method != "get" and path.startswith("/api/") and path not in NO_ACTS:
            statuses |= {"409", "413"}
        assert statuses <= operation["responses"].keys(), (method, path)
        assert {"200", "202"} & operation["responses"].keys()
        for status, answer in operation["responses"].items():
            assert answer["description"], (method, path, status)
            if status >= "400":
                content = answer["content"]["application/problem+json"]
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
                assert content["example"]["status"] == int(status)


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
