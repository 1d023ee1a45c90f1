"""Packs: every error of every file at once, each at the line of its field, with what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.definitions.rules.pack import load
from shared.definitions.yaml_files.findings import Finding, Severity
from shared.definitions.yaml_files.items import PackError
from shared.definitions.yaml_files.nodes import MOST_BYTES, parse, resolve
from tests.unit.rules.packs import NOW, fields, read, rungs, sensor, write

GOOD = """\
# a comment
- rule_id: flood-x
  name_zh: 洪水
  name_en: Flood
  event_type: 11A01
  sensor_kind: river_gauge
  metric: water_level
  unit: m
  datum: 吴淞
  source: test
  body:
    kind: threshold
    rungs:
      - {level: yellow, raise_at: 180.5, clear_at: 180.4, source: test}
      - level: orange
        raise_at: 183.5
        clear_at: 183.4
        source: test
"""


def findings_of(folder: Path, text: str, name: str = "a.yaml") -> list[Finding]:
    (folder / name).write_text(text, encoding="utf-8")
    return list(load([folder], NOW).findings)


def test_a_good_pack_has_no_findings_and_gives_messages(tmp_path: Path) -> None:
    assert findings_of(tmp_path, GOOD) == []
    (definition,) = load([tmp_path], NOW).definitions
    assert (definition.rule_id, definition.version) == ("flood-x", 1)
    assert definition == load([tmp_path], NOW).definitions[0]


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "says", "allowed"),
    [
        ("unit: m\n", "unitt: m\n", 8, "unitt", "did you mean unit?", "event_type"),
        ("  name_en: Flood\n", "", 2, "name_en", "is missing", ""),
        ("raise_at: 183.5", "raise_at: high", 16, "body.rungs[1].raise_at", '"high"', "a number"),
        ("raise_at: 183.5", "raise_at: .nan", 16, "body.rungs[1].raise_at", '".nan"', "a number"),
        ("level: orange", "level: purple", 15, "body.rungs[1].level", '"purple"', "'yellow'"),
        ("kind: threshold", "kind: treshold", 12, "body.kind", "did you mean threshold?", "window"),
        ("    kind: threshold\n", "", 11, "body", "kind is missing", "absence"),
        ("source: test\n  body", "id: r-1\n  source: test\n  body", 10, "id", "loads the pack", ""),
        ("unit: m\n", "unit: m\n  unit: cm\n", 9, "file", "given twice, first in line 8", ""),
        ("unit: m\n", "unit: ft\n", 8, "unit", "not measured in ft", "m, cm"),
        ("metric: water_level", "metric: waterlevel", 7, "metric", "did you mean water_level", ""),
        ("datum: 吴淞", "datum: 吳淞", 9, "datum", "not among the known datums", "吴淞"),
        ("  datum: 吴淞\n", "", 2, "datum", "needs the datum", "datum: null"),
        ("clear_at: 183.4", "clear_at: 184", 17, "body.rungs[1].clear_at", "safe side", "<= 183.5"),
        ("level: orange", "level: blue", 15, "body.rungs[1].level", "must rise", "orange, red"),
        (
            "source: test\n  body",
            "version: 0\n  source: test\n  body",
            10,
            "version",
            "0",
            "at least 1",
        ),
        (
            "source: test\n  body",
            "enabled: yes\n  source: test\n  body",
            10,
            "enabled",
            '"yes"',
            "true",
        ),
        ("source: test\n  body", "source: &x test\n  body", 10, "file", "anchors", "write"),
        ("source: test\n  body", "source: !!str test\n  body", 10, "file", "tags", "plain"),
        ("source: test\n  body", "source: *x\n  body", 10, "file", "", ""),
    ],
)
def test_an_error_stands_at_its_line(
    tmp_path: Path, old: str, new: str, line: int, field: str, says: str, allowed: str
) -> None:
    assert GOOD.count(old) == 1
    findings = findings_of(tmp_path, GOOD.replace(old, new))
    assert any(
        (finding.line, finding.field) == (line, field)
        and says in finding.message
        and allowed in finding.allowed
        for finding in findings
    ), [str(finding) for finding in findings]
    assert all(str(finding).startswith(f"{finding.file}:{finding.line}: ") for finding in findings)


def test_all_errors_of_all_files_come_at_once(tmp_path: Path) -> None:
    write(tmp_path, fields(unit="ft"), fields(rule_id="b", name_en=...), name="a.yaml")
    write(tmp_path, fields(rule_id="c", speed=3), fields(), name="b.yaml")
    (tmp_path / "c.yaml").write_text("- rule_id: [", encoding="utf-8")
    (tmp_path / "d.yaml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "e.yaml").write_text("rule_id: x", encoding="utf-8")
    with pytest.raises(PackError) as refused:
        read(tmp_path).usable()
    text = str(refused.value)
    for part in (
        "not measured in ft",
        "name_en: is missing",
        "speed",
        "stands already in",
        "no YAML",
    ):
        assert part in text
    assert "this is not UTF-8" in text
    assert "a list of rules" in text
    assert len({finding.file for finding in refused.value.findings}) == 5


def test_rules_before_a_syntax_error_are_checked_too(tmp_path: Path) -> None:
    findings = findings_of(
        tmp_path, GOOD.replace("unit: m\n", "unit: ft\n") + "- rule_id: {a: b\n- x: ]\n"
    )
    assert {"not measured in ft" in finding.message for finding in findings} == {True, False}


def test_names_are_not_missed_where_a_file_could_not_be_read(tmp_path: Path) -> None:
    write(tmp_path, fields(inhibited_by=["elsewhere"]))
    assert "there is no rule elsewhere" in str(read(tmp_path).findings[0])
    (tmp_path / "b.yaml").write_text("- {", encoding="utf-8")
    assert [finding.field for finding in read(tmp_path).findings] == ["file"]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1000,
        "{a: " * 200,
        "- " * 500 + "x",
        "a: 1\n---\nb: 2\n",
        "&a [*a]",
        '"\\ud800"',
        "\x00",
        "? [a]\n: b",
    ],
)
def test_hostile_files_are_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    assert load([tmp_path], NOW).errors


def test_too_large_a_file_is_refused_unread() -> None:
    assert "bytes are too many" in parse(b" " * (MOST_BYTES + 1), "a").findings[0].message


def test_an_absent_file_is_reported(tmp_path: Path) -> None:
    assert "no such file" in str(load([tmp_path / "x"], NOW).findings[0])
    assert "holds no rules" in str(load([tmp_path], NOW).findings[0])
    (tmp_path / "empty.yaml").write_text("# nothing yet\n", encoding="utf-8")
    assert load([tmp_path], NOW).findings == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"), ("true", True), ("", None), ("~", None), ("12:30", "12:30"),
        ("1e3", 1000.0), ("010", 10), ("-.5", -0.5), ("2026-07-01", "2026-07-01"),
        ("1_000", "1_000"), ("11A01", "11A01"),
    ],
)  # fmt: skip
def test_plain_scalars_are_read_as_in_yaml_1_2(text: str, value: Any) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_a_rule_is_checked_against_the_catalogue(tmp_path: Path) -> None:
    folder = write(tmp_path, fields(sensor_ids=["g", "nobody"]), fields(rule_id="u", unit="cm"))
    texts = [str(finding) for finding in read(folder, sensor()).findings]
    assert any("sensor_ids[1]" in text and "unknown sensors: nobody" in text for text in texts)
    assert any("unit of the rule is cm, but g has m" in text for text in texts)
    assert not read(folder).errors


plain_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
known_names = st.sampled_from(
    [*fields(), "version", "enabled", "inhibited_by", "shadow_of", "mark"]
)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))
)
def test_no_bytes_crash_the_parser(data: bytes) -> None:
    parsed = parse(data, "x")
    assert parsed.complete or parsed.findings
    assert all(
        1 <= finding.line <= data.count(b"\n") + data.count(b"\r") + 600
        for finding in parsed.findings
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(st.dictionaries(known_names, plain_data, max_size=6) | plain_data, max_size=3))
def test_no_content_crashes_the_loader(tmp_path_factory: Any, content: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("pack")
    text = yaml.safe_dump(content, allow_unicode=False)
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    pack = load([folder], NOW, {})
    assert len(pack.rules) == 0 or content
    assert all(1 <= finding.line <= text.count("\n") + 1 for finding in pack.findings)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=4),
    st.sampled_from(["unit", "name_en", "event_type", "metric", "source", "rule_id"]),
    st.data(),
)
def test_a_wrong_field_is_reported_at_its_own_line(
    tmp_path_factory: Any, blanks: list[int], wrong: str, data: Any
) -> None:
    """Whatever stands around it, the line of a finding holds the field it names."""
    folder = tmp_path_factory.mktemp("pack")
    broken = data.draw(st.integers(0, len(blanks) - 1))
    text = ""
    for number, blank in enumerate(blanks):
        row = fields(rule_id=f"r-{number}")
        if number == broken:
            row[wrong] = ["no", "text"]
        text += "\n" * blank + "# comment\n" * blank
        text += yaml.safe_dump([row], allow_unicode=True, sort_keys=data.draw(st.booleans()))
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    pack = load([folder], NOW)
    assert pack.errors
    lines = text.splitlines()
    for finding in pack.errors:
        assert wrong in lines[finding.line - 1]


def test_findings_are_errors_first(tmp_path: Path) -> None:
    steep = {"kind": "threshold", "rungs": rungs(("red", 5, 5))}
    folder = write(tmp_path, fields(steep), fields(rule_id="b", unit="ft"))
    assert [finding.severity for finding in read(folder).findings] == [
        Severity.ERROR,
        Severity.WARNING,
    ]
