"""The size of a sheet, and the cells without a value of their own: a reader of values says neither.

A formula, an error of the spreadsheet and a date are refused cells: no value depends on what a
spreadsheet made of it. A sheet lies in memory from its first to its last cell, so both are counted.
"""

from __future__ import annotations

import re

from openpyxl.utils import get_column_letter

from shared.domain.catalog_files.limits import MOST_AREA, MOST_COLUMNS, MOST_PROBLEMS
from shared.domain.catalog_files.problems import ProblemCode
from shared.domain.catalog_files.rows import RefusedCell
from shared.domain.catalog_files.workbook_limits import PartShape, local_name, too_large

_COLUMNS = {get_column_letter(number): number for number in range(1, MOST_COLUMNS + 2)}
"""The columns that a sheet may have, and one more: a heading too many is seen there."""
_DIGITS = "0123456789"
_ROW = re.compile(r"[A-Z]{1,3}([0-9]{1,10})")
_MOST_TEXT = 200
_REFUSED_TYPES = {"e": ProblemCode.ERROR_CELL, "d": ProblemCode.DATE_CELL}


class SheetCells(PartShape):
    """The target of a sheet's elements; `refused` has the refused cells by row and column."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.refused: dict[int, dict[int, RefusedCell]] = {}
        self.last_row = 0
        self.too_wide_row = 0
        """The first row with a value behind the last column; 0 without such a row."""
        self._widest = self._count = self._refused_count = 0
        self._row = self._column = 0
        self._type = ""
        self._parts: list[str] | None = None

    @property
    def area(self) -> int:
        """The number of cells from the first to the last one."""
        return self.last_row * self._widest

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Follow the place of the cell; raises WorkbookError over the limits."""
        PartShape.start(self, name, attributes)
        name = local_name(name)
        if name == "c":
            self._begin_cell(attributes)
        elif name == "row":
            self._row = int(attributes.get("r") or self._row + 1)
            self._column = 0
        elif name in ("v", "is"):
            self._count_value()
            if self._type in _REFUSED_TYPES:
                self._parts = []
        elif name == "f":
            self._parts = []

    def text(self, data: str) -> None:
        """Take the text of a formula or an error."""
        if self._parts is not None and len(self._parts) < _MOST_TEXT:
            self._parts.append(data[:_MOST_TEXT])

    def end(self, name: str) -> None:
        """Note a refused cell."""
        PartShape.end(self, name)
        if self._parts is None or (name := local_name(name)) not in ("f", "v", "is"):
            return
        text, self._parts = "".join(self._parts)[:_MOST_TEXT], None
        if name == "f":
            self._refuse(RefusedCell(ProblemCode.FORMULA_CELL, f"={text}"))
        else:
            self._refuse(RefusedCell(_REFUSED_TYPES[self._type], text))

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        self._type = attributes.get("t", "")
        place = attributes.get("r")
        if place is None:
            self._column += 1
            return
        self._column = _COLUMNS.get(place.rstrip(_DIGITS), MOST_COLUMNS + 2)
        if (match := _ROW.fullmatch(place)) is not None:
            self._row = int(match[1])

    def _count_value(self) -> None:
        self._count += 1
        self.last_row = max(self.last_row, self._row)
        if self._column > MOST_COLUMNS + 1:
            self.too_wide_row = self.too_wide_row or self._row
        elif self._column > self._widest:
            self._widest = self._column
        if self._count > MOST_AREA:
            raise too_large(self.size)

    def _refuse(self, cell: RefusedCell) -> None:
        cells = self.refused.setdefault(self._row, {})
        if self._refused_count < MOST_PROBLEMS and self._column <= MOST_COLUMNS + 1:
            self._refused_count += self._column not in cells
            cells.setdefault(self._column, cell)
