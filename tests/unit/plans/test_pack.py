"""Packs of plans: everything that is wrong at once, with file and line; the shipped pack has
nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deploy.commands.plans.cli import main
from deploy.commands.plans.units import load_units, read_file
from deploy.example import plans as shipped
from deploy.example.catalog import write
from deploy.example.departments import departments as all_departments
from deploy.example.departments import groups
from deploy.example.units import all_units
from shared.contracts.fields import Level, ResponseMode
from shared.definitions.response_plans.book import PlanBook
from shared.definitions.response_plans.pack import load
from shared.definitions.yaml_files.findings import Finding, Severity
from shared.definitions.yaml_files.items import PackError
from shared.runtime.errors import SetupError
from tests.unit.plans.builders import NOW, Json, departments, fields, line, part, written
from tests.unit.selection.trees import CITY, TOWN, a_tree

TREE = a_tree()


def findings(folder: Path, *plans: Json, tree: Any = TREE) -> list[Finding]:
    (folder / "plans.yaml").write_text(written(*plans), encoding="utf-8")
    return list(load([folder], NOW, tree).findings)


def other_plan(**change: Any) -> Json:
    return fields("other", events=["*"], levels=["blue", "yellow", "orange", "red"], **change)


@pytest.mark.parametrize(
    ("plan", "field", "says"),
    [
        (fields(levels=["purple"]), "levels[0]", '"purple"'),
        (fields(events=["11a"]), "events[0]", '"11a"'),
        (fields(events=["flood*"]), "events[0]", "cannot be used"),
        (fields(levles=["red"]), "levles", "did you mean levels?"),
        (fields(origin_unit=CITY), "origin_unit", "set by whoever loads"),
        (fields("flood", line(role="boss")), "orders[0].role", '"boss"'),
        (fields("flood", line(role="assist")), "item", "no line of the plan leads"),
        (fields("flood", line(), line()), "orders[1].key", "a line lead stands before"),
        (fields("flood", line(title_zh="长" * 71)), "orders[0].title_zh", "cannot be used"),
        (fields("flood", line(title_zh="a\u0000b")), "orders[0].title_zh", "NUL"),
        (
            fields("flood", line(sign_within_s=60, finish_within_s=30)),
            "orders[0].finish_within_s",
            "before signing",
        ),
        (
            fields(
                "flood",
                line(sign_within_s=60, variations=[{"tiers": ["town"], "finish_within_s": 30}]),
            ),
            "orders[0].variations[0].finish_within_s",
            "before signing",
        ),
        (
            fields("flood", line(variations=[{"title_zh": "x"}])),
            "orders[0].variations[0]", "names tiers or departments",
        ),
        (fields("flood", line(axis="horizontal")), "orders[0].axis", "down the tiers"),
        (
            fields("flood", line("x", {"kind": "subtree", "of": "@moon", "tiers": ["town"]})),
            "orders[0].who.include[0].of", "cannot be used",
        ),
        (
            fields("flood", line("x", {"kind": "posts"})),
            "orders[0].who.include[0].kind", "'posts' is unknown",
        ),
        (
            fields("flood", line("x", departments("watr"))),
            "orders[0].who.include[0].departments[0]",
            "did you mean water?",
        ),
        (
            fields("flood", line("x", {"kind": "group", "group": "floods"})),
            "orders[0].who.include[0].group", "did you mean flood?",
        ),
        (
            fields("flood", line("x", {"kind": "role", "of": "@town", "roles": ["riverine"]})),
            "orders[0].who.include[0].roles[0]", "no role riverine",
        ),
        (
            fields("flood", line("x", part("500199000000", "town"))),
            "orders[0].who.include[0].of", "no unit",
        ),
        (
            fields(
                "flood",
                line(
                    who={
                        "include": [part(TOWN, "town")],
                        "exclude": [{"kind": "units", "units": ["500199000000"]}],
                    }
                ),
            ),
            "orders[0].who.exclude[0].units[0]",
            "no unit",
        ),
    ],
)  # fmt: skip
def test_each_defect_of_a_plan_is_reported(
    tmp_path: Path, plan: Json, field: str, says: str
) -> None:
    result = findings(tmp_path, other_plan(), plan)
    assert any(finding.field == field and says in finding.message for finding in result), [
        str(finding) for finding in result
    ]
    assert all((finding.line, finding.item) == (3, "flood") for finding in result)
    assert all(finding.file.endswith("plans.yaml") for finding in result)


def test_all_errors_are_reported_at_once(tmp_path: Path) -> None:
    result = findings(
        tmp_path, other_plan(), fields("a", levels=["purple"]), fields("b", line(), line())
    )
    assert {(finding.line, finding.item) for finding in result} == {(3, "a"), (4, "b")}


def test_two_plans_for_the_same_event_level_and_mode_are_refused(tmp_path: Path) -> None:
    first, second = fields("a"), fields("b")
    (finding,) = findings(tmp_path, other_plan(), first, second)
    assert (finding.line, finding.field, finding.item) == (4, "events[0]", "b")
    assert "a's already" in finding.message
    for change in ({"levels": ["blue"]}, {"enabled": False}, {"events": ["11A*"]}):
        assert findings(tmp_path, other_plan(), first, {**second, **change}) == []
    apart = {**first, "modes": ["normal"]}, {**second, "modes": ["emergency"]}
    assert findings(tmp_path, other_plan(), *apart) == []


def test_a_level_at_which_unnamed_events_get_no_command_is_a_warning(tmp_path: Path) -> None:
    (finding,) = findings(tmp_path, {**other_plan(), "levels": ["blue", "orange", "red"]})
    assert finding.severity is Severity.WARNING
    assert "no command at yellow" in finding.message


def test_without_a_catalogue_names_are_not_checked(tmp_path: Path) -> None:
    plan = fields("flood", line("x", {"kind": "group", "group": "gone"}))
    assert findings(tmp_path, other_plan(), plan, tree=None) == []


def test_the_same_plan_twice_and_an_empty_folder(tmp_path: Path) -> None:
    (finding,) = findings(tmp_path, other_plan(), fields("a"), fields("a"))
    assert "stands already in" in finding.message
    empty = tmp_path / "empty"
    empty.mkdir()
    (finding_of_empty,) = load([empty], NOW).findings
    assert "holds no plans" in finding_of_empty.message
    with pytest.raises(PackError):
        load([empty], NOW).usable()


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stack's units as a file."""
    file = tmp_path_factory.mktemp("units") / "units.jsonl"
    write(file, (*all_units(), *all_departments(), *groups()))
    return file


