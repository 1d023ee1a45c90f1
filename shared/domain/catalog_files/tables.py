"""A file of the ledger in any of its formats, read as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

from shared.domain.bilingual import Bilingual
from shared.domain.catalog_files.csv_files import lines_of_csv
from shared.domain.catalog_files.json_files import rows_of_json
from shared.domain.catalog_files.limits import MOST_BYTES, MOST_ROWS
from shared.domain.catalog_files.problems import ProblemCode, RowPlace, RowProblem, quoted_value
from shared.domain.catalog_files.rows import Row, rows_of
from shared.domain.catalog_files.xlsx_files import rows_of_xlsx


class FileFormat(StrEnum):
    """The formats of a ledger file, by the ending of its name."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


Rows = Iterator[Row | RowProblem]
_FORMATS = Bilingual("、".join(FileFormat), ", ".join(FileFormat))
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The first bytes of an .xls file, and of an .xlsx file with a password."""


def read_table(content: bytes, name: str) -> Rows:
    """Yield the rows of a file and its problems; the ending of the name says the format."""
    ending = name.rpartition(".")[2].casefold()
    reader = _READERS.get(ending)
    if len(content) > MOST_BYTES:
        allowed = Bilingual(f"至多 {MOST_BYTES} 字节", f"at most {MOST_BYTES} bytes")
        size = str(len(content))
        yield RowProblem(ProblemCode.FILE_TOO_LARGE, value=size, allowed=allowed)
    elif content.startswith(_COMPOUND_FILE):
        yield RowProblem(ProblemCode.OLD_WORKBOOK, value=quoted_value(name), allowed=_FORMATS)
    elif reader is None:
        yield RowProblem(ProblemCode.UNKNOWN_FORMAT, value=quoted_value(name), allowed=_FORMATS)
    else:
        yield from _limited(reader(content))


def _limited(rows: Rows) -> Rows:
    """Yield the rows up to the limit, then a problem."""
    count = 0
    for row in rows:
        count += isinstance(row, Row)
        if count > MOST_ROWS:
            yield too_many_rows(row.place)
            return
        yield row


def too_many_rows(place: RowPlace) -> RowProblem:
    """Return the problem of a file with more rows than memory should hold."""
    allowed = Bilingual(f"至多 {MOST_ROWS} 行", f"at most {MOST_ROWS} rows")
    return RowProblem(ProblemCode.TOO_MANY_ROWS, place, allowed=allowed)


def _rows_of_csv(content: bytes) -> Rows:
    return rows_of(lines_of_csv(content), ragged=False)


_READERS: Mapping[str, Callable[[bytes], Rows]] = {
    "csv": _rows_of_csv,
    "xlsx": rows_of_xlsx,
    "json": rows_of_json,
    "jsonl": rows_of_json,
}
