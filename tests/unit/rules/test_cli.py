"""The commands as people type them: exit codes, sentences, diffs, JSON, and nothing obeyed from
outside.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.commands.rules import plot
from deploy.commands.rules.cli import main
from deploy.commands.rules.plot import Judged, Series
from shared.definitions.yaml_files.screen import plain, span
from tests.unit.rules.packs import RUNGS, fields, rule, rungs, sensor, write
from tests.unit.rules.test_cases import RISE


@pytest.fixture
def folder_of_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a pack, a catalogue and readings of two days."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FENGHUO_CATALOG", raising=False)
    write(tmp_path / "deploy" / "rules", fields())
    lines = [sensor("g").model_dump_json(), "", sensor("h").model_dump_json()]
    (tmp_path / "catalog.jsonl").write_text("\n".join(lines), encoding="utf-8")
    rows = ["sensor_id,occurred_at,value"]
    for hour in range(48):
        high = 181.0 if hour in (5, 6, 30) else 179.0
        rows.append(f"g,{1_782_835_200 + hour * 3600},{high + hour * 1e-3}")
        rows.append(f"h,{1_782_835_200 + hour * 3600},{170 + hour * 1e-3}")
    rows.append("nobody,1782835200,1")
    (tmp_path / "readings.csv").write_text("\n".join(rows), encoding="utf-8")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(list(words))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def candidate(folder: Path, **change: Any) -> Path:
    write(folder / "candidate", fields(**change))
    return folder / "candidate" / "a.yaml"


def test_check(folder_of_work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "check")
    assert code == 0
    assert "1 rules, 0 cases, 0 errors, 0 warnings" in out
    write(folder_of_work / "deploy" / "rules", fields(rule_id="b", unit="ft"), name="b.yaml")
    code, out, _ = run(capsys, "check")
    assert code == 1
    assert "deploy/rules/b.yaml:7: unit: b: ft" not in out
    assert (
        "deploy/rules/b.yaml:7: unit: b: water_level is not measured in ft (allowed: m, cm)" in out
    )
    code, out, _ = run(capsys, "check", "--json", "--catalog", "catalog.jsonl")
    result = json.loads(out)
    assert (code, result["errors"]) == (1, 2)
    assert {finding["line"] for finding in result["findings"]} == {7}


def test_check_strict_and_wrong_calls(
    folder_of_work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flat = {"kind": "threshold", "rungs": rungs(("red", 5, 5))}
    folder = write(folder_of_work / "p", fields(flat))
    assert run(capsys, "check", str(folder))[0] == 0
    assert run(capsys, "check", str(folder), "--strict")[0] == 1
    code, _, err = run(capsys, "check", "--catalog", "nowhere.jsonl")
    assert (code, err) == (
        64,
        "fenghuo: the catalogue nowhere.jsonl cannot be read: No such file or directory.\n",
    )
    (folder_of_work / "bad.jsonl").write_text('{"sensor_id": "x"}\n', encoding="utf-8")
    code, _, err = run(capsys, "check", "--catalog", "bad.jsonl")
    assert code == 64
    assert "bad.jsonl:1: is no sensor: " in err
    with pytest.raises(SystemExit):
        main(["chekc"])


def test_cases(folder_of_work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder_of_work / "deploy" / "rules" / "a.test.yaml"
    file.write_text(yaml.safe_dump([RISE], allow_unicode=True), encoding="utf-8")
    code, out, _ = run(capsys, "test")
    assert (code, out) == (0, "1 cases passed, 0 failed\n")
    wrong = {**RISE, "case": "[red]Not[/red] so \x1b[31m", "want": RISE["want"][:1]}
    file.write_text(yaml.safe_dump([wrong], allow_unicode=True), encoding="utf-8")
    code, out, _ = run(capsys, "test")
    assert code == 1
    assert "FAILED deploy/rules/a.test.yaml:1: [red]Not[/red] so ?[31m" in out
    assert "    +    5h00m  flood-x  g  upgraded orange" in out
    assert "    =    2h00m  flood-x  g  raised yellow" in out
    code, out, _ = run(capsys, "test", "--json")
    assert json.loads(out)["cases"][0]["diff"][1].startswith("+")
    assert run(capsys, "test", "--case", "nothing like it")[0] == 0


def test_cases_are_refused_like_rules(
    folder_of_work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder_of_work / "deploy" / "rules" / "a.test.yaml"
    file.write_text("- case: x\n  rules: [flood-y]\n  want_none: true\n", encoding="utf-8")
    code, out, _ = run(capsys, "test")
    assert code == 1
    assert (
        "a.test.yaml:2: rules[0]: there is no rule flood-y in the pack, did you mean flood-x?"
        in out
    )
    assert run(capsys, "check")[0] == 1


def backtested(capsys: pytest.CaptureFixture[str], file: Path, *more: str) -> dict[str, Any]:
    words = ("backtest", str(file), "--readings", "readings.csv", "--catalog", "catalog.jsonl")
    code, out, _ = run(capsys, *words, *more, "--json")
    assert code == 0
    results: dict[str, Any] = json.loads(out)
    assert results["published"] == results["paged"] == 0
    return results


def test_backtest_finds_added_removed_and_moved(
    folder_of_work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unchanged = backtested(capsys, candidate(folder_of_work))
    assert unchanged["total"] == {"same": 2, "moved": 0, "added": 0, "removed": 0}
    assert (unchanged["readings"], unchanged["unknown_sensors"]) == (96, 1)
    steps = {"kind": "threshold", "rungs": RUNGS, "count": 2}
    moved = backtested(capsys, candidate(folder_of_work, body=steps))
    assert moved["total"] == {"same": 0, "moved": 1, "added": 0, "removed": 1}
    assert moved["by_day"] == {
        "2026-07-01": {"moved": 1},
        "2026-07-02": {"removed": 1},
    }
    assert moved["changes"][0]["moved_by"].startswith("begins +1h00m")
    low = {"kind": "threshold", "rungs": rungs(("yellow", 170, 169))}
    code, out, _ = run(
        capsys,
        *("backtest", str(candidate(folder_of_work, body=low)), "--readings", "readings.csv"),
        *("--catalog", "catalog.jsonl"),
    )
    assert code == 0
    assert out.startswith("1 alarms added, 1 removed, 1 moved, 0 the same\n")
    assert "nothing was published, nobody was paged" in out
    assert "+ added   flood-x  h  yellow 2026-07-01 00:00:00 .. open" in out


def test_backtest_of_a_shadow_and_of_a_new_rule(
    folder_of_work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shadow = backtested(capsys, candidate(folder_of_work, rule_id="better", shadow_of="flood-x"))
    assert shadow["total"]["same"] == 2
    assert set(shadow["by_rule"]) == {"flood-x"}
    fresh = backtested(capsys, candidate(folder_of_work, rule_id="fresh", enabled=False))
    assert fresh["total"]["added"] == 2
    assert [note.split(" is ", 1)[1] for note in fresh["notes"]] == [
        "switched off in the candidate and taken as if it were on",
        "new: there is nothing it replaces",
    ]


def test_backtest_omits_readings_that_range_rules_take_for_faults(
    folder_of_work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        folder_of_work / "deploy" / "rules",
        fields({"kind": "range", "low": 0, "high": 190}, rule_id="r"),
        name="r.yaml",
    )
    with (folder_of_work / "readings.csv").open("a", encoding="utf-8") as file:
        file.write(f"\ng,{1_782_835_200 + 48 * 3600},9999")
    assert backtested(capsys, candidate(folder_of_work))["total"] == {
        "same": 2,
        "moved": 0,
        "added": 0,
        "removed": 0,
    }


def test_backtest_refuses_the_packs_that_check_refuses(
    folder_of_work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("backtest", str(candidate(folder_of_work, unit="cm")), "--readings", "readings.csv")
    code, out, _ = run(capsys, *words, "--catalog", "catalog.jsonl")
    assert code == 1
    assert "unit of the rule is cm" in out
    code, _, err = run(capsys, *words)
    assert code == 64
    assert "need the catalogue" in err


def test_a_plot_is_written(folder_of_work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for out in ("a.svg", "a.png"):
        words = ("plot", "g", "--rule", "flood-x", "--readings", "readings.csv")
        code, output, _ = run(capsys, *words, "--catalog", "catalog.jsonl", "--out", out)
        assert code == 0
        assert f"{out}: 48 points, 2 alarms, 0 refused" in output
    svg = (folder_of_work / "a.svg").read_text(encoding="utf-8")
    assert svg.startswith("<?xml")
    assert all(colour in svg for colour in (plot.COLOURS["yellow"], plot.COLOURS["orange"]))
    assert (folder_of_work / "a.png").read_bytes().startswith(b"\x89PNG")
    for change, says in (
        (("x", "--rule", "flood-x"), "x is not catalogued"),
        (
            ("g", "--rule", "flod-x"),
            "no usable rule flod-x, did you mean flood-x? g is judged by flood-x.",
        ),
        (("g", "--rule", "flood-x", "--out", "a.txt"), "must end in .png or .svg"),
    ):
        code, _, err = run(
            capsys, "plot", *change, "--readings", "readings.csv", "--catalog", "catalog.jsonl"
        )
        assert code == 64
        assert says in err


def test_a_plot_without_letters_for_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plot, "_CJK", ())
    assert plot._letters("g 朱沱 $x_1$\x1b") == (["DejaVu Sans"], "g  $x_1$?")


def test_the_plot_draws_the_values_that_a_rule_compares() -> None:
    window = {"kind": "window", "aggregate": "sum", "window_s": 120, "rungs": rungs(("red", 5, 4))}
    summed = Judged(rule(window))
    assert [summed.next(at, 1.0) for at in (0, 60, 120, 180)] == [1, 2, 2, 2]
    rate = Judged(rule({"kind": "rate", "per_s": 60, "gap_s": 100, "rungs": rungs(("red", 5, 4))}))
    assert [rate.next(at, value) for at, value in ((0, 0.0), (60, 2.0), (300, 9.0))] == [
        None,
        2,
        None,
    ]


def test_a_long_series_keeps_its_peaks() -> None:
    series = Series()
    for number in range(100_000):
        series.add(float(number), 99.0 if number == 70_001 else number % 7)
    assert len(series.at) <= 2 * plot.MOST_POINTS
    assert max(series.value) == 99.0
    assert series.at == sorted(series.at)


def test_without_a_stack_the_sentence_says_what_to_do(
    folder_of_work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "explain", "alm-1")
    assert code == 69
    assert "start one with `make up`" in err
    (folder_of_work / "e.json").write_text("[]", encoding="utf-8")
    assert run(capsys, "explain", "alm-1", "--endpoints", "e.json")[0] == 64


def test_text_from_outside_is_shown_and_not_obeyed() -> None:
    assert plain("a\x1b[2J\u202eb\x00\x9b") == "a?[2J?b??"
    assert [span(seconds) for seconds in (-20, 75, 3900, 90_000)] == [
        "-20s",
        "+1m15s",
        "+1h05m",
        "+1d01h",
    ]
