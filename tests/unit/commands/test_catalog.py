"""`fenghuo catalog`: the dry run of an import, and exports, over files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy.commands.catalog import cli, files, ledgers
from shared.contracts.catalog import Entry, UnitEntry
from shared.contracts.fields import Language, Tier
from shared.domain.catalog_files.tables import FileFormat
from shared.domain.catalog_files.writing import write_table
from shared.runtime.errors import EXIT_UNAVAILABLE, EXIT_USAGE
from tests.support.sources import a_source_entry

DISTRICT, TOWN, VILLAGE = "500118000000", "500118118000", "500118118201"
UNITS = (
    UnitEntry(unit=DISTRICT, tier=Tier.DISTRICT, name="永川区"),
    UnitEntry(unit=TOWN, tier=Tier.TOWN, name="朱沱镇", parent=DISTRICT),
    UnitEntry(unit=VILLAGE, tier=Tier.VILLAGE, name="四明村", parent=TOWN),
)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    file = tmp_path / "ledger.json"
    file.write_bytes(write_table(UNITS, FileFormat.JSON, Language.ZH))
    return file


def written(folder: Path, text: str, name: str = "new.csv") -> str:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_a_good_file_is_shown_as_what_would_change(
    ledger: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    file = written(
        tmp_path, f"统计用区划代码,名称\n{DISTRICT},永川区\n{TOWN},朱沱古镇\n500118107000,松溉镇\n"
    )
    assert cli.main(["check", file, "--against", str(ledger)]) == 0
    out = capsys.readouterr().out
    assert "+ unit:500118107000  松溉镇" in out
    assert f"~ unit:{TOWN}  名称 朱沱镇 → 朱沱古镇" in out
    assert "将新增 1 条，变更 1 条，停用 0 条；1 条不变。" in out


def test_every_error_is_shown_and_nothing_would_change(
    ledger: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = f"unit_id,name,tier\n{TOWN},,town\n{VILLAGE},四明村,country\n500118999201,新村,village\n"
    file = written(tmp_path, text)
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert cli.main(["check", file, "--against", str(ledger)]) == files.FAILED
    out = capsys.readouterr().out
    for place in ("row 2, name:", "row 3, tier: “country”", "row 4, 上级: “500118999000”"):
        assert place in out
    assert "3 rows: 3 errors, 0 warnings" in out
    assert "nothing would change" in out


def test_the_plan_is_one_json_document(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, f"unit_id,name\n{DISTRICT},永川\n{TOWN},朱沱镇\n")
    call = ["check", file, "--against", str(ledger), "--complete", "unit", "--json"]
    assert cli.main(call) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["changed"] == [
        {"key": f"unit:{DISTRICT}", "fields": {"name": ["永川区", "永川"]}}
    ]
    assert document["retired"] == [f"unit:{VILLAGE}"]
    assert (document["unchanged"], document["errors"]) == (1, [])


def test_warnings_fail_a_strict_check_alone(tmp_path: Path) -> None:
    heads = "kind,id,name,sensor_kind,place,metric,unit_of_measure,interval_s"
    text = f"{heads}\nunit,{DISTRICT},永川区,,,,,\nsensor,p-1,站,pollen,{DISTRICT},pollen,1,60\n"
    file = written(tmp_path, text)
    assert cli.main(["check", file]) == 0
    assert cli.main(["check", file, "--strict"]) == files.FAILED


def test_long_lists_are_cut_unless_all_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"{DISTRICT},永川区", *(f"500118{100 + number}000,镇" for number in range(70))]
    file = written(tmp_path, "\n".join(["unit_id,name", *lines]))
    cli.main(["check", file])
    assert capsys.readouterr().out.count("+ unit:") == 50
    cli.main(["check", file, "--all"])
    assert capsys.readouterr().out.count("+ unit:") == 71


@pytest.mark.parametrize("ending", ["csv", "xlsx", "json"])
def test_an_export_of_a_file_is_the_ledger_again(
    ending: str, ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / f"out.{ending}"
    assert cli.main(["export", "--from", str(ledger), "--out", str(out)]) == 0
    capsys.readouterr()
    assert cli.main(["check", str(out), "--against", str(ledger), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["unchanged"] == len(UNITS)


def test_an_export_has_the_kinds_that_are_named(ledger: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    call = ["export", "--from", str(ledger), "--out", str(out), "--kind", "sensor", "group"]
    assert cli.main(call) == 0
    assert json.loads(out.read_text(encoding="utf-8")) == []


def test_an_export_overwrites_no_file(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.csv"
    out.write_text("mine", encoding="utf-8")
    assert cli.main(["export", "--from", str(ledger), "--out", str(out)]) == EXIT_USAGE
    assert out.read_text(encoding="utf-8") == "mine"
    assert "out.csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (["check", "missing.csv"], "missing.csv"),
        (["export", "--from", "missing.csv", "--out", "out.csv"], "missing.csv"),
        (["export", "--from", "missing.csv", "--out", "out.pdf"], "out.pdf"),
    ],
)
def test_a_wrong_call_is_a_sentence(
    call: list[str],
    word: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(call) == EXIT_USAGE
    error = capsys.readouterr().err
    assert word in error
    assert "Traceback" not in error
    assert not (tmp_path / "out.csv").exists()


def test_a_ledger_with_errors_is_no_ledger(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = written(tmp_path, "unit_id,name\nx,y\n", "wrong.csv")
    assert cli.main(["check", str(ledger), "--against", wrong]) == EXIT_USAGE
    assert "wrong.csv" in capsys.readouterr().err


def test_without_a_stack_an_export_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["export", "--out", "out.csv"]) == EXIT_UNAVAILABLE
    assert "no stack runs here" in capsys.readouterr().err


def test_the_catalogue_of_a_stack_is_checked_against_and_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sources in it are passed over: their keys are no matter of a file."""
    entries: dict[str, Entry] = {f"unit:{entry.unit}": entry for entry in UNITS}
    entries["source:gauges"] = a_source_entry()
    monkeypatch.setattr(ledgers, "read_entries", lambda _bootstrap: dict(entries))
    out = tmp_path / "out.xlsx"
    assert cli.main(["export", "--kafka", "127.0.0.1:9", "--out", str(out)]) == 0
    capsys.readouterr()
    assert cli.main(["check", str(out), "--kafka", "127.0.0.1:9", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["unchanged"], document["rows"]) == (3, 3)
