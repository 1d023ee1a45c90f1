"""The operator's settings of calls: the shipped files, and all errors of a file at once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import pytest

from services.notify.core.escalation.call_rules import CallRules
from services.notify.core.escalation.profiles import PROFILES
from shared.contracts.fields import Level, Post, ResponseMode
from shared.contracts.pages import Channel
from shared.definitions.call_plans.pack import PLANS_FILE, TESTS_FILE, CallPack, load
from shared.definitions.yaml_files.findings import Severity
from shared.definitions.yaml_files.items import PackError

SHIPPED = Path(__file__).parents[3] / "deploy" / "calls"
NOW = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copytree(SHIPPED, tmp_path / "calls")


def read(folder: Path, old: str, new: str, file: str = PLANS_FILE) -> CallPack:
    """The settings with one change."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return load(folder, NOW)


def test_the_shipped_plans_equal_the_built_in_values() -> None:
    pack = load(SHIPPED, NOW).usable()
    assert pack.findings == ()
    set_by_file = CallRules(PROFILES["standard"], pack.calls)
    built_in = CallRules(PROFILES["standard"])
    for level in Level:
        for mode in ResponseMode:
            call_rule, other_call_rule = set_by_file.rule(level, mode), built_in.rule(level, mode)
            assert (call_rule.timing, call_rule.rounds) == (
                other_call_rule.timing,
                other_call_rule.rounds,
            )
            for channel in Channel:
                assert call_rule.after_s.get(channel, 0) == other_call_rule.after_s.get(
                    channel, 0
                ), (
                    level,
                    channel,
                )


def test_every_post_is_tested_by_one_shipped_plan() -> None:
    tests = load(SHIPPED, NOW).usable().tests
    assert sorted(post for plan in tests for post in plan.posts) == sorted(Post)


def test_all_errors_of_both_files_are_reported_at_once_with_line_and_allowed_values(
    folder: Path,
) -> None:
    read(folder, "first_s: 60", "first_s: soon")
    read(folder, "channels: [sms]", "channels: [sms, fax]")
    read(folder, "levels: [yellow]", "levels: [yellow]\n  colour: 1")
    pack = read(folder, "every_days: 30", "every_days: 0", TESTS_FILE)
    with pytest.raises(PackError) as refused:
        pack.usable()
    errors = str(refused.value).splitlines()
    assert len(errors) == 4
    lines = (folder / PLANS_FILE).read_text(encoding="utf-8").splitlines()
    for needle, name, allowed in (
        ("first_s: soon", "first_s", "a number"),
        ("[sms, fax]", "channels[1]", "sms"),
        ("colour: 1", "colour", "levels"),
    ):
        number = next(n for n, line in enumerate(lines, 1) if needle in line)
        (results,) = [name for name in errors if f"{PLANS_FILE}:{number}:" in name]
        assert name in results
        assert allowed in results.partition("allowed:")[2]
    assert any(f"{TESTS_FILE}:" in name and "at least 1" in name for name in errors)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("levels: [orange]", "levels: [orange, red]", "red is red's already"),
        ("levels: [orange]", "levels: [orange, orange]", "orange is named twice"),
        (
            "- {after_s: 30, channels: [sms]}",
            "- {after_s: 30, channels: [email]}",
            "email is named",
        ),
        ("- {after_s: 30, ", "- {after_s: 10, ", "each step comes later"),
    ],
)
def test_a_contradiction_is_refused(folder: Path, old: str, new: str, error: str) -> None:
    errors = read(folder, old, new).errors
    assert len(errors) == 1
    assert error in str(errors[0])


def test_plans_for_different_modes_do_not_contradict_each_other(folder: Path) -> None:
    read(folder, "levels: [orange]", "levels: [red]\n  modes: [emergency]")
    pack = load(folder, NOW)
    assert pack.errors == []
    (warning,) = pack.findings
    assert (warning.severity, "orange" in warning.message) == (Severity.WARNING, True)


def test_a_channel_that_would_come_too_late_is_a_warning(folder: Path) -> None:
    pack = read(folder, "- {after_s: 25, ", "- {after_s: 45, ")
    (warning,) = pack.findings
    assert warning.severity is Severity.WARNING
    assert "after 30 s" in warning.message


@pytest.mark.parametrize("file", [PLANS_FILE, TESTS_FILE])
def test_a_missing_file_is_an_error(folder: Path, file: str) -> None:
    (folder / file).unlink()
    (error,) = load(folder, NOW).errors
    assert file in str(error)
