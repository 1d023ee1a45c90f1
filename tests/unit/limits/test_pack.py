"""The shipped documents of limits, and all errors of a file at once, each at its line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from shared.contracts.fields import LEVEL_ORDER, Level, Tier
from shared.definitions.limits.pack import LimitsPack, load
from shared.definitions.yaml_files.findings import Severity
from shared.definitions.yaml_files.items import PackError
from shared.domain.selection.tree import UnitTree

SHIPPED = Path(__file__).parents[3] / "deploy" / "limits"
NOW = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copytree(SHIPPED, tmp_path / "limits")


def read(folder: Path, old: str, new: str, file: str = "base.yaml") -> LimitsPack:
    """The documents with one change."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return load([folder], NOW)


def test_the_shipped_documents_have_no_finding() -> None:
    pack = load([SHIPPED], NOW).usable()
    assert pack.findings == ()
    names = {document.limits_id for document in pack.documents}
    assert names == {"assignments-standard", "assignments-demo", "reports-standard"}


def test_every_shipped_value_says_where_it_comes_from() -> None:
    marks = ("sourced: ", "derived: ", "proposal: ")
    for document in load([SHIPPED], NOW).documents:
        sources = list(sources_of(document.model_dump(exclude_none=True)))
        assert len(sources) > 6
        assert [source for source in sources if not source.startswith(marks)] == []


def sources_of(value: Any) -> Iterator[str]:
    """Yield every source of a document, at every depth."""
    for name, part in value.items() if isinstance(value, dict) else enumerate(value):
        if name == "source":
            yield part
        elif isinstance(part, dict | list | tuple):
            yield from sources_of(part)


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "allowed"),
    [
        (
            "within_s: 300,",
            "within_s: 300, weekday: 1,",
            16,
            "assignments.sign[0].weekday: there is no such field",
            "within_s",
        ),
        ("within_s: 300,", "within_s: 0,", 16, "0 cannot be used here", "at least 1"),
        (
            "within_s: 300, source:",
            "within_s: 300, origin:",
            16,
            "assignments.sign[0].source: is missing",
            "text",
        ),
        ("[grid, microgrid], within_s: 900", "[grid], within_s: 900", 14, "red of microgrid", ""),
        (
            "{levels: [red], tiers: [grid, microgrid], within_s: 900",
            "{levels: [red], within_s: 900",
            14,
            "sign: red of city has two times",
            "",
        ),
        (
            "within_s: 2100,",
            "within_s: 240,",
            25,
            "4 minutes to finish, 5 minutes to sign",
            "at least 300",
        ),
        (
            'in_force_from: "2026-01-01T00:00:00+08:00"',
            'in_force_from: "2026-01-01"',
            12,
            "in_force_from",
            "",
        ),
        (
            "written_s: 1800, follow_up_s: 1800",
            "written_s: 600, follow_up_s: 1800",
            56,
            "10 minutes in writing, 15 minutes by phone",
            "at least 900",
        ),
        ("- {levels: [orange], phone_s", "- {levels: [red], phone_s", 54, "red has two times", ""),
        ("tiers: [district], phone_s", "tiers: [town], phone_s", 54, "town has two times", ""),
        ("  version: 1\n", "  version: 1\n  id: x\n", 10, "is set by whoever loads the pack", ""),
    ],
)
def test_an_error_names_its_line_and_what_is_allowed(
    folder: Path, old: str, new: str, line: int, message: str, allowed: str
) -> None:
    pack = read(folder, old, new)
    lines = [str(finding) for finding in pack.errors]
    assert any(
        f"base.yaml:{line}: " in text and message in text and allowed in text for text in lines
    ), lines
    with pytest.raises(PackError):
        pack.usable()


def test_a_graver_level_with_more_time_is_a_warning(folder: Path) -> None:
    pack = read(folder, "within_s: 300,", "within_s: 700,")
    assert not pack.errors
    tiers = ("city", "district", "town", "village")
    assert {finding.severity for finding in pack.findings} == {Severity.WARNING}
    assert [str(finding).split(": ", 4)[-1] for finding in pack.findings] == [
        f"red of {tier} has 11 minutes 40 seconds, the milder orange only 10 minutes "
        "(allowed: at most 600)"
        for tier in tiers
    ]


def test_a_graver_level_with_a_later_report_is_a_warning(folder: Path) -> None:
    pack = read(folder, "written_s: 1800, follow_up_s: 1800", "written_s: 1800, follow_up_s: 9000")
    [finding] = pack.findings
    assert finding.severity is Severity.WARNING
    assert finding.field == "reports.levels[0].follow_up_s"


def test_two_documents_of_one_unit_and_moment_contradict_each_other(folder: Path) -> None:
    pack = read(folder, "2026-01-02T", "2026-01-01T", "demo.yaml")
    assert [finding.field for finding in pack.errors] == ["in_force_from"]


def test_one_signature_is_not_enough(folder: Path) -> None:
    signature = (
        '  signed_by: [{officer_id: o-1, name: 甲, unit: "500118000000", post: A, '
        'signed_at: "2026-06-01T08:00:00+08:00"}]\n'
    )
    pack = read(folder, "  source: ", signature + "  source: ")
    assert ["two people sign" in str(finding) for finding in pack.errors] == [True]


def test_a_unit_that_nobody_has_catalogued_is_named(folder: Path) -> None:
    path = folder / "demo.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("  version: 1\n", '  version: 1\n  unit: "500999000000"\n'))
    assert not load([folder], NOW).errors
    [finding] = load([folder], NOW, UnitTree()).errors
    assert "500999000000" in finding.message


def test_shipped_times_of_graver_levels_are_shorter() -> None:
    for document in load([SHIPPED], NOW).documents:
        if document.assignments is None:
            continue
        times = {
            (level, tier): row.within_s
            for row in document.assignments.sign
            for level in row.levels
            for tier in row.tiers or tuple(Tier)
        }
        for tier in Tier:
            ordered = [times[level, tier] for level in sorted(Level, key=LEVEL_ORDER.__getitem__)]
            assert ordered == sorted(ordered, reverse=True)
