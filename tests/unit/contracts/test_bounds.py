"""Bounds of every contract: values that Postgres or a time zone cannot hold are refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.contracts.dead_letter import DeadLetter
from shared.contracts.documents import json_schemas
from shared.contracts.fields import END_OF_INSTANTS, FIRST_INSTANT, Day, Instant, WallTime
from shared.contracts.topics import DEAD_LETTER, TOPICS

GOLDEN = Path(__file__).parents[2] / "contract" / "golden"
LETTER = {
    "id": "dlq-1",
    "reason": "schema",
    "detail": "why",
    "service": "alerting",
    "topic": "alarm.events.v1",
    "partition": 0,
    "offset": 7,
    "key_b64": "aw==",
    "value_b64": "e30=",
    "headers": [["name", "value"]],
    "refused_at": "2026-06-18T06:00:00Z",
}
BODIES: list[Any] = [
    *(
        pytest.param(TOPICS[path.stem.partition("@")[0]].model, path.read_bytes(), id=path.stem)
        for path in sorted(GOLDEN.glob("*.json"))
    ),
    pytest.param(DEAD_LETTER, json.dumps(LETTER).encode(), id="dead letter"),
]
FOREIGN_TIMES = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1999-12-31T23:59:59.999999Z",
    "2000-01-01T13:59:59+14:00",
    "2200-01-01T00:00:00Z",
    "2199-12-31T12:00:00-12:00",
    "9999-12-31T23:59:59-12:00",
]


def leaves(value: Any, *path: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every scalar of a body with the way to it."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from leaves(part, *path, name)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from leaves(part, *path, index)
    else:
        yield path, value


def changed(body: bytes, path: tuple[Any, ...], value: Any) -> bytes:
    document = json.loads(body)
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return json.dumps(document).encode()


def is_time(value: Any) -> bool:
    if not isinstance(value, str) or "T" not in value:
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def refuses(model: TypeAdapter[Any], raw: bytes) -> bool:
    try:
        model.validate_json(raw)
    except ValidationError:
        return True
    return False


@pytest.mark.parametrize(("model", "body"), BODIES)
def test_no_message_holds_a_time_of_another_era(model: TypeAdapter[Any], body: bytes) -> None:
    for path, value in leaves(json.loads(body)):
        if is_time(value):
            for text in FOREIGN_TIMES:
                assert refuses(model, changed(body, path, text)), (path, text)


@pytest.mark.parametrize(("model", "body"), BODIES)
def test_no_message_holds_a_number_that_is_longer_than_a_column(
    model: TypeAdapter[Any], body: bytes
) -> None:
    for path, value in leaves(json.loads(body)):
        if isinstance(value, int) and not isinstance(value, bool):
            for number in (2**63, -(2**63) - 1, 10**30):
                # A float takes it, and a column of floats does.
                raw = changed(body, path, number)
                assert refuses(model, raw) or not refuses(model, changed(body, path, 0.5)), path


@pytest.mark.parametrize(("model", "body"), BODIES)
def test_no_message_holds_a_text_that_postgres_refuses(
    model: TypeAdapter[Any], body: bytes
) -> None:
    for path, value in leaves(json.loads(body)):
        if isinstance(value, str):
            for text in (f"{value[:5]}\x00", "\ud800"):
                assert refuses(model, changed(body, path, text)), path


def test_every_whole_number_of_every_contract_has_both_bounds() -> None:
    """Also where no golden message has the field."""
    loose = []
    for name, schema in {**json_schemas(), "dead letter": DeadLetter.model_json_schema()}.items():
        for where, part in _parts(schema, name):
            if part.get("type") == "integer" and not {"const", "enum"} & part.keys():
                low = {"minimum", "exclusiveMinimum"} & part.keys()
                high = {"maximum", "exclusiveMaximum"} & part.keys()
                if not low or not high or part.get("maximum", 0) >= 2**63:
                    loose.append(where)
    assert not loose


def _parts(schema: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        yield where, schema
        for name, part in schema.items():
            yield from _parts(part, f"{where}.{name}")
    elif isinstance(schema, list):
        for part in schema:
            yield from _parts(part, where)


ZONES = [timezone(timedelta(hours=hours)) for hours in (-24 + 1 / 60, -12, 0, 14, 24 - 1 / 60)]


@pytest.mark.parametrize("moment", [FIRST_INSTANT, END_OF_INSTANTS - timedelta(microseconds=1)])
@pytest.mark.parametrize("zone", ZONES)
def test_the_outermost_moments_stay_moments_in_every_zone(moment: datetime, zone: timezone) -> None:
    model: TypeAdapter[datetime] = TypeAdapter(Instant)
    zoned = moment.astimezone(zone)
    assert model.validate_json(json.dumps(zoned.isoformat())) == moment
    assert model.validate_python(zoned).astimezone(ZONES[0]) == moment
    assert moment - timedelta(days=366) < moment < moment + timedelta(days=366)


def test_days_and_times_of_day_have_their_bounds_too() -> None:
    day: TypeAdapter[Any] = TypeAdapter(Day)
    for text in ("0001-01-01", "1999-12-31", "2200-01-01", "9999-12-31"):
        assert refuses(day, f'"{text}"'.encode()), text
    assert day.validate_json(b'"2000-01-01"')
    assert day.validate_json(b'"2199-12-31"')
    wall: TypeAdapter[Any] = TypeAdapter(WallTime)
    assert refuses(wall, b'"08:00:00+23:59"')
    assert wall.validate_json(b'"08:00:00"')
