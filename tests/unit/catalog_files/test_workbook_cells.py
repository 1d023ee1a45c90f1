"""Cells of a workbook that the reader of values does not know: formulas, errors, dates, places."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime, time

import pytest
from openpyxl import Workbook

from shared.domain.catalog_files import workbook_cells, xlsx_files
from shared.domain.catalog_files.rows import RefusedCell, Row
from shared.domain.catalog_files.xlsx_files import rows_of_xlsx
from tests.unit.catalog_files.ledgers import LEDGER, TOWN, plan_of, problems_of
from tests.unit.catalog_files.test_workbooks import (
    HEADINGS,
    SHEET,
    changed,
    codes_of,
    saved,
    workbook_of,
)


def with_value_of_formula(content: bytes, formula: str, value: str) -> bytes:
    """Return the workbook with the value that a spreadsheet has stored beside a formula."""
    old = f"<f>{formula}</f><v></v>".encode()
    shorter = f"<f>{formula}</f><v />".encode()
    new = f"<f>{formula}</f><v>{value}</v>".encode()
    return changed(content, SHEET, lambda text: text.replace(old, new).replace(shorter, new))


def test_the_stored_value_of_a_formula_is_no_value() -> None:
    content = workbook_of(名录=[HEADINGS, ("=A1+1", None, "朱沱镇")])
    content = with_value_of_formula(content, "A1+1", TOWN)
    (problem,) = plan_of(content, name="a.xlsx").errors
    assert (problem.place.row, problem.code.value, problem.value) == (2, "formula_cell", "=A1+1")


@pytest.mark.parametrize("value", [datetime(2026, 3, 1, 8), time(8, 30)])  # noqa: DTZ001
def test_what_a_spreadsheet_has_made_a_date_is_refused(value: object) -> None:
    content = workbook_of(名录=[HEADINGS, (TOWN, None, value)])
    assert problems_of(content, name="a.xlsx") == [(2, "名称", "date_cell")]


def test_a_date_as_text_of_its_own_type_is_refused() -> None:
    content = workbook_of(名录=[HEADINGS, (TOWN, None, 7)])
    content = changed(
        content,
        SHEET,
        lambda text: text.replace(b'<c r="C2" t="n"><v>7', b'<c r="C2" t="d"><v>2026-03-01'),
    )
    assert problems_of(content, name="a.xlsx") == [(2, "名称", "date_cell")]


def test_a_refused_cell_below_the_last_value_is_reported_with_its_row() -> None:
    content = workbook_of(名录=[HEADINGS, (TOWN, None, "朱沱镇"), (), (None, None, "=A1")])
    assert problems_of(content, name="a.xlsx") == [(4, "名称", "formula_cell")]


def test_a_table_may_begin_anywhere_and_rows_keep_their_numbers() -> None:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    for column, heading in enumerate(HEADINGS, start=3):
        sheet.cell(5, column, heading)
    sheet.cell(7, 3, int(TOWN))
    sheet.cell(7, 5, "=B2")
    assert problems_of(saved(workbook), name="a.xlsx") == [(7, "名称", "formula_cell")]


def test_cells_without_a_place_follow_on_each_other() -> None:
    content = workbook_of(名录=[HEADINGS, (TOWN, None, "=A1")])

    def without_places(text: bytes) -> bytes:
        for name in ("A", "B", "C"):
            for row in ("1", "2"):
                text = text.replace(f' r="{name}{row}"'.encode(), b"")
        text = text.replace(b' r="1"', b"").replace(b' r="2"', b"")
        return text.replace(b"<f>A1", b"<f>1+1")

    content = changed(content, SHEET, without_places)
    rows = [row for row in rows_of_xlsx(content) if isinstance(row, Row)]
    assert rows == []
    codes = [(row, code) for row, _, code in problems_of(content, name="a.xlsx")]
    assert codes == [(2, "formula_cell")]


def test_a_value_far_to_the_right_is_refused_before_memory_holds_the_sheet() -> None:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    for column, heading in enumerate(HEADINGS, start=1):
        sheet.cell(1, column, heading)
    sheet["XFD9"] = "x"
    assert problems_of(saved(workbook), name="a.xlsx") == [(9, "", "too_many_columns")]


def test_a_sheet_whose_cells_memory_would_not_hold_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = workbook_of(名录=[HEADINGS, (TOWN, None, "朱沱镇"), *[()] * 50, (TOWN, None, "一")])
    monkeypatch.setattr(xlsx_files, "MOST_AREA", 100)
    assert codes_of(content) == ["archive_too_large"]
    monkeypatch.setattr(xlsx_files, "MOST_AREA", 10_000)
    monkeypatch.setattr(workbook_cells, "MOST_AREA", 5)
    assert codes_of(content) == ["archive_too_large"]


def test_an_empty_cell_with_a_format_is_no_value() -> None:
    content = workbook_of(名录=[HEADINGS, (TOWN, None, "朱沱镇")])
    content = changed(
        content, SHEET, lambda text: text.replace(b"</row>", b'<c r="XFC2" s="0"/></row>', 2)
    )
    plan = plan_of(content, name="a.xlsx")
    assert (plan.problems, plan.unchanged) == ((), 1)
    assert f"unit:{TOWN}" in LEDGER


def test_an_archive_with_one_part_twice_is_refused() -> None:
    content = workbook_of(名录=[HEADINGS, (TOWN, None, "朱沱镇")])
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(SHEET.upper(), b"<worksheet/>")
    assert codes_of(out.getvalue()) == ["archive_too_large"]


def test_a_refused_cell_keeps_the_beginning_of_its_text() -> None:
    cells = workbook_cells.SheetCells(1)
    cells.start("row", {})
    cells.start("c", {"r": "B7"})
    cells.start("f", {})
    for _ in range(300):
        cells.text("A1+")
    cells.end("f")
    cell = cells.refused[7][2]
    assert isinstance(cell, RefusedCell)
    assert len(cell.text) <= 201
