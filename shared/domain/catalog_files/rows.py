"""Rows of a file: cells by the name of their column, with the place and the words of the file.

A format (`csv_files.py`, `json_files.py`, `xlsx_files.py`) delivers lines of cells; this module
finds the headings and gives rows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from shared.domain.bilingual import Bilingual
from shared.domain.catalog_files.columns import (
    COLUMNS,
    FIELDS,
    ID_HEADINGS,
    KINDS,
    NATIONAL_HEADING,
)
from shared.domain.catalog_files.limits import HEADING_ROWS, MOST_CELL, MOST_COLUMNS
from shared.domain.catalog_files.problems import ProblemCode, RowPlace, RowProblem, quoted_value


@dataclass(frozen=True, slots=True)
class RefusedCell:
    """A cell whose format has no value for it: a formula, an error of the spreadsheet."""

    code: ProblemCode
    text: str


Cell = str | RefusedCell


@dataclass(frozen=True, slots=True)
class Row:
    """A row of entries: its cells by column, and the headings that the file has for them.

    `kind` is that of the sheet or of the headings; a cell `kind` comes before it. `national`: the
    row is of the national list of divisions.
    """

    place: RowPlace
    cells: Mapping[str, str]
    headings: Mapping[str, str]
    kind: str = ""
    national: bool = False


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A line of a file before its headings are known."""

    place: RowPlace
    cells: Sequence[Cell]


def folded(text: str) -> str:
    """Return a heading without what people write differently: case, width, spaces, marks."""
    return re.sub(r"[\s_\-()*:：]", "", unicodedata.normalize("NFKC", text[:200])).casefold()


def _heading_table() -> dict[str, str]:
    table = {}
    for column in COLUMNS.values():
        for heading in (column.name, column.zh, *column.headings):
            table[folded(heading)] = column.name
    return table | {folded(heading): "id" for heading in ID_HEADINGS}


_HEADINGS = _heading_table()
_KIND_HEADINGS = {folded(heading): kind for heading, kind in ID_HEADINGS.items()}
_NATIONAL = folded(NATIONAL_HEADING)
_SHEETS = {
    folded(name): kind for kind, words in KINDS.items() for name in (kind, words.zh, words.en)
}


def column_of(heading: str) -> str | None:
    """Return the column that a heading means, None for an unknown one."""
    return _HEADINGS.get(folded(heading))


def kind_of_sheet(sheet: str) -> str:
    """Return the kind that the name of a sheet says, empty for another name."""
    return _SHEETS.get(folded(sheet), "")


def rows_of(
    lines: Iterable[SheetLine | RowProblem], kind: str = "", *, ragged: bool
) -> Iterator[Row | RowProblem]:
    """Yield the rows of a sheet and the problems of its lines, headings and cells.

    `kind` is the kind that the sheet says. `ragged`: a line may have fewer cells than headings, as
    in a workbook. Wrong headings end the sheet: no cell could be understood.
    """
    titles: list[SheetLine] = []
    iterator = iter(lines)
    header = None
    for line in iterator:
        if isinstance(line, RowProblem):
            yield line
            continue
        if not any(line.cells):
            continue
        if _is_header(line):
            header = line
            break
        titles.append(line)
        if len(titles) == HEADING_ROWS:
            break
    header = header or (titles[0] if titles else None)
    if header is None:
        return
    table, problems = _table_of(header, kind)
    yield from problems
    if problems:
        return
    for line in iterator:
        if isinstance(line, RowProblem):
            yield line
        elif any(line.cells):
            yield from table.rows(line, ragged=ragged)


def _is_header(line: SheetLine) -> bool:
    """Return whether a line holds headings: the id among them, or most of them known."""
    columns = [column_of(cell) for cell in line.cells if cell and isinstance(cell, str)]
    headings = [column for column in columns if column]
    return len(headings) > 1 and ("id" in headings or 2 * len(headings) > len(columns))


