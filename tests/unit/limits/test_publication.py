"""Documents that may be published, and those that the set-up fills in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.commands.limits.publication import new_documents
from deploy.local.limits import BASE, missing_documents
from shared.contracts.limits import LimitsDocument
from shared.definitions.limits.pack import LimitsPack, load
from shared.definitions.limits.publication import left_without, obstacles, unsigned
from shared.definitions.yaml_files.findings import Finding
from shared.domain.limits.book import limits_key
from tests.support.limits import a_document, shipped

NOW = datetime(2026, 12, 1, tzinfo=UTC)
SIGNED = (
    "  signed_by:\n"
    '    - {officer_id: o-1, name: 甲, unit: "500118000000", post: A, '
    'signed_at: "2026-11-30T08:00:00+08:00"}\n'
    '    - {officer_id: o-2, name: 乙, unit: "500118000000", post: commander, '
    'signed_at: "2026-11-30T09:00:00+08:00"}\n'
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A document of a district: signed by two people, in force tomorrow."""
    text = BASE.read_text(encoding="utf-8")
    text = text.split("# Limits of upward reports")[0]
    text = text.replace("assignments-standard", "assignments-yongchuan")
    text = text.replace("2026-01-01T", "2026-12-02T")
    text = text.replace("  version: 1\n", '  version: 1\n  unit: "500118000000"\n' + SIGNED)
    path = tmp_path / "yongchuan.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def pack_of(path: Path, old: str = "", new: str = "") -> LimitsPack:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return load([path], NOW).usable()


def published(*documents: LimitsDocument) -> dict[str, LimitsDocument]:
    return {limits_key(document): document for document in documents}


def lines_of(findings: Sequence[Finding]) -> list[str]:
    return [f"{finding.field}: {finding.message}" for finding in findings]


def test_a_signed_document_of_tomorrow_is_new_once(file: Path) -> None:
    pack = pack_of(file)
    existing = published(shipped("assignments-standard"))
    documents, findings = new_documents(pack, existing, NOW)
    assert findings == []
    assert [limits_key(document) for document in documents] == ["assignments-yongchuan:1"]
    repeated = published(*existing.values(), *documents)
    later = NOW + timedelta(days=7)
    assert new_documents(load([file], later), repeated, later) == ([], [])


@pytest.mark.parametrize(
    ("old", "new", "field", "message"),
    [
        (SIGNED, "", "signed_by", "nobody has signed it"),
        ("2026-12-02T", "2026-11-30T", "in_force_from", "before anybody can read it"),
        ("2026-12-02T00:00:00+08:00", "2026-12-01T08:00:59+08:00", "in_force_from", "before"),
    ],
)
def test_a_document_that_may_not_be_published_says_why(
    file: Path, old: str, new: str, field: str, message: str
) -> None:
    existing = published(shipped("assignments-standard"))
    _, findings = new_documents(pack_of(file, old, new), existing, NOW)
    [finding] = findings
    assert finding.field == field
    assert message in finding.message


def test_every_problem_of_a_publication_is_said_in_chinese_too() -> None:
    document = a_document(limits_id="assignments-standard", enabled=False)
    existing = published(shipped("assignments-standard"))
    later = document.model_copy(update={"version": 2, "in_force_from": NOW})
    problems = [
        *obstacles(document, existing, NOW),
        *unsigned(document),
        *left_without(existing, [later]),
    ]
    assert [problem.path for problem in problems] == [
        ("version",),
        ("in_force_from",),
        ("signed_by",),
        ("enabled",),
    ]
    assert all(problem.zh and problem.zh != problem.text for problem in problems)


def test_a_version_is_never_changed(file: Path) -> None:
    documents, _ = new_documents(pack_of(file), {}, NOW)
    existing = published(shipped("assignments-standard"), *documents)
    _, findings = new_documents(pack_of(file, "within_s: 300,", "within_s: 240,"), existing, NOW)
    assert lines_of(findings) == [
        "version: assignments-yongchuan: version 1 is not new, 1 is published"
    ]
    changed = pack_of(file, "version: 1\n", "version: 2\n")
    documents, findings = new_documents(changed, existing, NOW)
    assert findings == []
    assert [document.version for document in documents] == [2]


def test_the_last_document_for_every_unit_cannot_be_switched_off(file: Path) -> None:
    pack = pack_of(file, '  unit: "500118000000"\n', "  enabled: false\n")
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("assignments-yongchuan", "assignments-standard").replace(
            "version: 1\n", "version: 2\n"
        ),
        encoding="utf-8",
    )
    pack = load([file], NOW).usable()
    _, findings = new_documents(pack, published(shipped("assignments-standard")), NOW)
    [finding] = findings
    assert "nothing would hold for every unit: assignments" in finding.message
    city = a_document(limits_id="assignments-city")
    _, findings = new_documents(pack, published(shipped("assignments-standard"), city), NOW)
    assert findings == []


def test_the_set_up_fills_in_what_holds_for_nobody_and_displaces_nothing() -> None:
    base = [shipped("assignments-standard"), shipped("reports-standard")]
    assert missing_documents(base, {}) == base
    assert missing_documents(base, published(*base)) == []
    office = a_document(limits_id="assignments-city")
    assert missing_documents(base, published(office)) == base[1:]
    district = a_document(limits_id="assignments-yongchuan", unit="500118000000")
    assert missing_documents(base, published(district)) == base
