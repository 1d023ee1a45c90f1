"""Workbooks: sheets and cells are read as written; formulas, bombs and broken parts are refused."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from shared.contracts.catalog import SensorEntry, UnitEntry
from shared.contracts.fields import Language
from shared.domain.catalog_files import workbook_limits, xlsx_files
from shared.domain.catalog_files.limits import MOST_PART
from shared.domain.catalog_files.tables import FileFormat
from shared.domain.catalog_files.writing import write_table
from tests.unit.catalog_files.ledgers import (
    DISTRICT,
    LEDGER,
    TOWN,
    VILLAGE,
    plan_of,
    problems_of,
    sensor_entry,
)

HEADINGS = ("统计用区划代码", "城乡分类代码", "名称")
SHEET = "xl/worksheets/sheet1.xml"


def workbook_of(**sheets: Sequence[Sequence[Any]]) -> bytes:
    """Return a workbook with these rows on its sheets."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return saved(workbook)


def saved(workbook: Workbook) -> bytes:
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def changed(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return the workbook with one part changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.infolist():
            text = old.read(part)
            text = change(text) if part.filename == name else text
            new.writestr(part.filename, text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def codes_of(content: bytes) -> list[str]:
    return [code for _, _, code in problems_of(content, name="台账.xlsx")]


GOOD = workbook_of(名录=[HEADINGS, (TOWN, None, "朱沱古镇"), (VILLAGE, 220, "四明村")])


def test_numbers_texts_and_titles_above_the_headings_are_read() -> None:
    rows = [
        ("2023年统计用区划代码和城乡划分代码",),
        (),
        HEADINGS,
        (int(DISTRICT), None, " 永川区 "),
        (float(VILLAGE), 220, "四明村"),
    ]
    plan = plan_of(workbook_of(Sheet1=rows), name="名录.xlsx")
    assert plan.problems == ()
    (change,) = plan.changed
    assert change.entry.name == "四明村"
    assert plan.unchanged == 1


def test_the_name_of_a_sheet_is_the_kind_of_its_entries() -> None:
    sensor = ("rain-1", "rain_gauge", "雨量站", TOWN, "rainfall", "mm", 300)
    heads = ("编号", "设备类型", "名称", "所在单位", "指标", "计量单位", "上报间隔秒")
    content = workbook_of(
        传感器=[heads, sensor], 单位=[("编号", "名称"), ("500118107000", "松溉镇")]
    )
    plan = plan_of(content, name="台账.xlsx")
    assert plan.problems == ()
    kinds = [type(entry) for entry in plan.added]
    assert kinds == [UnitEntry, SensorEntry]


def test_a_bad_cell_is_reported_with_sheet_row_and_column() -> None:
    rows = [HEADINGS, (TOWN, None, "朱沱镇"), (), (VILLAGE, 999, None), ("朱沱", None, "=1+1")]
    plan = plan_of(workbook_of(名录=rows), name="名录.xlsx")
    reported = {
        (problem.place.sheet, problem.place.row, problem.column, problem.code.value)
        for problem in plan.problems
    }
    assert reported == {
        ("名录", 4, "城乡分类代码", "invalid_value"),
        ("名录", 4, "名称", "missing_value"),
        ("名录", 5, "名称", "formula_cell"),
    }


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("=A1", "formula_cell"),
        ("#REF!", "error_cell"),
        (date(2026, 3, 1), "date_cell"),
        ("字" * 32_768, "cell_too_long"),
        ("朱沱\n镇", "control_character"),
    ],
)
def test_cells_without_a_value_of_their_own_are_refused(value: object, code: str) -> None:
    content = workbook_of(名录=[HEADINGS, (TOWN, None, "一")])
    if isinstance(value, str) and len(value) > 32_000:
        content = changed(
            content,
            SHEET,
            lambda text: text.replace("一".encode(), value.encode()),
        )
    else:
        content = workbook_of(名录=[HEADINGS, (TOWN, None, value)])
    assert problems_of(content, name="a.xlsx") == [(2, "名称", code)]


def test_a_cell_of_10_megabytes_is_one_refused_cell() -> None:
    content = changed(
        GOOD,
        SHEET,
        lambda text: text.replace("朱沱古镇".encode(), b"x" * 10_000_000),
    )
    assert problems_of(content, name="a.xlsx") == [(2, "名称", "cell_too_long")]


