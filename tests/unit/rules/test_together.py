"""Rules against each other: names, circles, shadows, ranges, trees that never hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.definitions.yaml_files.findings import Severity
from tests.unit.rules.packs import composite, corroboration, fields, read, rungs, sensor, write

A: dict[str, Any] = {"op": "rule", "rule": "a"}
B: dict[str, Any] = {"op": "rule", "rule": "b"}
TWO = (fields(rule_id="a"), fields(rule_id="b"))
CIRCLE = {"kind": "circle", "centre": {"lat": 29.0, "lon": 105.8}, "radius_m": 500}
BARE = {"sensor_kind": ..., "metric": ..., "unit": ..., "datum": ...}


def not_(part: dict[str, Any]) -> dict[str, Any]:
    return {"op": "not", "of": part}


def op(name: str, *parts: dict[str, Any], **change: Any) -> dict[str, Any]:
    return {"op": name, "of": list(parts), **change}


def ladder(*levels: tuple[str, dict[str, Any]], **change: Any) -> dict[str, Any]:
    """Return a composite with a tree per level."""
    rungs = [{"level": level, "when": when} for level, when in levels]
    body = {"kind": "composite", "scope": "site", "rungs": rungs, **change}
    return fields(body, rule_id="both", **BARE)


@pytest.mark.parametrize(
    ("rules", "field", "says"),
    [
        ([*TWO, composite(op("all", A, not_(A)))], "body.when", "exclude each other"),
        ([*TWO, composite(op("any", A, A))], "body.when.of[1]", "stands here twice"),
        (
            [*TWO, composite(op("all", A, {**B, "rule": "bb"}))],
            "body.when.of[1].rule", "did you mean b?",
        ),
        (
            [*TWO, composite(op("all", A, {**B, "level": "red"}))],
            "body.when.of[1].level", "reaches orange at most",
        ),
        (
            [*TWO, composite(op("any", A, op("all", B, not_(B))))],
            "body.when.of[1]", "exclude each other",
        ),
        (
            [*TWO, composite(op("any", A, {**A, "level": "orange"}))],
            "body.when.of[1]", "makes no difference",
        ),
        ([*TWO, composite(op("all", A, op("any", B, not_(B))))], "body.when.of[1]", "always holds"),
        (
            [fields(rule_id="a", enabled=False), TWO[1], composite(op("all", A, B))],
            "body.when.of[0].rule", "switched off",
        ),
        (
            [*TWO, ladder(("yellow", op("all", A, B)), ("red", op("any", A, B)))],
            "body.rungs[0].when", "yellow is never reached: a higher level holds",
        ),
        (
            [*TWO, ladder(("yellow", A), ("red", {**B, "level": "red"}))],
            "body.rungs[1].when.level", "reaches orange at most",
        ),
        (
            [
                *TWO,
                composite(A, "inner"),
                {**composite(op("all", A, {**A, "rule": "inner"})), "geofences": [CIRCLE]},
            ],
            "body.when.of[1].rule", "have no position",
        ),
        (
            [
                fields({"kind": "range", "low": 1, "high": 900}, rule_id="a"),
                TWO[1],
                composite(op("all", A, B)),
            ],
            "body.when.of[0].rule", "never alarms",
        ),
        (
            [TWO[0], fields(rule_id="b", shadow_of="a"), composite(op("all", A, B))],
            "body.when.of[1].rule", "is a shadow",
        ),
        (
            [composite(B, "a"), composite(A, "b")],
            "body.when", "feed each other in a circle: a > b > a",
        ),
        (
            [fields(rule_id="a", inhibited_by=["b"]), fields(rule_id="b", inhibited_by=["a"])],
            "inhibited_by[0]", "circle: a > b > a",
        ),
        ([fields(rule_id="a", inhibited_by=["a"])], "inhibited_by[0]", "not inhibit itself"),
        ([fields(rule_id="a", inhibited_by=["x"])], "inhibited_by[0]", "there is no rule x"),
        ([*TWO, fields(rule_id="c", inhibited_by=["a", "a"])], "inhibited_by[1]", "named twice"),
        ([fields(rule_id="a", shadow_of="x")], "shadow_of", "there is no rule x"),
        ([fields(rule_id="a", shadow_of="a")], "shadow_of", "no shadow of itself"),
        (
            [TWO[0], fields(rule_id="b", shadow_of="a"), fields(rule_id="c", shadow_of="b")],
            "shadow_of", "is a shadow itself",
        ),
        (
            [TWO[0], fields({"kind": "absence"}, rule_id="b", shadow_of="a")],
            "body.kind", "is not that of a",
        ),
        (
            [TWO[0], fields(rule_id="b", shadow_of="a", metric="manhole_level", datum=...)],
            "metric", "is not that of a",
        ),
        (
            [TWO[0], fields({"kind": "range", "low": 0, "high": 182}, rule_id="r")],
            "body.rungs[1].raise_at", "r takes values beyond 182 for faults",
        ),
        ([fields(rule_id="a", role="condition")], "role", "no composite rule looks"),
        ([corroboration(kinds=3)], "body.kinds", "3 kinds of sources are needed, 2 are named"),
        (
            [corroboration(sources=[{"source": "hotline", "trust": 1}] * 2, kinds=1)],
            "body.sources[1]", "named twice",
        ),
        (
            [
                corroboration(
                    sources=[{"source": "hotline", "sensor_kind": "x", "trust": 1}], kinds=1
                )
            ],
            "body.sources[0].sensor_kind", "no sensor kind",
        ),
    ],
)  # fmt: skip
def test_each_defect_between_rules_is_reported(
    tmp_path: Path, rules: list[dict[str, Any]], field: str, says: str
) -> None:
    findings = read(write(tmp_path, *rules)).findings
    assert any(finding.field == field and says in finding.message for finding in findings), [
        str(finding) for finding in findings
    ]


@pytest.mark.parametrize(
    "when",
    [
        A,
        op("all", A, B),
        op("all", A, not_(B)),
        op("any", A, {**B, "level": "orange"}),
        op("at_least", A, B, not_({**B, "level": "orange"}), k=2),
    ],
)
def test_a_tree_that_says_something_is_left_alone(tmp_path: Path, when: dict[str, Any]) -> None:
    assert read(write(tmp_path, *TWO, composite(when))).findings == ()


def test_sources_of_sensors_alone_are_counted_in_the_catalogue(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        corroboration(
            sources=[{"source": "sensor", "sensor_kind": "river_gauge", "trust": 0.4}], kinds=1
        ),
    )  # fmt: skip
    two = [sensor("g"), sensor("h"), sensor("far", place="500118109000")]
    (problem,) = read(folder, *two).errors
    assert (problem.field, problem.allowed) == ("body.need", "at most 0.8")
    assert read(folder, *two, sensor("i")).errors == []
    assert read(folder).errors == []


def test_a_range_rule_of_another_sensor_contradicts_no_rule(tmp_path: Path) -> None:
    low = {"kind": "range", "low": 0, "high": 1}
    folder = write(
        tmp_path,
        fields(rule_id="a", sensor_ids=["g"]),
        fields(low, rule_id="r", sensor_ids=["h"]),
        fields({"kind": "threshold", "rungs": rungs(("red", 0.9, 0.5))}, rule_id="z"),
    )
    assert read(folder).errors == []


def test_a_shadow_of_a_disabled_rule_is_a_warning(tmp_path: Path) -> None:
    folder = write(tmp_path, fields(rule_id="a", enabled=False), fields(rule_id="b", shadow_of="a"))
    (finding,) = read(folder).findings
    assert finding.severity is Severity.WARNING
