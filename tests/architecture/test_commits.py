"""Commit subjects say the area and one thing: `area: what changed`, at most 72 characters."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.architecture.test_layout import ROOT

SINCE = "d7dd44cedcdcfec4297e03cb57366cbf8d4c0466"
"""The last commit before the rule held."""
LONGEST = 72
_SUBJECT = re.compile(r"[a-z0-9_/ .-]+: \S.*")


def subjects() -> list[str] | None:
    """Return the subjects since the rule holds; None in a checkout without that history."""
    command = ["git", "log", "--no-merges", "--format=%s", f"{SINCE}..HEAD"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return result.stdout.splitlines() if result.returncode == 0 else None


def offences(lines: list[str]) -> list[str]:
    """Return the subjects that break the rule."""
    return [line for line in lines if len(line) > LONGEST or not _SUBJECT.fullmatch(line)]


def test_commit_subjects_since_the_rule_keep_to_the_rule() -> None:
    lines = subjects()
    if lines is None:
        pytest.skip("a checkout without the history since the rule holds: nothing to judge")
    assert not offences(lines)


@pytest.mark.parametrize(
    "subject", ["Types of two tests", "alerting:", "alerting: " + "x" * 70, "Alerting: a change"]
)
def test_a_subject_without_area_or_too_long_is_an_offence(subject: str) -> None:
    assert offences([subject]) == [subject]