def test_the_shipped_plans_have_no_finding_against_the_stack_s_catalogue(units: Path) -> None:
    pack = load([shipped.FOLDER], NOW, read_file(units))
    assert [str(finding) for finding in pack.findings] == []
    assert [definition.plan_id for definition in shipped.definitions(NOW)] == [
        plan.name for plan in pack.plans
    ]
    for plan in pack.definitions:
        assert "示例" in plan.name_zh
        assert "example" in plan.name_en
        assert plan.source
    book = PlanBook(pack.definitions)
    for level in set(Level) - {Level.NOTICE}:
        for mode in ResponseMode:
            for event in ("11A01", "12:gas_leak", "12:burst_main", "11G01", "11D01", "14:crowd"):
                assert book.choose(event, level, mode) is not None
    # Four departments are called when a main bursts; from 500 mm on, more.
    small = book.choose("12:burst_main", Level.YELLOW, ResponseMode.NORMAL)
    assert small is not None
    assert small.orders[0].finish_within_s == 3 * 3600


def test_check_and_explain_on_the_command_line(
    units: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--units", str(units), "--strict"]) == 0
    assert "0 errors, 0 warnings" in capsys.readouterr().out
    (tmp_path / "bad.yaml").write_text(written(other_plan(), fields(levels=["purple"])))
    assert main(["check", str(tmp_path), "--json"]) == 1
    finding, *_ = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["line"], finding["plan"], finding["field"]) == (3, "flood", "levels[0]")
    arguments = ["explain", "12:burst_main", "yellow", "500118118200", "--units", str(units)]
    assert main(arguments) == 0
    output = capsys.readouterr().out
    assert "500118000000/water" in output
    assert "repair  lead horizontal" in output
    assert main([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["by_department"] == {"emergency": 1, "housing": 1, "transport": 1, "water": 1}
    assert document["recipients"] == sum(len(order["units"]) for order in document["orders"]) == 6
    assert (document["plan"], document["root"]) == ("burst-main", "500118000000")
    assert main(["explain", "11A01", "notice", "500118118000", "--units", str(units)]) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "11A01", "red", "朱沱"],
        ["explain", "flood", "red", "500118118000"],
        ["explain", "11A01", "red", "500118118000", "--area", "x"],
    ],
)
def test_a_wrong_question_is_answered_with_a_sentence(
    units: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--units", str(units)]) == 64
    assert capsys.readouterr().err.startswith("fenghuo: ")


def test_explain_needs_units(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FENGHUO_UNITS", raising=False)
    assert load_units(None) is None
    assert main(["explain", "11A01", "red", "500118118000"]) == 64
    assert "FENGHUO_UNITS" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["{", '{"kind": "unit"}', "[1]", "x" * 70_000])
def test_a_file_that_holds_no_units_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "units.jsonl"
    file.write_text("\n" + text)
    with pytest.raises(SetupError, match=r"units.jsonl:2: "):
        read_file(file)
    with pytest.raises(SetupError, match="cannot be read"):
        read_file(tmp_path / "gone")