def test_shared_texts_with_marks_of_format_are_read() -> None:
    """Spreadsheets keep texts beside the sheets, in runs of one format, with readings of sounds."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    content = archive_of(
        {
            "[Content_Types].xml": f'''<Types xmlns="{package}/content-types">
              <Default Extension="rels" ContentType="application/xml"/>
              <Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>
              <Override PartName="/xl/s.xml" ContentType="{kinds}.worksheet+xml"/>
              <Override PartName="/xl/sharedStrings.xml"
                ContentType="{kinds}.sharedStrings+xml"/></Types>
            '''.encode(),
            "_rels/.rels": f'''<Relationships xmlns="{package}/relationships">
              <Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/>
              </Relationships>'''.encode(),
            "xl/workbook.xml": f'''<workbook xmlns="{main}" xmlns:r="{office}"><sheets>
              <sheet name="单位" sheetId="1" r:id="rId1"/></sheets></workbook>'''.encode(),
            "xl/_rels/workbook.xml.rels": f'''<Relationships xmlns="{package}/relationships">
              <Relationship Id="rId1" Type="{office}/worksheet" Target="s.xml"/>
              <Relationship Id="rId2" Type="{office}/sharedStrings" Target="sharedStrings.xml"/>
              </Relationships>'''.encode(),
            "xl/styles.xml": f'<styleSheet xmlns="{main}"/>'.encode(),
            "xl/sharedStrings.xml": f'''<sst xmlns="{main}">
              <si><t>编号</t></si><si><t>名称</t></si><si><r><t>朱沱</t>
              </r><r><rPr><b/></rPr><t>古镇</t></r><rPh sb="0" eb="1"><t>zhu</t></rPh></si></sst>
            '''.encode(),
            "xl/s.xml": f'''<worksheet xmlns="{main}"><dimension ref="A1"/><sheetData>
              <row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>
              <row r="3"><c r="A3"><v>{TOWN}</v></c><c r="B3" t="s"><v>2</v></c></row>
              </sheetData></worksheet>'''.encode(),
        }
    )
    plan = plan_of(content, name="台账.xlsx")
    assert plan.problems == ()
    assert [change.entry.name for change in plan.changed] == ["朱沱古镇"]


def test_hidden_sheets_are_passed_over() -> None:
    workbook = load_workbook(io.BytesIO(GOOD))
    hidden = workbook.create_sheet("参考")
    hidden.append(("随便", "什么"))
    hidden.sheet_state = "hidden"
    assert problems_of(saved(workbook), name="a.xlsx") == []


def test_an_export_has_a_sheet_for_each_kind_and_no_formula() -> None:
    hostile = sensor_entry("s-1", "=HYPERLINK(1)")
    content = write_table([*LEDGER.values(), hostile], FileFormat.XLSX, Language.ZH)
    workbook = load_workbook(io.BytesIO(content))
    assert workbook.sheetnames == ["单位", "专班", "传感器", "数据集", "主题"]
    cells = [cell for row in workbook["传感器"].iter_rows() for cell in row]
    assert "=HYPERLINK(1)" in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells} <= {"s", "n"}


def test_a_character_that_xml_does_not_have_is_replaced() -> None:
    sensor = sensor_entry("s-1", "站\x01\ufffe")
    workbook = load_workbook(io.BytesIO(write_table([sensor], FileFormat.XLSX, Language.EN)))
    names = [cell.value for cell in workbook["sensor"]["D"]]
    assert names == ["name", "站\ufffd\ufffd"]


def test_a_number_that_a_spreadsheet_would_round_is_a_text() -> None:
    sensors = [
        sensor_entry("s-1").model_copy(update={"interval_s": interval})
        for interval in (1.7224076273851097, 0.1, 300.0)
    ]
    workbook = load_workbook(io.BytesIO(write_table(sensors, FileFormat.XLSX, Language.EN)))
    intervals = [cell.value for cell in workbook["sensor"]["I"]][1:]
    assert intervals == ["1.7224076273851097", 0.1, 300]


def test_an_export_says_the_size_of_its_sheets() -> None:
    content = write_table(LEDGER.values(), FileFormat.XLSX, Language.EN)
    workbook = load_workbook(io.BytesIO(content), read_only=True)
    assert workbook["unit"].calculate_dimension() == "A1:G8"


def archive_of(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def test_a_zip_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_limits, "MOST_UNPACKED", 2**20)
    bomb = archive_of({SHEET: b"0" * 2**24})
    assert len(bomb) < 20_000
    assert codes_of(bomb) == ["archive_too_large"]


def test_too_many_parts_are_refused() -> None:
    assert codes_of(archive_of({f"p{number}": b"" for number in range(1_100)})) == [
        "archive_too_large"
    ]


@pytest.mark.parametrize("name", ["xl/styles.xml", "xl/workbook.xml", "[Content_Types].xml"])
def test_a_large_part_that_memory_would_hold_as_a_whole_is_refused(name: str) -> None:
    padding = b"<!--" + b"x" * MOST_PART + b"-->"
    content = changed(GOOD, name, lambda text: text + padding)
    assert codes_of(content) == ["archive_too_large"]


def _in_sheet(text: bytes) -> Callable[[bytes], bytes]:
    return lambda sheet: sheet.replace(b"<sheetData>", b"<sheetData>" + text)


SHAPES = {
    "elements beside the rows": _in_sheet(b"<a/>" * 1_100_000),
    "elements in a row": _in_sheet(b"<row>" + b"<c/>" * 1_100_000 + b"</row>"),
    "an endless tag": _in_sheet(b"<a " + b"b" * 13_000_000 + b'="1"/>'),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_that_memory_would_hold_is_refused(name: str) -> None:
    assert codes_of(changed(GOOD, SHEET, SHAPES[name])) == ["archive_too_large"]


def test_a_row_far_below_is_refused_without_counting_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_files, "MOST_LINES", 50)
    content = changed(
        GOOD, SHEET, lambda text: re.sub(rb'r="([A-C]?)3"', rb'r="\g<1>1000000000"', text)
    )
    assert codes_of(content) == ["too_many_rows"]


def test_an_entity_is_refused() -> None:
    entity = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    content = changed(GOOD, SHEET, lambda text: entity + text.partition(b"?>")[2])
    assert codes_of(content) == ["unreadable_workbook"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"name,id", GOOD[:-40], archive_of({})])
def test_a_file_that_is_no_workbook_is_refused(content: bytes) -> None:
    assert codes_of(content) == ["unreadable_workbook"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=8), st.booleans())
def test_no_damage_is_an_exception(at: int, damage: bytes, inside: bool) -> None:
    if inside:
        content = changed(
            GOOD, SHEET, lambda text: text[: at % len(text)] + damage + text[at % len(text) :]
        )
    else:
        content = GOOD[:at] + damage + GOOD[at + len(damage) :]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plan = plan_of(content, name="a.xlsx")
    assert plan.errors or plan.rows
