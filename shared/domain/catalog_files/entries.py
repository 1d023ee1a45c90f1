"""A row becomes an entry, and an entry becomes cells: the forms of values in both directions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from pydantic import ValidationError

from shared.contracts.catalog import Entry
from shared.contracts.fields import Language
from shared.contracts.units import is_unit, parent_of, tier_of
from shared.domain.bilingual import Bilingual
from shared.domain.catalog_files.columns import (
    CHECKED_ONLY,
    COLUMNS,
    FIELDS,
    MODELS,
    NO,
    YES,
    CellForm,
    words_of,
)
from shared.domain.catalog_files.problems import (
    NO_WORDS,
    ProblemCode,
    RowPlace,
    RowProblem,
    quoted_value,
)
from shared.domain.catalog_files.rows import Row, folded, kind_of_sheet

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")
_SHORTENED = re.compile(r"[0-9](\.[0-9]+)?[eE]\+[0-9]+")
_BETWEEN = re.compile(r"[\s,;、，；|]+")
_DIGITS = re.compile(r"[0-9]{2,11}")
_CODE_DIGITS = 12
_UNIT_COLUMNS = frozenset({"id", "parent", "place"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ufffe\uffff]")


class EntryRow(NamedTuple):
    """An entry with its place. `derived`: the parent of the unit follows from its code alone."""

    entry: Entry
    place: RowPlace
    headings: Mapping[str, str]
    derived: bool = False

    def problem(
        self,
        code: ProblemCode,
        column: str,
        *,
        allowed: Bilingual = NO_WORDS,
        conflict: Bilingual = NO_WORDS,
        value: str | None = None,
    ) -> RowProblem:
        """Return a problem of a column of the row; it quotes the value of the entry."""
        heading = self.headings.get(column, COLUMNS[column].zh)
        quoted = quoted_value(cells_of(self.entry)[column] if value is None else value)
        return RowProblem(code, self.place, heading, quoted, allowed, conflict)


def kind_of(row: Row) -> str:
    """Return the kind of a row's entry: of its cell, else of its sheet; empty for no known kind."""
    text = row.cells.get("kind", "")
    return kind_of_sheet(text) if text else row.kind


def key_of(row: Row) -> str | None:
    """Return the key of a row's entry, None without a kind or an id."""
    kind, text = kind_of(row), _coded(row.cells.get("id", ""))
    return f"{kind}:{text}" if kind and text else None


def entry_of(row: Row, current: Entry | None) -> EntryRow | list[RowProblem]:
    """Return the entry of a row, or all problems of its cells.

    A column that the file does not have leaves the field of the `current` entry as it is.
    """
    kind = kind_of(row)
    if not kind:
        return [_kind_problem(row)]
    problems = list(_cell_problems(row, kind))
    fields: dict[str, Any] = {"kind": kind}
    for name, column in FIELDS[kind].items():
        if column not in row.cells:
            if current is not None:
                _keep(fields, name, current)
            continue
        text = row.cells[column]
        if not text:
            continue
        value = _value_of(column, text)
        if isinstance(value, ProblemCode):
            problems.append(_problem(row, kind, column, value))
        else:
            fields[name] = value
    derived = kind == "unit" and _complete_unit(fields, row, current)
    problems += _missing(fields, row, kind)
    result = _validated(fields, row, kind, derived=derived)
    if isinstance(result, list):
        columns = {problem.column for problem in problems}
        problems += [problem for problem in result if problem.column not in columns]
    return problems or result


def cells_of(entry: Entry, language: Language | None = None) -> dict[str, str]:
    """Return the cells of an entry by column; words of closed sets in a language if one is named.

    The cells are read back as an equal entry, in any language.
    """
    cells = {"kind": _word("kind", entry.kind, language)}
    for name, column in FIELDS[entry.kind].items():
        value: Any = entry
        for part in name.split("."):
            value = getattr(value, part) if value is not None else None
        cells[column] = _word(column, _text_of(value), language)
    return cells


