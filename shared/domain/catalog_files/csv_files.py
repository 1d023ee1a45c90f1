"""Lines of a CSV file (RFC 4180): comma, semicolon or tab; errors do not end the file.

Records are cut where the quotation marks are in pairs, before the cells are cut: a cell of any
length is one refused cell, and the rows after it are read. A cell that begins with an apostrophe
is guarded against formulas (shared/domain/csv_cells.py).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

from shared.domain.catalog_files.limits import MOST_CELL
from shared.domain.catalog_files.problems import ProblemCode, RowPlace, RowProblem, quoted_value
from shared.domain.catalog_files.rows import Cell, RefusedCell, SheetLine, column_of, too_long
from shared.domain.catalog_files.text_files import text_file
from shared.domain.csv_cells import unguard_cell

_DELIMITERS = (",", ";", "\t")
_LONG_RUN = re.compile(rf'[^",;\t\r\n]{{{MOST_CELL + 2},}}')
_HEAD = 4_096


def lines_of_csv(content: bytes) -> Iterator[SheetLine | RowProblem]:
    """Yield the lines of a file with their numbers, and the lines that cannot be cut."""
    text = text_file(content)
    if isinstance(text, list):
        yield from text
        return
    delimiter = ""
    for number, record, closed in _records(text.open()):
        place = RowPlace(number)
        if not closed:
            yield RowProblem(ProblemCode.QUOTE_NOT_CLOSED, place, "", quoted_value(record))
            return
        if not record.strip():
            continue
        delimiter = delimiter or _delimiter_of(record)
        try:
            cells = _cells(record, delimiter)
        except csv.Error:
            yield too_long(record, place, "")
            continue
        yield SheetLine(place, cells)


def _records(lines: Iterable[str]) -> Iterator[tuple[int, str, bool]]:
    """Yield number of the first line, text, and whether the quotation marks are in pairs."""
    parts: list[str] = []
    start, odd = 1, False
    for number, line in enumerate(lines, start=1):
        if not parts:
            start = number
        parts.append(line)
        odd ^= line.count('"') % 2 == 1
        if not odd:
            yield start, "".join(parts), True
            parts = []
    if parts:
        yield start, "".join(parts)[:_HEAD], False


def _delimiter_of(record: str) -> str:
    """Return the delimiter with which most cells of the first line are headings."""

    def headings(delimiter: str) -> int:
        try:
            return sum(column_of(cell) is not None for cell in _split(record[:_HEAD], delimiter))
        except csv.Error:
            return 0

    return max(_DELIMITERS, key=headings)


def _split(record: str, delimiter: str) -> list[str]:
    return next(csv.reader([record], delimiter=delimiter), [])


def _cells(record: str, delimiter: str) -> list[Cell]:
    """Return the cells of a record; a run of characters over the limit is cut behind the limit."""
    if len(record) > MOST_CELL:
        record = _LONG_RUN.sub(lambda run: run[0][: MOST_CELL + 1], record)
    return [_cell(text) for text in _split(record, delimiter)]


def _cell(text: str) -> Cell:
    if text.startswith("="):
        return RefusedCell(ProblemCode.FORMULA_CELL, text)
    return unguard_cell(text)
