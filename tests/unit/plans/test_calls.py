"""`make plans ARGS="calls"`: the settings of calls checked and told in words."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree

import pytest

from deploy.commands.plans.calls import DEFAULT_FOLDER, enough
from deploy.commands.plans.cli import FAILED, main
from shared.contracts.fields import Post
from shared.contracts.pages import Quorum


def test_the_shipped_plans_are_described_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calls", "--strict"]) == 0
    output = capsys.readouterr().out
    for words in ("短信 text message", "300 s", "duty-weekly", "09:00 to 17:00", "6 call plans"):
        assert words in output


@pytest.mark.parametrize(
    ("quorum", "words"),
    [
        ("any", "one officer is"),
        (1, "one officer is"),
        ("all", "all officers of the unit who are on duty are"),
        (2, "2 officers are"),
        ((Post.B, Post.COMMANDER), "one officer of each of these posts is: B, commander;"),
    ],
)
def test_the_quorum_is_said_in_words(quorum: Quorum, words: str) -> None:
    assert enough(quorum) == words


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
