"""A batch is judged reading by reading: each has the outcome that it has alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.readings import JudgedBatch, accept_reading, judge_batch
from services.ingest.core.refusals import ProblemKind, RequestRefused
from shared.contracts.catalog import SensorEntry
from tests.support.sources import a_source

NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
SENSOR = SensorEntry(
    sensor_id="gauge-1",
    sensor_kind="river_gauge",
    name="gauge-1",
    place="500118118000",
    metric="water_level",
    unit="m",
    datum="吴淞",
    interval_s=20.0,
)
CATALOGUE = {SENSOR.sensor_id: SENSOR}
SOURCE = a_source()
GOOD = {
    "sensor_id": "gauge-1",
    "metric": "water_level",
    "value": 212.31,
    "unit": "m",
    "datum": "吴淞",
    "occurred_at": "2026-07-01T07:59:40Z",
}
FAULTS: dict[str, tuple[dict[str, Any], list[tuple[ProblemKind, str]]]] = {
    "unit": ({"unit": "cm"}, [(ProblemKind.UNIT_MISMATCH, "unit")]),
    "two at once": (
        {"unit": "cm", "datum": "黄海"},
        [(ProblemKind.UNIT_MISMATCH, "unit"), (ProblemKind.DATUM_MISMATCH, "datum")],
    ),
    "metric": ({"metric": "flow"}, [(ProblemKind.METRIC_MISMATCH, "metric")]),
    "sensor": ({"sensor_id": "ghost"}, [(ProblemKind.UNKNOWN_SENSOR, "sensor_id")]),
    "future": (
        {"occurred_at": "2026-07-01T08:02:01Z"},
        [(ProblemKind.FUTURE_TIME, "occurred_at")],
    ),
    "past": ({"occurred_at": "1970-01-01T00:00:00Z"}, [(ProblemKind.PAST_TIME, "occurred_at")]),
    "status": ({"status": "System"}, [(ProblemKind.SCHEMA, "status")]),
    "text": ({"value": "212.31"}, [(ProblemKind.SCHEMA, "value")]),
    "no zone": ({"occurred_at": "2026-07-01T07:59:40"}, [(ProblemKind.SCHEMA, "occurred_at")]),
    "unknown field": ({"colour": "red"}, [(ProblemKind.SCHEMA, "colour")]),
    "null": ({"value": None}, [(ProblemKind.SCHEMA, "value")]),
}


def a_body(*readings: object) -> bytes:
    return json.dumps({"readings": readings}, ensure_ascii=False).encode()


def judged(*readings: object) -> JudgedBatch:
    batch = judge_batch(a_body(*readings), SOURCE, CATALOGUE, NOW, NOW)
    batch.check()
    return batch


@pytest.mark.parametrize("name", FAULTS)
def test_a_bad_reading_is_refused_and_its_neighbours_are_taken(name: str) -> None:
    change, problems = FAULTS[name]
    batch = judged({**GOOD, "id": "a"}, {**GOOD, "id": "b", **change}, {**GOOD, "id": "c"})
    assert [reading.id for reading in batch.readings] == ["gauges:a", "gauges:c"]
    [refused] = batch.refused
    assert (refused.index, refused.id) == (1, "b")
    assert [(problem.kind, problem.location) for problem in refused.problems] == problems
    assert [problem.location for problem in refused.located_problems] == [
        f"readings[1].{location}" for _, location in problems
    ]
    assert batch.ids == ["a", "b", "c"]


@pytest.mark.parametrize("reading", [None, 3, "text", [], {}, {"id": 3}, {"id": "\u0000"}])
def test_what_is_no_reading_has_no_id_and_a_location(reading: object) -> None:
    batch = judged(reading, {**GOOD, "id": "b"})
    [refused] = batch.refused
    assert refused.id is None
    assert batch.ids == [None, "b"]
    assert all(
        problem.location.startswith("readings[0]") and not problem.location.endswith(".body")
        for problem in refused.located_problems
    )


def test_of_two_good_readings_with_one_id_the_first_is_taken() -> None:
    batch = judged({**GOOD, "id": "a", "value": 1.0}, {**GOOD, "id": "a", "value": 2.0})
    assert [reading.value for reading in batch.readings] == [1.0]
    assert [refused.kind for refused in batch.refused] == [ProblemKind.DUPLICATE_ID]
    assert "readings[0]" in batch.refused[0].problems[0].message


def test_a_refused_reading_leaves_its_id_to_a_good_one() -> None:
    batch = judged({**GOOD, "id": "a", "unit": "cm"}, {**GOOD, "id": "a"})
    assert [reading.id for reading in batch.readings] == ["gauges:a"]
    assert [refused.index for refused in batch.refused] == [0]


def test_a_batch_without_a_good_reading_is_refused_with_every_problem() -> None:
    with pytest.raises(RequestRefused) as caught:
        judged(
            {**GOOD, "id": "a", "unit": "cm", "datum": "黄海"}, {**GOOD, "id": "b", "value": None}
        )
    assert [problem.location for problem in caught.value.problems] == [
        *("readings[0].unit", "readings[0].datum", "readings[1].value")
    ]


@pytest.mark.parametrize(
    "body", [b"{}", b'{"readings": []}', b'{"readings": 3}', a_body(*[GOOD] * 1001), b"[]"]
)
def test_what_is_no_batch_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(RequestRefused) as caught:
        judge_batch(body, SOURCE, CATALOGUE, NOW, NOW)
    assert {problem.kind for problem in caught.value.problems} == {ProblemKind.SCHEMA}


@given(st.lists(st.sampled_from([None, *FAULTS]), min_size=1, max_size=12))
def test_each_reading_has_the_outcome_that_it_has_alone(names: list[str | None]) -> None:
    readings = [
        {**GOOD, "id": f"r-{number}", **(FAULTS[name][0] if name else {})}
        for number, name in enumerate(names)
    ]
    good = [number for number, name in enumerate(names) if name is None]
    try:
        batch = judged(*readings)
    except RequestRefused:
        assert not good
        return
    assert [reading.id for reading in batch.readings] == [f"gauges:r-{number}" for number in good]
    assert sorted([*good, *(refused.index for refused in batch.refused)]) == list(
        range(len(readings))
    )
    for refused in batch.refused:
        with pytest.raises(RequestRefused) as alone:
            body = json.dumps(readings[refused.index]).encode()
            accept_reading(body, SOURCE, CATALOGUE, NOW, NOW)
        assert alone.value.problems == refused.problems
    for number, reading in zip(good, batch.readings, strict=True):
        body = json.dumps(readings[number]).encode()
        assert accept_reading(body, SOURCE, CATALOGUE, NOW, NOW) == reading
