"""Rows of a JSON file: an array of entries, or one entry after another (JSON lines).

An entry is written as its contract is (shared/contracts/catalog.py) or with the headings of a
table; a record of the catalogue topic counts as its entry. A row is the n-th entry of the file.
The entries are decoded one at a time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from shared.domain.bilingual import Bilingual
from shared.domain.catalog_files.columns import FIELDS, ID_HEADINGS, NATIONAL_HEADING
from shared.domain.catalog_files.limits import MOST_CELL
from shared.domain.catalog_files.problems import ProblemCode, RowPlace, RowProblem, quoted_value
from shared.domain.catalog_files.rows import (
    Row,
    column_of,
    folded,
    kind_of_sheet,
    too_long,
    unknown_column,
)
from shared.domain.catalog_files.text_files import text_file

_SPACE = re.compile(r"[ \t\r\n]*")
_VALUE = Bilingual(
    "文本、数字、true、false、null 或文本的数组",
    "a text, a number, true, false, null or an array of texts",
)
_OBJECT = Bilingual("{…}", "{...}")
_KINDS_OF_IDS = {folded(heading): kind for heading, kind in ID_HEADINGS.items()}


class _RepeatedNameError(ValueError):
    """An object that has a name twice."""


def rows_of_json(content: bytes) -> Iterator[Row | RowProblem]:
    """Yield the entries of a file as rows; a syntax error ends the file."""
    text = text_file(content)
    if isinstance(text, list):
        yield from text
        return
    for row, value in _values(text.open().read()):
        place = RowPlace(row)
        if isinstance(value, RowProblem):
            yield value
        elif isinstance(value, dict):
            yield from _row_of(value, place)
        else:
            quoted = quoted_value(str(value))
            yield RowProblem(ProblemCode.INVALID_VALUE, place, "", quoted, _OBJECT)


def _values(text: str) -> Iterator[tuple[int, Any]]:
    """Yield number and JSON value of each entry; a problem in place of a value ends the file."""
    decoder = json.JSONDecoder(object_pairs_hook=_object_of, parse_constant=_refuse_constant)
    at = _after_space(text, 0)
    in_array = text.startswith("[", at)
    at = _after_space(text, at + 1) if in_array else at
    number = 0
    while at < len(text) and not (in_array and text[at] == "]"):
        number += 1
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            yield number, _syntax_problem(text, at, number, error)
            return
        yield number, value
        at = _after_space(text, at)
        if in_array and at < len(text) and text[at] not in ",]":
            yield number, _syntax_problem(text, at, number, None)
            return
        if in_array and text.startswith(",", at):
            at = _after_space(text, at + 1)
    if in_array and (at == len(text) or _after_space(text, at + 1) < len(text)):
        yield number, _syntax_problem(text, at, number, None)


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise _RepeatedNameError
    return content


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _syntax_problem(text: str, at: int, number: int, error: Exception | None) -> RowProblem:
    place = RowPlace(number)
    at = error.pos if isinstance(error, json.JSONDecodeError) else at
    quoted = quoted_value(text[at : at + 40])
    if isinstance(error, _RepeatedNameError):
        return RowProblem(ProblemCode.DUPLICATE_COLUMN, place, "", quoted)
    line = text.count("\n", 0, at) + 1
    return RowProblem(
        ProblemCode.NOT_JSON, place, "", quoted, conflict=Bilingual(str(line), str(line))
    )


def _row_of(entry: dict[str, Any], place: RowPlace) -> Iterator[Row | RowProblem]:
    if entry.get("type") == "catalog_entry" and isinstance(entry.get("entry"), dict):
        entry = entry["entry"]
    kind = entry.get("kind")
    fields = FIELDS.get(kind_of_sheet(kind) if isinstance(kind, str) else "", {})
    cells: dict[str, str] = {}
    headings: dict[str, str] = {}
    implied = ""
    national = False
    problems: list[RowProblem] = []
    for name, value in _flat(entry):
        heading = quoted_value(name)
        column = fields.get(name) or column_of(name)
        if column is None:
            problems.append(unknown_column(heading, place))
        elif column in cells:
            problems.append(RowProblem(ProblemCode.DUPLICATE_COLUMN, place, heading, heading))
        elif (text := _text_of(value)) is None:
            quoted = quoted_value(json.dumps(value, ensure_ascii=False)[:MOST_CELL])
            problems.append(RowProblem(ProblemCode.INVALID_VALUE, place, heading, quoted, _VALUE))
        elif len(text) > MOST_CELL:
            problems.append(too_long(text, place, heading))
        else:
            cells[column], headings[column] = text.strip(), heading
            implied = implied or _KINDS_OF_IDS.get(folded(name), "")
            national = national or folded(name) == folded(NATIONAL_HEADING)
    yield from problems
    if not problems:
        yield Row(place, cells, headings, implied, national)


def _flat(entry: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the fields of an entry; those of a position one by one."""
    for name, value in entry.items():
        if name != "position":
            yield name, value
        elif isinstance(value, dict):
            yield from ((f"position.{part}", degrees) for part, degrees in value.items())
        elif value is None:
            yield from (("position.lat", None), ("position.lon", None))
        else:
            yield "lat", value


def _text_of(value: Any) -> str | None:
    """Return a JSON value as the text of a cell, None for a value that no cell has."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float():
            return repr(value)
        case list() if all(isinstance(item, str) for item in value):
            return " ".join(value)
        case _:
            return None
