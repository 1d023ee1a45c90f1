"""Texts in UTF-8 and GB18030 are read; another encoding is told with its rows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.catalog_files.text_files import TextFile, text_file
from tests.unit.catalog_files.ledgers import DISTRICT, LEDGER, TOWN, plan_of, problems_of

CONTENT = f"统计用区划代码,名称\n{TOWN},朱沱古镇\n{DISTRICT},永川区\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "gb2312"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_the_encodings_of_the_country_are_read(encoding: str, line_break: str) -> None:
    plan = plan_of(CONTENT.replace("\n", line_break).encode(encoding))
    assert plan.problems == ()
    assert [change.key for change in plan.changed] == [f"unit:{TOWN}"]
    assert plan.changed[0].entry.name == "朱沱古镇"


def test_the_short_text_that_looks_like_utf_8_is_gb18030() -> None:
    text = text_file("名称\n联通\n".encode("gbk"))
    assert isinstance(text, TextFile)
    assert text.open().read() == "名称\n联通\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_utf_16_is_reported(encoding: str) -> None:
    assert problems_of(b"\xff\xfe"[: 2 * (encoding != "utf-16")] + CONTENT.encode(encoding)) == [
        (0, "", "wrong_encoding")
    ]


def test_bytes_that_are_no_text_are_reported_with_their_rows() -> None:
    content = ("统计用区划代码,名称,上级\n" + f"{TOWN},朱沱镇,{DISTRICT}\n" * 9).encode()
    lines = content.split(b"\n")
    lines[3] = lines[3].replace("朱".encode(), b"\xff")
    lines[7] = lines[7].replace("沱".encode(), b"\xe6")
    assert problems_of(b"\n".join(lines)) == [
        (4, "", "wrong_encoding"),
        (8, "", "wrong_encoding"),
    ]


def test_damaged_gb18030_is_reported_with_its_row() -> None:
    lines = CONTENT.encode("gb18030").split(b"\n")
    lines[1] += b"\xff"
    assert problems_of(b"\n".join(lines)) == [(2, "", "wrong_encoding")]


def test_traditional_characters_in_big5_are_no_known_headings() -> None:
    plan = plan_of("統計用區劃代碼,名稱\n500118118000,朱沱鎮\n".encode("big5"))
    assert plan.errors
    assert plan.changed == ()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.json", "a.jsonl", "a.txt"]))
def test_no_bytes_are_an_exception(content: bytes, name: str) -> None:
    assert plan_of(content, LEDGER, name).errors


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=100), st.sampled_from(["gb18030", "utf-8"]))
def test_text_is_read_as_it_was_written_in_utf_8(text: str, encoding: str) -> None:
    content = f"名称名称名称\n{text}".encode(encoding)
    result = text_file(content)
    if encoding == "utf-8":
        assert isinstance(result, TextFile)
        assert result.open().read() == f"名称名称名称\n{text}"
