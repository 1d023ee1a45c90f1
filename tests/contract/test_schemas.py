"""The wire contract: schemas are snapshots, golden messages stay readable, loose data stay out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from shared.contracts.documents import json_schemas
from shared.contracts.fields import Contract
from shared.contracts.topics import TOPICS

FOLDER = Path(__file__).parent
SCHEMAS = FOLDER / "schemas"
GOLDEN = FOLDER / "golden"


def test_schemas_equal_their_snapshots() -> None:
    """`python -m tests.contract.update` after a deliberate, additive change."""
    current = json_schemas()
    snapshots = {path.stem: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}
    assert snapshots.keys() == current.keys()
    for name, schema in current.items():
        assert snapshots[name] == schema, f"the schema of {name} has changed"


def golden() -> list[Path]:
    return sorted(GOLDEN.glob("*.json"))


@pytest.mark.parametrize("path", golden(), ids=lambda path: path.stem)
def test_golden_messages_stay_readable(path: Path) -> None:
    topic, _, _case = path.stem.partition("@")
    message = TOPICS[topic].model.validate_json(path.read_bytes())
    encoded = TOPICS[topic].model.dump_json(message, exclude_none=True)
    assert TOPICS[topic].model.validate_json(encoded) == message


def test_every_topic_has_a_golden_message() -> None:
    covered = {path.stem.partition("@")[0] for path in golden()}
    assert covered == {name for name, spec in TOPICS.items() if spec.contract is not None}


def _reading(**change: Any) -> bytes:
    body = json.loads((GOLDEN / "sensing.readings.v1@reading.json").read_bytes())
    body.update(change)
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(_reading(value=float("nan")), id="nan"),
        pytest.param(_reading(value=float("inf")), id="infinity"),
        pytest.param(_reading().replace(b"213.5", b"1e999"), id="1e999"),
        pytest.param(_reading(value="1.5"), id="text for a number"),
        pytest.param(_reading(value=True), id="bool for a number"),
        pytest.param(_reading(occurred_at="2020-08-19T19:25:00"), id="no zone"),
        pytest.param(_reading(occurred_at=1597836300), id="number for a time"),
        pytest.param(_reading(schema_version=2), id="unknown version"),
        pytest.param(_reading(extra=1), id="unknown field"),
        pytest.param(_reading(id=""), id="empty id"),
        pytest.param(_reading(id="x" * 97), id="long id"),
        pytest.param(_reading(unit="m" * 17), id="long unit"),
        pytest.param(_reading(areas=["500118118000"] * 65), id="too many areas"),
        pytest.param(_reading(origin_unit="永川"), id="unit by name"),
        pytest.param(_reading(status="Draft"), id="status outside the set"),
        pytest.param(b"{", id="not json"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"\xff\xfe", id="not utf-8"),
    ],
)
def test_a_loose_reading_is_refused(value: bytes) -> None:
    with pytest.raises(ValidationError):
        TOPICS["sensing.readings.v1"].model.validate_json(value)


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_text_that_cannot_be_stored_is_refused(text: str) -> None:
    body = json.loads((GOLDEN / "incident.reports.v1@initial.json").read_bytes())
    body["headline"] = text
    with pytest.raises(ValidationError):
        TOPICS["incident.reports.v1"].model.validate_json(json.dumps(body))


def test_messages_are_immutable() -> None:
    reading = TOPICS["sensing.readings.v1"].model.validate_json(_reading())
    with pytest.raises(ValidationError):
        reading.value = 1.0


def _models(kind: Any) -> list[type[BaseModel]]:
    results = [kind]
    for child in kind.__subclasses__():
        results += _models(child)
    return results


@pytest.mark.parametrize("model", _models(Contract), ids=lambda model: model.__name__)
def test_a_field_that_may_be_absent_has_none_as_its_default(model: type[BaseModel]) -> None:
    """The wire form leaves None out, so a reader must not need it."""
    for name, field in model.model_fields.items():
        if type(None) in get_args(field.annotation):
            assert field.default is None, f"{model.__name__}.{name}"
