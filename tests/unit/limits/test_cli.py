"""`fenghuo limits`: everything that is wrong at once, and what holds for a unit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy.commands.limits.cli import FAILED, main
from deploy.commands.limits.report import duration
from deploy.local.limits import BASE, DEMO
from shared.contracts.fields import Tier
from shared.domain.wording import TIERS
from shared.runtime.errors import EXIT_UNAVAILABLE, EXIT_USAGE

TOWN = "500118118000"


@pytest.fixture
def district(tmp_path: Path) -> Path:
    """A document of a district."""
    text = BASE.read_text(encoding="utf-8").split("# Limits of upward reports")[0]
    text = text.replace("assignments-standard", "assignments-district")
    text = text.replace("  version: 1\n", '  version: 3\n  unit: "500118000000"\n')
    text = text.replace("within_s: 300,", "within_s: 240,")
    path = tmp_path / "district.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("locale", "words"),
    [("en_US.UTF-8", "2 documents, 0 errors, 0 warnings"), ("zh_CN.UTF-8", "2 份文件，0 个错误")],
)
def test_the_shipped_document_is_right(
    locale: str, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    assert main(["check", "--strict"]) == 0
    assert words in capsys.readouterr().out


def test_all_errors_come_with_their_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.yaml"
    text = BASE.read_text(encoding="utf-8").replace("within_s: 300,", "within_s: soon,")
    path.write_text(text.replace("pause_s: 120", "pause: 120"), encoding="utf-8")
    assert main(["check", str(path), "--json"]) == FAILED
    findings = json.loads(capsys.readouterr().out)["findings"]
    fields = {(finding["line"], finding["field"]) for finding in findings}
    assert {(16, "assignments.sign[0].within_s"), (34, "assignments.pauses[0].pause")} <= fields


def test_show_names_document_signatures_and_sources(
    district: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    packs = ["--packs", str(BASE), str(district)]
    assert main(["show", TOWN, *packs]) == 0
    output = capsys.readouterr().out
    for words in (
        "assignments-district version 3",
        "for 500118000000",
        "signed by nobody",
        "4 min",
        "45 min",
        "at most 15 days with consent",
        "reports-standard version 1",
        "a county's rule of 2018",
    ):
        assert words in output
    assert main(["show", *packs, "--mode", "emergency"]) == 0
    output = capsys.readouterr().out
    assert "assignments-standard version 1" in output
    assert "150 s" in output


def test_show_goes_by_the_moment(capsys: pytest.CaptureFixture[str]) -> None:
    packs = ["--packs", str(BASE), str(DEMO), "--json"]
    names = []
    for moment in ("2026-01-01T12:00:00+08:00", "2026-01-02T00:00:00+08:00"):
        assert main(["show", TOWN, "--at", moment, *packs]) == 0
        names.append(json.loads(capsys.readouterr().out)["assignments"]["limits_id"])
    assert names == ["assignments-standard", "assignments-demo"]
    assert main(["show", "--at", "2025-12-31T12:00:00+08:00", *packs]) == FAILED
    assert json.loads(capsys.readouterr().out) == {"assignments": None, "reports": None}


def test_a_wrong_call_gets_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "nowhere\x1b[2J", "--packs", str(BASE)]) == EXIT_USAGE
    missing = ["--endpoints", str(tmp_path / "none.json")]
    assert main(["show", *missing]) == EXIT_UNAVAILABLE
    assert main(["publish", str(BASE), *missing]) == EXIT_UNAVAILABLE
    assert main(["show", "--packs", str(tmp_path / "none.yaml")]) == FAILED
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("moment", ["soon", "2026-01-01T12:00:00"])
def test_a_moment_has_a_zone(moment: str) -> None:
    with pytest.raises(SystemExit):
        main(["show", "--at", moment])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "-"), (90, "90 s"), (300, "5 min"), (7200, "2 h"), (1_296_000, "15 d"), (0.5, "0.5 s")],
)
def test_a_duration_has_its_largest_whole_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_every_tier_has_its_name() -> None:
    assert set(TIERS) == set(Tier)
