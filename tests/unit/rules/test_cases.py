"""Cases: how they are read, in which order readings arrive, and what a failing one says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from deploy.commands.rules.trial import Result, run_case
from shared.definitions.rules.cases import Case, load_cases, pushes
from shared.definitions.rules.times import START, clock, moment, seconds
from shared.definitions.yaml_files.findings import Finding
from tests.unit.rules.packs import composite, fields, read, write

SENSOR = {
    "sensor_id": "g",
    "kind": "river_gauge",
    "metric": "water_level",
    "unit": "m",
    "datum": "吴淞",
    "interval_s": 3600,
}
RISE: dict[str, Any] = {
    "case": "A flood rises",
    "sensors": [SENSOR],
    "rules": ["flood-x"],
    "push": [{"at": "0m", "sensor": "g", "value": [179, 185], "every": "1h", "until": "6h"}],
    "want": [
        {"rule": "flood-x", "transition": "raised", "level": "yellow", "between": ["2h", "2h"]},
        {"rule": "flood-x", "transition": "upgraded", "sensor": "g", "between": ["5h", "5h1m"]},
    ],
}
ALARM = {"at": "10m", "rule": "flood-x", "level": "yellow", "site": "bridge"}


def loaded(folder: Path, *cases: dict[str, Any], **more: Any) -> tuple[list[Any], list[Finding]]:
    write(folder, fields(), composite({"op": "rule", "rule": "flood-x"}))
    apart = json.loads(json.dumps(cases))  # what is shared would become an anchor
    text = yaml.safe_dump(apart, allow_unicode=True, sort_keys=False)
    (folder / "a.test.yaml").write_text(text, encoding="utf-8")
    pack = read(folder)
    rules = {definition.rule_id: definition for definition in pack.definitions}
    return load_cases([folder], rules, pack.ids, more.get("sensors"))


def played(folder: Path, **change: Any) -> Result:
    cases, findings = loaded(folder, {**RISE, **change})
    assert findings == []
    rules = {definition.rule_id: definition for definition in read(folder).definitions}
    return run_case(cases[0], rules, {})


def test_a_case_that_holds(tmp_path: Path) -> None:
    result = played(tmp_path)
    assert result.passed, result
    assert [line.sign for line in result.diff] == ["=", "="]


@pytest.mark.parametrize(
    ("change", "signs", "says"),
    [
        ({"want": RISE["want"][:1]}, "=+", "upgraded orange"),
        ({"want": [*RISE["want"], {**RISE["want"][0], "transition": "cleared"}]}, "=-=", "cleared"),
        (
            {"want": [{**RISE["want"][0], "between": ["0m", "1h"]}, RISE["want"][1]]},
            "-+=", "another time",
        ),
        ({"want": [{**RISE["want"][0], "level": "blue"}, RISE["want"][1]]}, "-+=", "raised blue"),
        ({"want": [*RISE["want"], RISE["want"][0]]}, "=-=", "raised yellow"),
        ({"want": [], "want_none": True}, "++", "raised yellow"),
    ],
)  # fmt: skip
def test_a_failing_case_shows_unexpected_and_absent_alarms(
    tmp_path: Path, change: dict[str, Any], signs: str, says: str
) -> None:
    result = played(tmp_path, **change)
    assert not result.passed
    assert "".join(line.sign for line in result.diff) == signs
    assert says in "\n".join(line.text for line in result.diff)


def test_a_composite_reads_the_alarms_under_test_and_those_given(tmp_path: Path) -> None:
    sensors = [{**SENSOR, "site": "bridge"}]
    raised = {"rule": "both", "place": "bridge", "transition": "raised", "level": "red"}
    result = played(
        tmp_path,
        sensors=sensors,
        rules=["flood-x", "both"],
        want=[*RISE["want"], {**raised, "between": ["2h", "2h"]}],
    )
    assert result.passed, result
    alarm = {**ALARM, "until": "1h"}
    cleared = {"rule": "both", "place": "bridge", "transition": "cleared"}
    result = played(
        tmp_path,
        sensors=[],
        push=[],
        rules=["both"],
        alarms=[alarm],
        tick_until="2h",
        want=[{**raised, "between": ["10m", "10m"]}, {**cleared, "between": ["1h", "1h"]}],
    )
    assert result.passed, result
    elsewhere = played(
        tmp_path,
        sensors=[],
        push=[],
        rules=["both"],
        alarms=[alarm],
        want=[{**raised, "place": "ferry", "between": ["10m", "10m"]}],
    )
    assert [line.sign for line in elsewhere.diff] == ["-", "+", "+"]


def test_a_refused_reading_must_be_wanted(tmp_path: Path) -> None:
    late = {"at": "0m", "sensor": "g", "value": 170}
    push = [*RISE["push"], late]
    result = played(tmp_path, push=push)
    assert result.wrong == ("the reading of g at 0m was refused as too_late, wanted taken",)
    assert played(tmp_path, push=push, refused="too_late").passed
    assert played(tmp_path, push=[*RISE["push"], {**late, "refused": "too_late"}]).passed
    assert "no reading was refused" in played(tmp_path, refused="too_late").wrong[0]


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"rules": ["flod-x"]}, "rules[0]", "did you mean flood-x?"),
        ({"alarms": [ALARM]}, "alarms", "no rule under test reads them"),
        (
            {"rules": ["both"], "alarms": [{**ALARM, "rule": "flod-x"}]},
            "alarms[0].rule", "did you mean flood-x?",
        ),
        (
            {"rules": ["both", "flood-x"], "alarms": [ALARM]},
            "alarms[0].rule", "its alarms follow from its readings",
        ),
        (
            {"rules": ["both"], "alarms": [{**ALARM, "until": "5s"}]},
            "alarms[0].until", "lies before 10m",
        ),
        (
            {"rules": ["both"], "reports": [{"at": "now", "reporter": "a", "role": "hotline"}]},
            "reports[0].at", "'now' is no time",
        ),
        (
            {"rules": ["both"], "reports": [{"at": "1m", "reporter": "a", "role": "citizen"}]},
            "reports[0].role", "citizen",
        ),
        ({"want_none": True}, "item", "wants something"),
        ({"want": []}, "item", "wants something"),
        ({"sensors": []}, "push[0].sensor", "there is no sensor g; no catalogue"),
        ({"push": [{"at": "soon", "sensor": "g", "value": 1}]}, "push[0].at", "'soon' is no time"),
        (
            {"push": [{"at": "1h", "sensor": "g", "value": 1, "every": "1m", "until": "0m"}]},
            "push[0].until", "before 1h",
        ),
        (
            {"push": [{"at": "1h", "sensor": "g", "value": 1, "every": "0s", "until": "2h"}]},
            "push[0].every", "longer than nothing",
        ),
        (
            {"push": [{"at": "1h", "sensor": "g", "value": 1, "every": "1s", "until": "90d"}]},
            "push", "too many",
        ),
        (
            {"push": [{"at": "1h", "sensor": "g", "value": 1, "every": "1s"}]},
            "push[0]", "go together",
        ),
        ({"push": [{"at": "1h", "sensor": "g", "val": 1}]}, "push[0].val", "did you mean value?"),
        ({"want": [{**RISE["want"][0], "rule": "x"}]}, "want[0].rule", "not under test"),
        (
            {"want": [{**RISE["want"][0], "sensor": "h"}]},
            "want[0].sensor", "nothing is pushed by h",
        ),
        (
            {"want": [{**RISE["want"][0], "between": ["2h", "1h"]}]},
            "want[0].between", "ends before",
        ),
        ({"tick_until": "2026-07-01"}, "tick_until", "no time"),
        ({"refused": "sometimes"}, "refused", '"sometimes"'),
    ],
)  # fmt: skip
def test_each_defect_of_a_case_is_reported(
    tmp_path: Path, change: dict[str, Any], field: str, says: str
) -> None:
    cases, findings = loaded(tmp_path, {**RISE, **change})
    assert not cases
    assert any(finding.field == field and says in finding.message for finding in findings), [
        str(finding) for finding in findings
    ]


def test_readings_arrive_in_the_order_written_and_late_when_older() -> None:
    case = Case.model_validate_json(
        """{"case": "x", "rules": ["r"], "want_none": true, "push": [
        {"at": "0m", "sensor": "a", "value": 1, "every": "10m", "until": "20m"},
        {"at": "5m", "sensor": "a", "value": 2},
        {"at": "5m", "sensor": "b", "value": 3}]}"""
    )
    order = [(push.sensor, clock(push.at), clock(push.arrives)) for push in pushes(case)]
    assert order == [
        ("a", "0m", "0m"),
        ("b", "5m", "5m"),
        ("a", "10m", "10m"),
        ("a", "20m", "20m"),
        ("a", "5m", "20m"),
    ]


@pytest.mark.parametrize(
    ("value", "spread"),
    [
        ("3", [3, 3, 3, 3, 3]),
        ("[0, 4]", [0, 1, 2, 3, 4]),
        ("[0, 2, 0]", [0, 1, 2, 1, 0]),
        ("[1, 2, 3, 4, 5]", [1, 2, 3, 4, 5]),
    ],
)
def test_a_list_of_values_is_spread_evenly(value: str, spread: list[float]) -> None:
    push = f'{{"at": "0m", "sensor": "a", "value": {value}, "every": "1m", "until": "4m"}}'
    text = f'{{"case": "x", "rules": ["r"], "want_none": true, "push": [{push}]}}'
    assert [push.value for push in pushes(Case.model_validate_json(text))] == spread


def test_times() -> None:
    assert seconds("1d2h3m4.5s") == 93_784.5
    assert moment("90s") == START.timestamp() + 90
    assert moment("2026-07-01T01:00:00+08:00") == moment("1h")
    assert [clock(moment(text)) for text in ("0m", "65m", "90s")] == ["0m", "1h05m", "1m30s"]
    for wrong in ("", "m", "1h1d", "-5m", "5", "2026-07-01T00:00:00", "9999999d", "１h"):
        with pytest.raises(ValueError, match="is no"):
            moment(wrong)


@given(st.text(max_size=30))
def test_no_text_crashes_a_time(text: str) -> None:
    try:
        result = moment(text)
    except ValueError:
        return
    assert 0 <= result <= 4e9
