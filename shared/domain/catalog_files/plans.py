"""An import as a plan: new, changed and retired entries; or all errors."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from shared.contracts.catalog import Entry, UnitEntry, kind_and_id
from shared.contracts.fields import Tier
from shared.contracts.units import department_of, parent_of
from shared.domain.bilingual import Bilingual
from shared.domain.catalog_files.checks import (
    entry_problems,
    reference_problems,
    retirement_problems,
    source_problems,
    tree_problems,
)
from shared.domain.catalog_files.columns import HEADS_OF_SECTIONS
from shared.domain.catalog_files.entries import EntryRow, cells_of, entry_of, key_of
from shared.domain.catalog_files.limits import MOST_PROBLEMS
from shared.domain.catalog_files.problems import ProblemCode, RowPlace, RowProblem
from shared.domain.catalog_files.rows import Row

_TIERS = tuple(Tier)
_TOPS = frozenset({Tier.CITY, Tier.DISTRICT})
"""The tiers whose centre may be the top of a ledger: its parent is not in it then."""


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field changed by an import, with the texts before and after as cells of a table."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangedEntry:
    """The entry after the import, with the differences from the entry in force."""

    key: str
    entry: Entry
    differences: tuple[FieldDifference, ...]


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """The changes of an import, or its problems: a plan with an error has no changes.

    Units come before their lower units and other entries; `retired` has the reverse order.
    """

    problems: tuple[RowProblem, ...] = ()
    added: tuple[Entry, ...] = ()
    changed: tuple[ChangedEntry, ...] = ()
    retired: tuple[str, ...] = ()
    unchanged: int = 0
    rows: int = 0
    """Rows of the file with an entry, with or without errors."""
    places: Mapping[str, RowPlace] = field(default_factory=dict)
    """The rows of the added and changed entries, by key."""

    @property
    def errors(self) -> tuple[RowProblem, ...]:
        """Return the problems by which the file is refused."""
        return tuple(problem for problem in self.problems if not problem.is_warning)

    @property
    def warnings(self) -> tuple[RowProblem, ...]:
        """Return the problems for a person to look at."""
        return tuple(problem for problem in self.problems if problem.is_warning)


class _Problems:
    """Errors and warnings, each up to the limit; further problems are counted."""

    def __init__(self) -> None:
        self._errors: list[RowProblem] = []
        self._warnings: list[RowProblem] = []
        self._further = 0

    def add(self, problems: Iterable[RowProblem]) -> None:
        for problem in problems:
            problems_of_sort = self._warnings if problem.is_warning else self._errors
            if len(problems_of_sort) < MOST_PROBLEMS:
                problems_of_sort.append(problem)
            else:
                self._further += 1

    @property
    def has_errors(self) -> bool:
        return bool(self._errors)

    def listed(self) -> tuple[RowProblem, ...]:
        """Return the problems in the order of the file."""
        problems = [*self._errors, *self._warnings]
        problems.sort(key=lambda problem: (problem.place.sheet, problem.place.row))
        if self._further:
            problems.append(RowProblem(ProblemCode.MORE_PROBLEMS, value=str(self._further)))
        return tuple(problems)


def plan_import(
    rows: Iterable[Row | RowProblem],
    current: Mapping[str, Entry],
    complete: Collection[str] = (),
) -> ImportPlan:
    """Return the plan of an import; `complete` names the kinds in full in the file."""
    problems = _Problems()
    entry_rows: dict[str, EntryRow] = {}
    refused: dict[str, RowPlace] = {}
    count = 0
    for row in rows:
        if isinstance(row, RowProblem):
            problems.add([row])
            continue
        if row.national and row.cells.get("name") in HEADS_OF_SECTIONS:
            problems.add([_head_of_section(row)])
            continue
        count += 1
        key = key_of(row)
        result = entry_of(row, current.get(key) if key else None)
        if isinstance(result, list):
            problems.add(result)
            if key:
                refused.setdefault(key, row.place)
        elif key in entry_rows:
            problems.add([_repetition(entry_rows[key], result)])
        elif key:
            problems.add(entry_problems(result))
            entry_rows[key] = _shared(result, current.get(key))
    if not count and not problems.has_errors:
        problems.add([RowProblem(ProblemCode.EMPTY_FILE)])
    return _plan_of(entry_rows, refused, current, complete, problems, count)


def _plan_of(
    entry_rows: dict[str, EntryRow],
    refused: Mapping[str, RowPlace],
    current: Mapping[str, Entry],
    complete: Collection[str],
    problems: _Problems,
    count: int,
) -> ImportPlan:
    """Return the plan of the rows without a problem of their own."""
    retired = [
        key
        for key in current
        if kind_and_id(key)[0] in complete and key not in entry_rows and key not in refused
    ]
    names = current.keys() | entry_rows.keys() | refused.keys()
    tops = _tops_of(entry_rows, names)
    problems.add(_tops_beside_each_other(tops))
    entry_rows |= tops
    ledger = dict(current)
    for key in retired:
        del ledger[key]
    ledger |= {key: entry_row.entry for key, entry_row in entry_rows.items()}
    existing = ledger.keys() | refused.keys()
    problems.add(tree_problems(entry_rows, ledger, existing))
    problems.add(reference_problems(entry_rows, existing))
    problems.add(source_problems(entry_rows, ledger))
    problems.add(retirement_problems(retired, ledger))
    if problems.has_errors:
        return ImportPlan(problems.listed(), rows=count)
    added, changed, unchanged = [], [], 0
    places: dict[str, RowPlace] = {}
    for key, entry_row in entry_rows.items():
        before = current.get(key)
        if before != entry_row.entry:
            places[key] = entry_row.place
        if before is None:
            added.append(entry_row.entry)
        elif before == entry_row.entry:
            unchanged += 1
        else:
            changed.append(
                ChangedEntry(key, entry_row.entry, _differences(before, entry_row.entry))
            )
    added.sort(key=entry_order)
    changed.sort(key=lambda change: entry_order(change.entry))
    retired.sort(key=lambda key: entry_order(current[key]), reverse=True)
    return ImportPlan(
        problems.listed(),
        tuple(added),
        tuple(changed),
        tuple(retired),
        unchanged,
        count,
        places,
    )


def _head_of_section(row: Row) -> RowProblem:
    heading, name = row.headings["name"], row.cells["name"]
    return RowProblem(ProblemCode.HEAD_OF_SECTION, row.place, heading, name)


def _tops_of(entry_rows: Mapping[str, EntryRow], names: Collection[str]) -> dict[str, EntryRow]:
    """Return the centres without a parent in the ledger, each with no parent."""
    tops: dict[str, EntryRow] = {}
    for key, entry_row in entry_rows.items():
        unit = entry_row.entry
        if not (entry_row.derived and isinstance(unit, UnitEntry) and unit.tier in _TOPS):
            continue
        if "/" not in unit.unit and f"unit:{unit.parent}" not in names:
            tops[key] = entry_row._replace(entry=unit.model_copy(update={"parent": None}))
    return tops


def _tops_beside_each_other(tops: Mapping[str, EntryRow]) -> Iterator[RowProblem]:
    """Yield a warning for each of several tops, with the parent by the code."""
    for entry_row in tops.values() if len(tops) > 1 else ():
        if isinstance(entry_row.entry, UnitEntry):
            parent = parent_of(entry_row.entry.unit) or ""
            yield entry_row.problem(ProblemCode.ONE_OF_SEVERAL_TOPS, "parent", value=parent)


def entry_order(entry: Entry) -> tuple[bool, int, bool]:
    """Return the rank of an entry: units by tier, departments after their unit, other entries."""
    if not isinstance(entry, UnitEntry):
        return True, 0, False
    return False, _TIERS.index(entry.tier), department_of(entry.unit) is not None


def _shared(entry_row: EntryRow, before: Entry | None) -> EntryRow:
    """Return the row with the entry in force if both are equal: memory holds one of the two."""
    return entry_row._replace(entry=before) if before == entry_row.entry else entry_row


def _repetition(first: EntryRow, second: EntryRow) -> RowProblem:
    """Return the problem of a second row for an entry: two parents, or a plain repetition."""
    words = first.place.in_words()
    if isinstance(first.entry, UnitEntry) and isinstance(second.entry, UnitEntry):
        parents = first.entry.parent, second.entry.parent
        if parents[0] != parents[1]:
            pair = " / ".join(str(parent) for parent in parents)
            conflict = Bilingual(f"{pair}（{words.zh}）", f"{pair} ({words.en})")
            return second.problem(ProblemCode.TWO_PARENTS, "parent", conflict=conflict)
    return second.problem(ProblemCode.DUPLICATE_KEY, "id", conflict=words)


def _differences(before: Entry, after: Entry) -> tuple[FieldDifference, ...]:
    old, new = cells_of(before), cells_of(after)
    return tuple(
        FieldDifference(column, old[column], new[column])
        for column in new
        if old[column] != new[column]
    )
