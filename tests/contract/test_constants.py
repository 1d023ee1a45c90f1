"""Records without constants: `type` or `kind` selects the member of a union for every reader."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from shared.contracts.documents import json_schemas
from shared.contracts.selections import Selection
from shared.contracts.topics import TOPICS

FOLDER = Path(__file__).parent
GOLDEN = sorted((FOLDER / "golden").glob("*.json"))


def parts(document: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in a document, the document first."""
    if isinstance(document, dict):
        yield document
        for value in document.values():
            yield from parts(value)
    elif isinstance(document, list):
        for value in document:
            yield from parts(value)


def named(document: dict[str, Any], reference: str) -> Any:
    """Return the target of a reference within the document."""
    result: Any = document
    for step in reference.removeprefix("#/").split("/"):
        result = result[step]
    return result


def without_tag(document: dict[str, Any]) -> list[str]:
    """Return the members of the document's unions that do not require their discriminator."""
    unions = [part for part in parts(document) if isinstance(part.get("oneOf"), list)]
    return [
        f"{member['$ref']}: {tag}"
        for union in unions
        for tag in [tag_of(union)]
        if tag is not None
        for member in union["oneOf"]
        if tag not in named(document, member["$ref"]).get("required", [])
    ]


def tag_of(union: dict[str, Any]) -> str | None:
    """Return the discriminator field of a union; AsyncAPI gives the name alone."""
    tag = union.get("discriminator")
    return tag["propertyName"] if isinstance(tag, dict) else tag


DOCUMENTS = {
    **json_schemas(),
    **{
        f"{kind}/{path.stem}": json.loads(path.read_text())
        for kind in ("asyncapi", "openapi")
        for path in sorted((FOLDER / kind).glob("*.json"))
    },
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_member_of_a_union_requires_its_discriminator(name: str) -> None:
    assert without_tag(DOCUMENTS[name]) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_text_that_never_varies_is_required(name: str) -> None:
    """Writers always write it; a schema that lets it out promises more than a union reads."""
    missing = [
        f"{part.get('title')}: {field}"
        for part in parts(DOCUMENTS[name])
        if isinstance(part.get("properties"), dict)
        for field, value in part["properties"].items()
        if isinstance(value, dict) and isinstance(value.get("const"), str)
        if field != "status" and field not in part.get("required", [])
    ]
    assert missing == []


def test_the_documents_have_unions() -> None:
    with_unions = {
        name for name, DOCUMENT in DOCUMENTS.items() if '"discriminator"' in json.dumps(DOCUMENT)
    }
    expected = {"sensing.readings.v1", "rule.definitions.v1", "openapi/console", "asyncapi/ingest"}
    assert expected <= with_unions


def constants(schema: dict[str, Any]) -> set[str]:
    """Return the names of a schema's constant fields, at any depth."""
    return {
        field
        for part in parts(schema)
        if isinstance(part.get("properties"), dict)
        for field, value in part["properties"].items()
        if isinstance(value, dict) and "const" in value
    }


def reductions(message: dict[str, Any], names: set[str]) -> Iterator[dict[str, Any]]:
    """Yield the message without one of these fields, at any depth."""
    count = sum(1 for _ in parts(message))
    for number in range(count):
        for name in sorted(names):
            reduced = copy.deepcopy(message)
            part = list(parts(reduced))[number]
            if part.pop(name, None) is not None:
                yield reduced


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_record_without_constants_that_fits_its_schema_is_read(path: Path) -> None:
    topic = path.stem.partition("@")[0]
    schema = json_schemas()[topic]
    judge = Draft202012Validator(schema)
    for reduced in reductions(json.loads(path.read_bytes()), constants(schema)):
        if judge.is_valid(reduced):
            TOPICS[topic].model.validate_json(json.dumps(reduced))


UNIT = "500118000000"
PARTS: list[dict[str, Any]] = [
    {"kind": "subtree", "of": UNIT},
    {"kind": "departments", "of": UNIT, "departments": ["fire"]},
    {"kind": "role", "of": UNIT, "roles": ["riverside"]},
    {"kind": "group", "group": "flood"},
    {"kind": "units", "units": [UNIT]},
]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part["kind"])
def test_schema_and_reader_agree_about_a_selection_in_a_body(part: dict[str, Any]) -> None:
    """The union of the console's bodies, by the document that it publishes."""
    console = DOCUMENTS["openapi/console"]
    judge = Draft202012Validator({**console, "$ref": "#/components/schemas/Selection"})
    for selection in ({"include": [part]}, {"include": PARTS, "exclude": [part]}):
        for body in (selection, *reductions(selection, {"kind"})):
            accepted = True
            try:
                Selection.model_validate_json(json.dumps(body))
            except ValidationError:
                accepted = False
            assert judge.is_valid(body) == accepted, body
