"""A duty plan as CSV (RFC 4180, UTF-8 with or without a byte-order mark): one line per entry.

Cells are guarded against formulas (shared/domain/csv_cells.py). Times are ISO 8601 with their
offset.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shared.contracts.duty import DutyRule, Member
from shared.domain.csv_cells import guard_cell, unguard_cell
from shared.domain.roster.errors import MOST_ENTRIES, DutyFileError

COLUMNS = (
    "kind", "post", "officer_id", "name", "phone", "addresses", "language", "channels", "begin",
    "end", "members", "starts", "ends", "handover", "turn_days", "turn_hours", "zone",
    "other_id", "other_begin", "other_end", "reason", "modes", "days", "until",
)  # fmt: skip
_OFFICER = ("officer_id", "name", "phone", "language")
_RULE: TypeAdapter[DutyRule] = TypeAdapter(DutyRule)
_MOST_CELL = 4_000


def write(rules: Iterable[DutyRule]) -> str:
    """The entries as CSV, with a header line."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for rule in rules:
        writer.writerow({name: guard_cell(cell) for name, cell in _cells(rule).items()})
    return out.getvalue()


def read(text: str) -> list[DutyRule]:
    """The entries of a CSV text; raises DutyFileError."""
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    duty_rules: list[DutyRule] = []
    problems: list[str] = []
    try:
        header = [name.strip() for name in next(rows, [])]
        if unknown := sorted(set(header) - set(COLUMNS)):
            raise DutyFileError([f"line 1: no column is called {', '.join(unknown)}"])
        if "kind" not in header:
            raise DutyFileError(["line 1: the column kind is missing"])
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if len(duty_rules) + len(problems) >= MOST_ENTRIES:
                raise DutyFileError([f"more than {MOST_ENTRIES} entries"])
            if len(row) > len(header):
                problems.append(f"line {rows.line_num}: more cells than columns")
                continue
            cells = {name: _plain(cell) for name, cell in zip(header, row, strict=False)}
            try:
                duty_rules.append(_rule(cells))
            except ValidationError as error:
                problems += [
                    f"line {rows.line_num}, {_where(problem['loc'])}: {problem['msg']}"
                    for problem in error.errors()
                ]
            except ValueError as error:
                problems.append(f"line {rows.line_num}: {error}")
    except csv.Error as error:
        problems.append(f"line {rows.line_num}: {error}")
    if problems:
        raise DutyFileError(problems)
    return duty_rules


def _cells(rule: DutyRule) -> dict[str, str]:
    fields = rule.model_dump(mode="json", exclude_none=True)
    if isinstance(rule, Member):
        officer = fields.pop("officer")
        fields |= {name: officer[name] for name in _OFFICER if name in officer}
        fields["addresses"] = [f"{channel}={at}" for channel, at in officer["addresses"].items()]
    return {
        name: " ".join(value) if isinstance(value, list) else str(value)
        for name, value in fields.items()
    }


def _rule(cells: Mapping[str, str]) -> DutyRule:
    fields: dict[str, Any] = {name: cell for name, cell in cells.items() if cell}
    for name in ("members", "channels", "modes", "days"):
        if name in fields:
            fields[name] = fields[name].split()
    for name in ("turn_days", "turn_hours"):
        if name in fields:
            if not fields[name].isascii() or not fields[name].isdigit() or len(fields[name]) > 3:
                raise ValueError(f"{name} is no number")
            fields[name] = int(fields[name])
    if fields.get("kind") == "member":
        officer = {name: fields.pop(name) for name in _OFFICER if name in fields}
        pairs = (pair.partition("=") for pair in fields.pop("addresses", "").split())
        fields["officer"] = {**officer, "addresses": {channel: at for channel, _, at in pairs}}
    # Through JSON, so that the contract's strict types read their wire form.
    return _RULE.validate_json(_json(fields))


def _json(fields: Mapping[str, Any]) -> bytes:
    return TypeAdapter(dict[str, Any]).dump_json(dict(fields))


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location[1:] or location)


def _plain(cell: str) -> str:
    cell = cell.strip(" ")
    if len(cell) > _MOST_CELL:
        raise DutyFileError([f"a cell is longer than {_MOST_CELL} characters"])
    return unguard_cell(cell)
