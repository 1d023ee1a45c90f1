"""The OpenAPI documents are valid OpenAPI 3.1, complete, and name their operations for people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

SNAPSHOTS = Path(__file__).parent / "openapi"
SERVICES = ("console", "ingest")
METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options", "trace"})
OPERATION_ID = re.compile(r"[a-z]+(_[a-z0-9]+)*")


def document(service: str) -> dict[str, Any]:
    """Return the snapshot, which another test compares with the served document."""
    loaded: dict[str, Any] = json.loads((SNAPSHOTS / f"{service}.json").read_text())
    return loaded


def operations(service: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return all operations with method and path."""
    for path, item in document(service)["paths"].items():
        for method in METHODS & item.keys():
            yield method, path, item[method]


def references(node: Any) -> Iterator[str]:
    """Return all references inside a part of a document."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


@pytest.mark.parametrize("service", SERVICES)
def test_the_document_is_valid(service: str) -> None:
    validate(document(service))


@pytest.mark.parametrize("service", SERVICES)
def test_every_reference_resolves_and_every_schema_is_used(service: str) -> None:
    content = document(service)
    schemas = {f"#/components/schemas/{name}" for name in content["components"]["schemas"]}
    used = {reference for reference in references(content) if "/schemas/" in reference}
    assert used == schemas
    for reference in references(content):
        node: Any = content
        for step in reference.removeprefix("#/").split("/"):
            node = node[step.replace("~1", "/").replace("~0", "~")]


@pytest.mark.parametrize("service", SERVICES)
def test_every_success_has_a_model(service: str) -> None:
    for method, path, operation in operations(service):
        successes = {
            status: response
            for status, response in operation["responses"].items()
            if status.startswith("2")
        }
        assert successes, (method, path)
        for status, response in successes.items():
            if status == "204":
                continue
            for media_type, content in response["content"].items():
                is_json = media_type.endswith(("/json", "+json"))
                assert not is_json or content.get("schema"), (method, path, status)


@pytest.mark.parametrize("service", SERVICES)
def test_operations_have_unique_names_for_people(service: str) -> None:
    names = [operation["operationId"] for _, _, operation in operations(service)]
    assert len(set(names)) == len(names)
    assert [name for name in names if not OPERATION_ID.fullmatch(name)] == []
    assert [name for name in names if "api" in name.split("_") or "v1" in name] == []
