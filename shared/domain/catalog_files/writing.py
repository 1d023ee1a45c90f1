"""Entries as a file of the ledger: an import of the file gives equal entries.

CSV has one table with the columns of all kinds, XLSX a sheet for each kind, JSON the entries as
their contracts are, each on a line of its own. A field without a value is written as such: an
import of the file clears it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ERROR_CODES
from openpyxl.utils import get_column_letter

from shared.contracts.catalog import Entry
from shared.contracts.fields import Language
from shared.domain.catalog_files.columns import COLUMNS, FIELDS, KINDS, CellForm, columns_of
from shared.domain.catalog_files.entries import cells_of
from shared.domain.catalog_files.tables import FileFormat
from shared.domain.csv_cells import guard_cell

_DIGITS_OF_SPREADSHEET = 15
"""A number with more digits is written as text: a spreadsheet would round it."""
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_BYTE_ORDER_MARK = "\ufeff"
"""Without it, Excel takes a CSV file for one in the encoding of the country."""


def write_table(entries: Iterable[Entry], file_format: FileFormat, language: Language) -> bytes:
    """Return the entries as a file; headings and words of closed sets are in the language."""
    match file_format:
        case FileFormat.CSV:
            return _csv(entries, language)
        case FileFormat.XLSX:
            return _xlsx(entries, language)
        case FileFormat.JSON:
            return _json(entries)


def _csv(entries: Iterable[Entry], language: Language) -> bytes:
    columns = _all_columns()
    out = io.StringIO()
    out.write(_BYTE_ORDER_MARK)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([heading(column, language) for column in columns])
    for entry in entries:
        cells = cells_of(entry, language)
        writer.writerow([_guarded(column, cells.get(column, "")) for column in columns])
    return out.getvalue().encode()


def _xlsx(entries: Iterable[Entry], language: Language) -> bytes:
    of_kinds: dict[str, list[Entry]] = {}
    for entry in entries:
        of_kinds.setdefault(entry.kind, []).append(entry)
    workbook = Workbook(write_only=True)
    for kind, entries_of_kind in (of_kinds or {"unit": []}).items():
        columns = [column.name for column in columns_of(kind)]
        sheet: Any = workbook.create_sheet(KINDS[kind].of(language))
        size = f"A1:{get_column_letter(len(columns))}{len(entries_of_kind) + 1}"
        # Readers look for the size first, and in vain through the whole sheet if there is none.
        sheet.calculate_dimension = partial(str, size)
        sheet.append([heading(column, language) for column in columns])
        for entry in entries_of_kind:
            cells = cells_of(entry, language)
            sheet.append([_workbook_cell(sheet, column, cells[column]) for column in columns])
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def _workbook_cell(sheet: Any, column: str, text: str) -> Any:
    """Return a number, or a text that no spreadsheet takes for a number, a date or a formula."""
    if not text:
        return None
    if COLUMNS[column].form is CellForm.NUMBER:
        number = float(text)
        return number if float(f"{number:.{_DIGITS_OF_SPREADSHEET}g}") == number else text
    text = _NOT_IN_XML.sub("\ufffd", text)
    if text[0] != "=" and text not in ERROR_CODES:
        return text
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell


def _json(entries: Iterable[Entry]) -> bytes:
    return "".join(_json_lines(entries)).encode()


def _json_lines(entries: Iterable[Entry]) -> Iterator[str]:
    before = "[\n"
    for entry in entries:
        yield before + json.dumps(entry.model_dump(mode="json"), ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _all_columns() -> list[str]:
    """Return the columns of all kinds in the order of the table of columns."""
    used = {"kind", *(column for fields in FIELDS.values() for column in fields.values())}
    return [name for name in COLUMNS if name in used]


def heading(column: str, language: Language) -> str:
    """Return the heading of a column."""
    return COLUMNS[column].zh if language is Language.ZH else column


def _guarded(column: str, text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; numbers are none."""
    return text if COLUMNS[column].form is CellForm.NUMBER else guard_cell(text)
