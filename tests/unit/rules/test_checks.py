"""Defects of a single rule: ladders, limits that are out of reach, waits without effect, datums."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Position
from shared.definitions.rules.checks import findings_of, fits, problems_of
from shared.definitions.rules.pace import most_readings
from shared.definitions.yaml_files.findings import Severity
from tests.unit.rules.packs import rule, rungs, sensor

RAIN: dict[str, Any] = {
    "sensor_kind": "rain_gauge",
    "metric": "rainfall",
    "unit": "mm",
    "datum": ...,
}
ERROR, WARNING = Severity.ERROR, Severity.WARNING


def window(aggregate: str = "sum", window_s: float = 10_800, **change: Any) -> dict[str, Any]:
    return {
        "kind": "window",
        "aggregate": aggregate,
        "window_s": window_s,
        "rungs": rungs(("orange", 50, 40)),
        **change,
    }


def ladder(*steps: tuple[str, float, float], **change: Any) -> dict[str, Any]:
    return {"kind": "threshold", "rungs": rungs(*steps), **change}


@pytest.mark.parametrize(
    ("body", "change", "interval_s", "severity", "field", "says"),
    [
        (ladder(("red", 5, 6)), {}, 60, ERROR, "clear_at", "safe side"),
        (ladder(("red", 5, 4), direction="below"), {}, 60, ERROR, "clear_at", "safe side"),
        (ladder(("red", 5, 5)), {}, 60, WARNING, "clear_at", "flaps"),
        (ladder(("orange", 5, 4), ("yellow", 6, 5.5)), {}, 60, ERROR, "level", "must rise"),
        (ladder(("yellow", 5, 4), ("orange", 5, 4.5)), {}, 60, ERROR, "raise_at", "graver"),
        (ladder(("yellow", 5, 4), ("orange", 8, 3)), {}, 60, ERROR, "clear_at", "later than"),
        (ladder(("yellow", 5, 4), ("orange", 6, 4.5)), {}, 60, WARNING, "clear_at", "overlap"),
        (window(rungs=rungs(("red", 5, 6))), RAIN, 60, ERROR, "clear_at", "safe side"),
        (window(rungs=rungs(("red", -1, -2))), RAIN, 60, ERROR, "raise_at", "always holds"),
        (window(rungs=rungs(("red", 5, 0))), RAIN, 60, WARNING, "clear_at", "never given up"),
        (window(min_count=4), RAIN, 3600, ERROR, "min_count", "never holds 4 readings"),
        (window("delta"), RAIN, 10_800, ERROR, "window_s", "never holds 2 readings"),
        (window(), RAIN, 28_800, WARNING, "window_s", "a single reading decides"),
        (window("count"), RAIN, 3600, ERROR, "raise_at", "at most 3 readings"),
        (
            {"kind": "rate", "rungs": rungs(("red", 1, 0.5)), "gap_s": 60},
            {}, 3600, ERROR, "gap_s", "gap_s",
        ),
        (
            ladder(("red", 5, 4), clear_for_s=60),
            {}, 3600, WARNING, "clear_for_s", "the next reading decides",
        ),
        ({"kind": "absence", "ceiling_s": 60}, {}, 3600, ERROR, "ceiling_s", "between any two"),
        ({"kind": "stuck", "for_s": 3600}, {}, 3600, ERROR, "for_s", "two intervals"),
        ({"kind": "range", "low": 2, "high": 1}, {}, 60, ERROR, "low", "is not below"),
        (
            {"kind": "baseline", "rungs": rungs(("red", 1.2, 0.9))},
            {}, 60, ERROR, "raise_at", "never reached",
        ),
        (ladder(("red", 5, 4), for_s=30), {}, 60, WARNING, "for_s", "one reading decides"),
        (ladder(("red", 5, 4), for_s=30, count=3), {}, 60, WARNING, "for_s", "has no effect"),
        (
            ladder(("red", 120, 100)),
            {"metric": "humidity", "unit": "%", "datum": ...}, 60, ERROR, "raise_at", "at most 100",
        ),
        (
            ladder(("red", -1, 0), direction="below"),
            {"metric": "visibility", "datum": ...}, 60, ERROR, "raise_at", "at least 0",
        ),
        (None, {"mark": "common_knowledge"}, 60, WARNING, "mark", "common knowledge"),
        (None, {"sensor_ids": ["g", "g"]}, 60, ERROR, 1, "named twice"),
    ],
)  # fmt: skip
def test_each_defect_is_named_with_its_field(
    body: Any, change: dict[str, Any], interval_s: float, severity: Severity, field: Any, says: str
) -> None:
    rule_definition = rule(body, **change)
    entry = sensor(
        sensor_kind=rule_definition.sensor_kind,
        metric=rule_definition.metric,
        unit=rule_definition.unit,
        datum=rule_definition.datum,
        interval_s=float(interval_s),
    )
    result = findings_of(rule_definition, {"g": entry}, [entry])
    matching = [problem for problem in result if says in problem.text]
    assert [(problem.severity, problem.path[-1]) for problem in matching] == [(severity, field)], (
        result
    )
    assert len([problem for problem in result if problem.severity is ERROR]) == (severity is ERROR)


def test_some_slow_sensors_are_a_warning_and_only_slow_sensors_an_error() -> None:
    rule_definition = rule({"kind": "stuck", "for_s": 3600})
    slow, quick = sensor("slow"), sensor("quick", interval_s=60.0)
    (problem,) = findings_of(rule_definition, {}, [slow, quick])
    assert (problem.severity, problem.allowed) == (WARNING, "at least 7200")
    assert "1 of 2 sensors, such as slow" in problem.text


def test_a_datum_is_needed_unless_it_is_declared_unknown() -> None:
    bare, declared = rule(datum=...), rule(datum=None)
    unknown = sensor(datum=None)
    assert [finding.severity for finding in findings_of(bare, None, [])] == [WARNING]
    assert findings_of(bare, {}, [unknown]) == []
    assert findings_of(declared, None, []) == []
    assert findings_of(rule(datum=..., sensor_kind="water_level"), None, []) == []
    reasons = {finding.reason for finding in findings_of(bare, {}, [sensor()])}
    assert reasons == {Reason.DATUM_MISMATCH}


def test_the_engine_refuses_only_defects_that_make_a_rule_unusable() -> None:
    slow = rule({"kind": "stuck", "for_s": 3600})
    assert findings_of(slow, {}, [sensor()])
    assert problems_of(slow, {}, [sensor()]) == []
    assert problems_of(rule(metric="flow", unit="furlong", datum=...), {}, []) == []
    (unit,) = problems_of(rule(unit="cm"), {}, [sensor()])
    assert (unit.reason, unit.allowed) == (Reason.UNIT_MISMATCH, "m")


def test_an_absence_rule_needs_neither_unit_nor_datum() -> None:
    silent = rule({"kind": "absence"}, unit="cm", datum=...)
    assert fits(silent, sensor())
    assert problems_of(silent, {}, [sensor()]) == []
    assert not fits(rule(datum="黄海"), sensor())


@pytest.mark.parametrize(
    ("window_s", "interval_s", "count"), [(600, 60, 10), (600, 601, 1), (61, 60, 2)]
)
def test_readings_in_a_window(window_s: float, interval_s: float, count: int) -> None:
    assert most_readings(window_s, interval_s) == count


SQUARE = {
    "kind": "polygon",
    "corners": [
        {"lat": 29.0, "lon": 105.8},
        {"lat": 29.0, "lon": 105.9},
        {"lat": 29.1, "lon": 105.9},
    ],
}


@pytest.mark.parametrize(
    ("positions", "says"),
    [
        ([None], "none of the 1 sensors of the rule lies in its geofences"),
        ([(29.05, 105.88), None], "without a position, hence outside: s1"),
        ([(29.05, 105.88), (30.0, 105.88)], None),
    ],
)
def test_geofences_and_the_positions_of_the_catalogue(
    positions: list[tuple[float, float] | None], says: str | None
) -> None:
    fenced = rule(geofences=[SQUARE])
    of_kind = [
        sensor(f"s{number}", position=None if at is None else Position(lat=at[0], lon=at[1]))
        for number, at in enumerate(positions)
    ]
    problems = findings_of(fenced, {entry.sensor_id: entry for entry in of_kind}, of_kind)
    of_place = [problem for problem in problems if problem.path == ("geofences",)]
    assert [problem.text for problem in of_place] == ([] if says is None else [says])
    assert all(problem.severity is WARNING for problem in of_place)
    assert fits(fenced, of_kind[0]) is (positions[0] is not None)
