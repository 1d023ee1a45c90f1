"""`make plans ARGS="calls"`: the settings of calls checked and told in words."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree

import pytest

from deploy.commands.plans.calls import DEFAULT_FOLDER, ending
from deploy.commands.plans.cli import FAILED, main
from deploy.example.catalog import write
from deploy.example.departments import departments, groups
from deploy.example.units import all_units
from shared.contracts.fields import Post
from shared.contracts.pages import Quorum


def test_the_shipped_plans_are_described_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calls", "--strict"]) == 0
    output = capsys.readouterr().out
    for words in ("短信 text message", "300 s", "duty-weekly", "09:00 to 17:00", "6 call plans"):
        assert words in output


@pytest.mark.parametrize(
    ("quorum", "zh", "en"),
    [
        ("any", "有 1 人能到岗即结束", "when one officer is coming"),
        (1, "有 1 人能到岗即结束", "when one officer is coming"),
        (
            "all",
            "在岗人员全部能到岗才结束",
            "when all officers on duty of the first unit are coming",
        ),
        (2, "有 2 人能到岗才结束", "when 2 officers are coming"),
        (
            (Post.B, Post.COMMANDER),
            "B岗、指挥长各有 1 人能到岗才结束",
            "when one officer of each of these posts is coming: post B, commander",
        ),
    ],
)
def test_the_quorum_is_said_in_both_languages(quorum: Quorum, zh: str, en: str) -> None:
    words = ending(quorum)
    assert words.zh.endswith(zh)
    assert words.en.endswith(en)


@pytest.mark.parametrize(
    ("lang", "mode", "words"),
    [
        ("zh_CN.UTF-8", "normal", "叫应 yellow：有 2 人能到岗才结束"),
        ("en_GB.UTF-8", "normal", "calls yellow: they end when 2 officers are coming"),
        ("en_GB.UTF-8", "emergency", "calls yellow-emergency: they end when one officer is coming"),
    ],
)
def test_explain_says_who_has_to_be_coming(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    lang: str,
    mode: str,
    words: str,
) -> None:
    folder = copytree(DEFAULT_FOLDER, tmp_path / "calls")
    file = folder / "plans.yaml"
    text = file.read_text(encoding="utf-8")
    begin = text.index("- call_id: yellow\n")
    entry = text[begin : text.index("- call_id:", begin + 1)]
    strict = entry.replace("[yellow]", "[yellow]\n  modes: [emergency]")
    strict = strict.replace("call_id: yellow", "call_id: yellow-emergency")
    several = entry.replace("[yellow]", "[yellow]\n  quorum: 2")
    file.write_text(text.replace(entry, several + strict), encoding="utf-8")
    units = tmp_path / "units.jsonl"
    write(units, (*all_units(), *departments(), *groups()))
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", lang)
    question = ["explain", "12:burst_main", "yellow", "500118118200", "--mode", mode]
    arguments = [*question, "--units", str(units), "--calls", str(folder)]
    assert main(arguments) == 0
    assert words in capsys.readouterr().out.splitlines()
    assert main([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    expected = {"normal": ("yellow", 2), "emergency": ("yellow-emergency", "any")}
    assert (document["call_plan"], document["quorum"]) == expected[mode]


def test_all_errors_are_reported_and_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copytree(DEFAULT_FOLDER, tmp_path / "calls")
    file = folder / "plans.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("rounds: 3", "rounds: 0").replace("[sms]", "[sms, fax]"), encoding="utf-8"
    )
    assert main(["calls", str(folder), "--json"]) == FAILED
    result = json.loads(capsys.readouterr().out)
    assert result["errors"] == 1 + text.count("[sms]")
    assert all("plans.yaml:" in finding for finding in result["findings"])