def _text_of(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return YES if value else NO
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case tuple():
            return " ".join(value)
        case _:
            return str(value)


def _word(column: str, text: str, language: Language | None) -> str:
    words = COLUMNS[column].words
    if language is None or column in ("metric", "unit_of_measure") or text not in words:
        return text
    return words[text].of(language)


def _value_of_word(column: str, text: str) -> str | None:
    """Return the value that a word means; case counts in units of measure: mPa is not MPa."""
    return _values_of_words(column).get(_normal(column)(text))


@cache
def _values_of_words(column: str) -> dict[str, str]:
    """Return the value of each word of a column; a word of two values means neither."""
    normal = _normal(column)
    values: dict[str, str] = {}
    ambiguous = set()
    for value, word in COLUMNS[column].words.items():
        for text in {normal(value), normal(word.zh), normal(word.en)}:
            if values.setdefault(text, value) != value:
                ambiguous.add(text)
    return {text: value for text, value in values.items() if text not in ambiguous}


def _normal(column: str) -> Callable[[str], str]:
    return _coded if column == "unit_of_measure" else folded


def _cell_problems(row: Row, kind: str) -> list[RowProblem]:
    """Return the problems of cells that need no other cell."""
    own = {"kind", *FIELDS[kind].values(), *(CHECKED_ONLY if kind == "unit" else ())}
    problems = []
    for column, text in row.cells.items():
        if text and column not in own:
            heading = row.headings[column]
            problems.append(
                RowProblem(ProblemCode.COLUMN_NOT_OF_KIND, row.place, heading, quoted_value(text))
            )
        elif _CONTROL.search(text):
            code = ProblemCode.CONTROL_CHARACTER
            problems.append(_problem(row, kind, column, code))
    for column in CHECKED_ONLY & row.cells.keys():
        text = _coded(row.cells[column])
        if column == "short_code":
            wrong = text and padded(text) != padded(_coded(row.cells.get("id", "")))
        else:
            wrong = text and text not in COLUMNS[column].words
        if wrong and kind == "unit":
            problems.append(_problem(row, kind, column, ProblemCode.INVALID_VALUE))
    return problems


def _value_of(column: str, text: str) -> Any:
    """Return the value of a cell, or the code of its problem."""
    match COLUMNS[column].form:
        case CellForm.NUMBER:
            number = unicodedata.normalize("NFKC", text)
            if not _NUMBER.fullmatch(number):
                return ProblemCode.INVALID_VALUE
            return float(number)
        case CellForm.FLAG:
            value = {"1": YES, "0": NO}.get(text, _value_of_word(column, text))
            return ProblemCode.INVALID_VALUE if value is None else value == YES
        case CellForm.CODES:
            return tuple(dict.fromkeys(filter(None, map(_coded, _BETWEEN.split(text)))))
        case CellForm.CODE:
            code = _coded(text)
            if column in _UNIT_COLUMNS and _SHORTENED.fullmatch(code):
                return ProblemCode.SHORTENED_NUMBER
            if column == "parent":
                return padded(code)
            return _value_of_word(column, code) or code
        case CellForm.TEXT:
            return text


def _coded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def padded(code: str) -> str:
    """Return the code of 12 digits that a shorter code of a division stands for."""
    return code.ljust(_CODE_DIGITS, "0") if _DIGITS.fullmatch(code) else code


def _keep(fields: dict[str, Any], name: str, current: Entry) -> None:
    """Take a field over from the entry in force."""
    value: Any = current
    for part in name.split("."):
        value = getattr(value, part) if value is not None else None
    if value is not None:
        fields[name] = value


def _complete_unit(fields: dict[str, Any], row: Row, current: Entry | None) -> bool:
    """Fill in tier and parent where the file has none; return whether the parent was."""
    unit = fields.get("unit", "")
    if not is_unit(unit):
        return False
    fields.setdefault("tier", tier_of(unit))
    is_current = "parent" not in row.cells and current is not None
    if is_current or "parent" in fields or (parent := parent_of(unit)) is None:
        return False
    fields["parent"] = parent
    return True


def _missing(fields: Mapping[str, Any], row: Row, kind: str) -> list[RowProblem]:
    """Return the problems of required fields without a value, and of half a position."""
    problems = []
    for name, column in FIELDS[kind].items():
        field = MODELS[kind].model_fields.get(name)
        halves = {"position.lat": "position.lon", "position.lon": "position.lat"}
        required = halves[name] in fields if name in halves else field and field.is_required()
        empty = name not in fields and not row.cells.get(column)
        if required and empty and not (column == "tier" and "unit" in fields):
            problems.append(_problem(row, kind, column, ProblemCode.MISSING_VALUE))
    return problems


def _validated(
    fields: dict[str, Any], row: Row, kind: str, *, derived: bool
) -> EntryRow | list[RowProblem]:
    columns = FIELDS[kind]
    lat, lon = fields.pop("position.lat", None), fields.pop("position.lon", None)
    try:
        if lat is not None:
            fields["position"] = {"lat": lat, "lon": lon}
        entry = MODELS[kind].model_validate(fields, strict=False)
    except ValidationError as error:
        wrong = {".".join(map(str, problem["loc"])) for problem in error.errors()}
        names = [name for name in columns if any(f"{at}.".startswith(f"{name}.") for at in wrong)]
        stated = [name for name in names if row.cells.get(columns[name])] or names
        return [_problem(row, kind, columns[name], ProblemCode.INVALID_VALUE) for name in stated]
    return EntryRow(entry, row.place, row.headings, derived)


def _problem(row: Row, kind: str, column: str, code: ProblemCode) -> RowProblem:
    heading = row.headings.get(column, COLUMNS[column].zh)
    value = quoted_value(row.cells.get(column, ""))
    return RowProblem(code, row.place, heading, value, words_of(kind, column))


def _kind_problem(row: Row) -> RowProblem:
    text = row.cells.get("kind", "")
    column = COLUMNS["kind"]
    heading = row.headings.get("kind", column.zh)
    code = ProblemCode.INVALID_VALUE if text else ProblemCode.MISSING_VALUE
    return RowProblem(code, row.place, heading, quoted_value(text), column.allowed)
