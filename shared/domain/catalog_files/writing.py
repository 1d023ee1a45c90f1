"""Entries as a file of the ledger: what is written is read back as equal entries.

CSV has one table with the columns of all kinds, JSON the entries as their contracts are, each on a
line of its own. A field without a value is written as such: an import of the file clears it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from shared.contracts.catalog import Entry
from shared.contracts.fields import Language
from shared.domain.catalog_files.columns import COLUMNS, FIELDS, CellForm
from shared.domain.catalog_files.entries import cells_of
from shared.domain.catalog_files.tables import FileFormat
from shared.domain.csv_cells import guard_cell

_BYTE_ORDER_MARK = "\ufeff"
"""Without it, Excel takes a CSV file for one in the encoding of the country."""


def write_table(entries: Iterable[Entry], file_format: FileFormat, language: Language) -> bytes:
    """Return the entries as a file; headings and words of closed sets are in the language."""
    match file_format:
        case FileFormat.CSV:
            return _csv(entries, language)
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