@dataclass(frozen=True, slots=True)
class _Table:
    """The headings of a sheet in order; an empty name is a column without heading."""

    names: tuple[str, ...]
    headings: Mapping[str, str]
    kind: str
    national: bool

    def rows(self, line: SheetLine, *, ragged: bool) -> Iterator[Row | RowProblem]:
        """Yield the row of a line, or the problems of its cells."""
        cells, place = line.cells, line.place
        count = len(cells)
        while count > len(self.names) and not cells[count - 1]:
            count -= 1
        if count > len(self.names) or (count < len(self.names) and not ragged):
            numbers = Bilingual(f"{len(self.names)} 个", str(len(self.names)))
            yield RowProblem(ProblemCode.CELL_COUNT, place, "", str(count), numbers)
            return
        texts: dict[str, str] = dict.fromkeys(self.headings, "") if ragged else {}
        problems = []
        for name, cell in zip(self.names, cells, strict=False):
            if not name:
                if cell:
                    problems.append(_problem_of(cell, place, "") or _without_heading(cell, place))
            elif problem := _problem_of(cell, place, self.headings[name]):
                problems.append(problem)
            elif isinstance(cell, str):
                texts[name] = cell.strip()
        yield from problems
        if not problems:
            yield Row(place, texts, self.headings, self.kind, self.national)


def _problem_of(cell: Cell, place: RowPlace, heading: str) -> RowProblem | None:
    if isinstance(cell, RefusedCell):
        return RowProblem(cell.code, place, heading, quoted_value(cell.text))
    if len(cell) > MOST_CELL:
        return too_long(cell, place, heading)
    return None


def too_long(text: str, place: RowPlace, heading: str) -> RowProblem:
    """Return the problem of a cell over the limit."""
    allowed = Bilingual(f"至多 {MOST_CELL} 个字符", f"at most {MOST_CELL} characters")
    return RowProblem(ProblemCode.CELL_TOO_LONG, place, heading, quoted_value(text), allowed)


def _without_heading(cell: Cell, place: RowPlace) -> RowProblem:
    text = cell if isinstance(cell, str) else cell.text
    return RowProblem(ProblemCode.MISSING_COLUMN, place, "", quoted_value(text))


def _table_of(header: SheetLine, kind: str) -> tuple[_Table, list[RowProblem]]:
    texts = [cell if isinstance(cell, str) else cell.text for cell in header.cells]
    while texts and not texts[-1].strip():
        texts.pop()
    place = header.place
    if len(texts) > MOST_COLUMNS:
        allowed = Bilingual(f"至多 {MOST_COLUMNS} 列", f"at most {MOST_COLUMNS} columns")
        problem = RowProblem(ProblemCode.TOO_MANY_COLUMNS, place, "", str(len(texts)), allowed)
        return _Table((), {}, kind, national=False), [problem]
    names: list[str] = []
    headings: dict[str, str] = {}
    problems = []
    for text in texts:
        heading = quoted_value(text.strip())
        name = column_of(text) if heading else ""
        if name is None:
            problems.append(unknown_column(heading, place))
        elif name and name in headings:
            problems.append(RowProblem(ProblemCode.DUPLICATE_COLUMN, place, heading, heading))
        elif name:
            headings[name] = heading
        names.append(name or "")
    kinds = (_KIND_HEADINGS.get(folded(text), "") for text in texts)
    implied = kind or next(filter(None, kinds), "")
    for name in ("id",) if implied else ("id", "kind"):
        if name not in headings:
            column = COLUMNS[name]
            words = Bilingual(f"{column.zh}（{name}）", name)
            problems.append(RowProblem(ProblemCode.MISSING_COLUMN, place, column.zh, "", words))
    national = any(folded(text) == _NATIONAL for text in texts)
    return _Table(tuple(names), headings, implied, national), problems


def unknown_column(heading: str, place: RowPlace) -> RowProblem:
    """Return the problem of a heading that no column has, with the headings that are near."""
    near = get_close_matches(folded(heading), list(_HEADINGS), n=1, cutoff=0.6)
    columns = [COLUMNS[_HEADINGS[near[0]]]] if near else [COLUMNS[name] for name in _every_name()]
    allowed = Bilingual(
        "、".join(f"{column.zh}（{column.name}）" for column in columns),
        ", ".join(column.name for column in columns),
    )
    return RowProblem(ProblemCode.UNKNOWN_COLUMN, place, heading, heading, allowed)


def _every_name() -> list[str]:
    used = {"kind", *(name for fields in FIELDS.values() for name in fields.values())}
    return [name for name in COLUMNS if name in used]
