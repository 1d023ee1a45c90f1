"""Rows of an XLSX workbook: the visible sheets in their order.

Archive and XML are checked before the workbook is opened (`workbook_limits.py`), and the cells
without a value of their own are found in the XML itself (`workbook_cells.py`); python-calamine
reads the values.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, time, timedelta

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from shared.domain.bilingual import Bilingual
from shared.domain.catalog_files.limits import MOST_AREA, MOST_COLUMNS, MOST_LINES
from shared.domain.catalog_files.problems import ProblemCode, RowPlace, RowProblem, quoted_value
from shared.domain.catalog_files.rows import (
    Cell,
    RefusedCell,
    Row,
    SheetLine,
    kind_of_sheet,
    rows_of,
)
from shared.domain.catalog_files.workbook_cells import SheetCells
from shared.domain.catalog_files.workbook_limits import (
    WorkbookError,
    check_archive,
    pass_through,
    too_large,
)
from shared.domain.catalog_files.workbook_sheets import sheet_parts

_EXACT = 1e15
"""Whole numbers below are the same in a spreadsheet and here."""
_PANIC = "PanicException"
"""The reader's own bug, met by a broken part; it is no Exception of Python."""
_Value = str | bool | float | date | time | timedelta


def rows_of_xlsx(content: bytes) -> Iterator[Row | RowProblem]:
    """Yield the rows of a workbook; a part that cannot be read ends it with a problem."""
    try:
        yield from _rows(content)
    except WorkbookError as error:
        yield error.problem
    except GeneratorExit:
        raise
    except BaseException as error:  # a reader raises whatever its parsing of a broken part meets
        if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
            raise
        detail = quoted_value(f"{type(error).__name__}: {error}")
        yield RowProblem(ProblemCode.UNREADABLE_WORKBOOK, value=detail)


def _rows(content: bytes) -> Iterator[Row | RowProblem]:
    budget = MOST_LINES
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        check_archive(archive)
        parts = sheet_parts(archive)
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
            sheets = workbook.sheets_metadata
            if [sheet.name for sheet in sheets] != [title for title, _ in parts]:
                raise ValueError("the sheets of the workbook are not clear")
            for number, (sheet, (title, part)) in enumerate(zip(sheets, parts, strict=True)):
                is_visible = sheet.visible == SheetVisibleEnum.Visible
                if not is_visible or sheet.typ != SheetTypeEnum.WorkSheet:
                    continue
                cells = SheetCells(part.file_size)
                pass_through(archive, part, cells)
                name = quoted_value(title)
                if (problem := _problem_of_size(cells, name, budget)) is not None:
                    yield problem
                    continue
                budget -= cells.last_row
                lines = _lines(workbook.get_sheet_by_index(number), cells, name)
                yield from rows_of(lines, kind_of_sheet(title), ragged=True)


def _problem_of_size(cells: SheetCells, name: str, most_rows: int) -> RowProblem | None:
    """Return the problem of a sheet that is too long or too wide; raises WorkbookError."""
    if cells.last_row > most_rows:
        allowed = Bilingual(f"至多 {MOST_LINES} 行", f"at most {MOST_LINES} rows")
        return RowProblem(
            ProblemCode.TOO_MANY_ROWS, RowPlace(cells.last_row, name), allowed=allowed
        )
    if cells.too_wide_row:
        allowed = Bilingual(f"至多 {MOST_COLUMNS} 列", f"at most {MOST_COLUMNS} columns")
        place = RowPlace(cells.too_wide_row, name)
        return RowProblem(ProblemCode.TOO_MANY_COLUMNS, place, allowed=allowed)
    if cells.area > MOST_AREA:
        raise too_large(cells.size)
    return None


def _lines(sheet: CalamineSheet, cells: SheetCells, name: str) -> Iterator[SheetLine]:
    """Yield the lines of a sheet that are not blank."""
    first_column = 0 if sheet.start is None else sheet.start[1]
    number = 0
    for number, values in enumerate(sheet.iter_rows(), start=1):
        line = [""] * first_column + [_cell(value) for value in values]
        if number in cells.refused:
            line = _with_refused(line, cells.refused[number])
        if any(line):
            yield SheetLine(RowPlace(number, name), line)
    for row in sorted(row for row in cells.refused if row > number):
        yield SheetLine(RowPlace(row, name), _with_refused([], cells.refused[row]))


def _with_refused(line: list[Cell], refused: dict[int, RefusedCell]) -> list[Cell]:
    line = line + [""] * (max(refused, default=0) - len(line))
    for column, cell in refused.items():
        line[column - 1] = cell
    return line


def _cell(value: _Value) -> Cell:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < _EXACT:
            return str(int(value))
        case date() | time() | timedelta():
            return RefusedCell(ProblemCode.DATE_CELL, str(value))
        case _:
            return str(value)
