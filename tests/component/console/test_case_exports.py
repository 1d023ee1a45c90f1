"""A case as a file: equal contents as HTML and PDF, hostile text as text, a bounded size."""

from __future__ import annotations

import html
import re
from typing import Any

import pypdfium2
import pytest

from deploy.example.units import all_units
from services.console.features.cases.printing import html_file
from shared.contracts.fields import Status
from shared.contracts.ids import content_id
from tests.component.console.test_hostile import HOSTILE
from tests.support.console_case_records import a_case
from tests.support.console_events import VILLAGE, ZHUTUO
from tests.support.console_harness import ConsoleHarness

YONGCHUAN = [unit_entry.unit for unit_entry in all_units() if unit_entry.unit.startswith("500118")]
TOWN = [ZHUTUO, *(unit for unit in YONGCHUAN if unit.startswith(VILLAGE))]


async def exported(
    console: ConsoleHarness, name: str, style: str, officer: str = "o-city-b"
) -> Any:
    async with console.client(officer) as client:
        path = f"/api/cases/{content_id('alt', name)}/export"
        answer = await client.get(path, params={"format": style}, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer


def read_pdf(content: bytes) -> tuple[str, int]:
    """Return the text without white space (Chinese breaks anywhere) and the number of pages."""
    file = pypdfium2.PdfDocument(content)
    text = "".join(page.get_textpage().get_text_range() for page in file)
    return re.sub(r"\s|\x02|\ufffe", "", text), len(file)


def visible_text(content: bytes) -> str:
    """Return the visible text of the HTML file, without white space."""
    body = content.decode().partition("<body")[2].partition(">")[2]
    return re.sub(r"\s", "", html.unescape(re.sub(r"<[^>]*>", "", body)))


async def test_both_files_have_the_title_the_figures_and_every_section(
    console: ConsoleHarness,
) -> None:
    await console.project(a_case("case", TOWN))
    async with console.client("o-city-b") as client:
        path = f"/api/cases/{content_id('alt', 'case')}/evaluation"
        complete = (await client.get(path)).json()["whole"]
    page = await exported(console, "case", "html")
    paper = await exported(console, "case", "pdf")
    assert paper.headers["content-type"] == "application/pdf"
    assert page.headers["content-disposition"].startswith("attachment")
    for text in (visible_text(page.content), read_pdf(paper.content)[0]):
        for words in (
            "沿江低洼地带人员转移·橙色预警", "分层评价", "时间线", "单位评价", "逾期单位", "橙色",
            "已办结", "朱沱镇", "2026-11-2410:13:40", f"{complete['signed']}/{complete['assignments']}",
            f"{complete['answered']}/{complete['pages']}", "Timeline",
        ):  # fmt: skip
            assert words in text, words
        assert "演练" not in text


async def test_a_drill_says_so_in_every_heading_and_line(console: ConsoleHarness) -> None:
    await console.project(a_case("case", TOWN, status=Status.EXERCISE))
    page = (await exported(console, "case", "html")).content.decode()
    rows = re.findall(r"<tr><td[^>]*>(.*?)</td>", page)
    headings = re.findall(r"<h[12]>(.*?)</h[12]>", page)
    assert len(rows) > 20
    assert all(row.startswith("【演练】") for row in rows + headings)
    paper = (await exported(console, "case", "pdf")).content
    file = pypdfium2.PdfDocument(paper)
    for sheet in file:
        assert "演练 · 非真实事件" in sheet.get_textpage().get_text_range()


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_text(console: ConsoleHarness, text: str) -> None:
    title = text[:180]
    await console.project(a_case("case", TOWN[:3], title=title, reason=text))
    page = await exported(console, "case", "html")
    assert re.sub(r"\s", "", title) in visible_text(page.content)
    own = page.content.decode().replace('<svg class="chart" ', "<chart ")
    tags = set(re.findall(r"<([a-zA-Z/!][a-zA-Z0-9]*)", own))
    assert not tags & {"script", "img", "svg", "b" * 2, "iframe", "object", "link"}
    assert not re.findall(r"<[a-z][^>]*\son[a-z]+\s*=", page.content.decode())
    paper = await exported(console, "case", "pdf")
    assert b"/JavaScript" not in paper.content
    assert b"/OpenAction" not in paper.content or b"/JS" not in paper.content
    view = read_pdf(paper.content)[0]
    if title.isascii():
        assert re.sub(r"\s", "", title) in view
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b]", view)


async def test_the_html_file_can_run_and_fetch_nothing(console: ConsoleHarness) -> None:
    await console.project(a_case("case", TOWN[:3]))
    page = await exported(console, "case", "html")
    text = page.content.decode()
    assert html_file.POLICY in html.unescape(text)
    assert "default-src 'none'" in html_file.POLICY
    assert page.headers["content-security-policy"] == f"{html_file.POLICY}; sandbox"
    assert not re.search(r"\b(src|href)\s*=|url\(", text)
    assert "style=" not in text


async def test_nine_thousand_units_are_summed_and_the_late_ones_listed(
    console: ConsoleHarness,
) -> None:
    assert len(YONGCHUAN) > 9_000
    await console.project(a_case("case", YONGCHUAN))
    page = await exported(console, "case", "html")
    paper = await exported(console, "case", "pdf")
    text, pages = read_pdf(paper.content)
    assert pages <= 50
    assert len(page.content) < 600_000
    assert len(paper.content) < 1_000_000
    late = len(YONGCHUAN) // 5
    for view in (text, visible_text(page.content)):
        assert "按村（社区）汇总" in view
        assert f"另有{late - 200}行未列出" in view
        assert f"{len(YONGCHUAN)}/{len(YONGCHUAN)}" in view


async def test_a_village_prints_its_own_part_and_a_stranger_nothing(
    console: ConsoleHarness,
) -> None:
    await console.project(a_case("case", TOWN))
    async with console.client("o-village-b") as client:
        path = f"/api/cases/{content_id('cmd', 'case')}/export"
        answer = await client.get(path)
        assert (await client.get(path, params={"format": "docx"})).status_code == 422
    own = len([unit for unit in TOWN if unit.startswith(VILLAGE)])
    assert f"{own}/{own}" in visible_text(answer.content)
    async with console.client("o-songji-b") as client:
        assert (await client.get(path)).status_code == 404
