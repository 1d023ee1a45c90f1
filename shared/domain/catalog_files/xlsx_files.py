"""Rows of an XLSX workbook: the visible sheets in their order, read row by row.

Archive and XML are checked before openpyxl opens them (`workbook_limits.py`); defusedxml, which
openpyxl uses, refuses entities. A formula, an error of the spreadsheet and a date are refused
cells: no value depends on what a spreadsheet made of it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from openpyxl import load_workbook

from shared.domain.bilingual import Bilingual
from shared.domain.catalog_files.limits import MOST_COLUMNS, MOST_LINES
from shared.domain.catalog_files.problems import ProblemCode, RowPlace, RowProblem, quoted_value
from shared.domain.catalog_files.rows import (
    Cell,
    RefusedCell,
    Row,
    SheetLine,
    kind_of_sheet,
    rows_of,
)
from shared.domain.catalog_files.workbook_limits import WorkbookError, check_workbook

_FORMULA, _ERROR, _DATE = "f", "e", "d"
_REFUSED = {
    _FORMULA: ProblemCode.FORMULA_CELL,
    _ERROR: ProblemCode.ERROR_CELL,
    _DATE: ProblemCode.DATE_CELL,
}
_EXACT = 1e15
"""Whole numbers below are the same in a spreadsheet and here."""


def rows_of_xlsx(content: bytes) -> Iterator[Row | RowProblem]:
    """Yield the rows of a workbook; a part that cannot be read ends it with a problem."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            check_workbook(archive)
        yield from _rows(content)
    except WorkbookError as error:
        yield error.problem
    except Exception as error:  # openpyxl raises whatever its parsing of a broken part meets
        detail = quoted_value(f"{type(error).__name__}: {error}")
        yield RowProblem(ProblemCode.UNREADABLE_WORKBOOK, value=detail)


def _rows(content: bytes) -> Iterator[Row | RowProblem]:
    workbook = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
    budget = MOST_LINES
    for sheet in workbook.worksheets:
        if sheet.sheet_state == "visible":
            lines = _Lines(sheet, budget)
            yield from rows_of(lines, kind_of_sheet(sheet.title), ragged=True)
            budget -= lines.count


class _Lines:
    """The lines of a sheet up to a number, and how many there were."""

    def __init__(self, sheet: Any, most: int) -> None:
        self._sheet, self._most = sheet, most
        self.count = 0

    def __iter__(self) -> Iterator[SheetLine | RowProblem]:
        name = quoted_value(self._sheet.title)
        rows = self._sheet.iter_rows(max_col=MOST_COLUMNS + 1, max_row=self._most + 1)
        for number, cells in enumerate(rows, start=1):
            place = RowPlace(number, name)
            if number > self._most:
                allowed = Bilingual(f"至多 {MOST_LINES} 行", f"at most {MOST_LINES} rows")
                yield RowProblem(ProblemCode.TOO_MANY_ROWS, place, allowed=allowed)
                return
            self.count = number
            line = [_cell(cell.value, cell.data_type) for cell in cells]
            if any(line):
                yield SheetLine(place, line)


def _cell(value: Any, data_type: str) -> Cell:
    if value is None:
        return ""
    if (code := _REFUSED.get(data_type)) is not None:
        return RefusedCell(code, str(getattr(value, "text", value)))
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < _EXACT:
            return str(int(value))
        case _:
            return str(value)
