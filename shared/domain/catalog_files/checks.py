"""Checks between entries: the tree, references, metrics, one source per datum."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from shared.contracts.catalog import (
    Entry,
    GroupEntry,
    PlainEntry,
    SensorEntry,
    UnitEntry,
    kind_and_id,
)
from shared.contracts.units import is_within, parent_of, tier_of
from shared.domain.bilingual import Bilingual
from shared.domain.catalog_files.columns import KINDS, TIERS
from shared.domain.catalog_files.entries import EntryRow
from shared.domain.catalog_files.problems import ProblemCode, RowPlace, RowProblem, quoted_value
from shared.domain.quantities import DATUMS, METRICS, needs_datum

_MOST_OF_CYCLE = 5
_UNITS = "unit:"


def entry_problems(entry_row: EntryRow) -> Iterator[RowProblem]:
    """Yield the problems of an entry by itself."""
    entry = entry_row.entry
    if isinstance(entry, UnitEntry):
        tier = tier_of(entry.unit)
        if entry.tier is not tier:
            word = TIERS[tier.value]
            allowed = Bilingual(f"{word.zh}（{tier.value}）", tier.value)
            yield entry_row.problem(ProblemCode.WRONG_TIER, "tier", allowed=allowed)
    elif isinstance(entry, SensorEntry):
        yield from _quantity_problems(entry, entry_row)


def _quantity_problems(sensor: SensorEntry, entry_row: EntryRow) -> Iterator[RowProblem]:
    quantity = METRICS.get(sensor.metric)
    if quantity is None:
        yield entry_row.problem(ProblemCode.UNKNOWN_METRIC, "metric")
    elif sensor.unit not in quantity.units:
        allowed = Bilingual("、".join(quantity.units), ", ".join(quantity.units))
        yield entry_row.problem(ProblemCode.UNIT_NOT_OF_METRIC, "unit_of_measure", allowed=allowed)
    datums = Bilingual("、".join(DATUMS), ", ".join(DATUMS))
    if sensor.datum is None:
        if needs_datum(sensor.metric, sensor.sensor_kind):
            yield entry_row.problem(ProblemCode.DATUM_NOT_STATED, "datum", allowed=datums)
    elif quantity is not None and not quantity.datum_kinds:
        allowed = Bilingual("空", "empty")
        yield entry_row.problem(ProblemCode.DATUM_NOT_OF_METRIC, "datum", allowed=allowed)
    elif sensor.datum not in DATUMS:
        yield entry_row.problem(ProblemCode.UNKNOWN_DATUM, "datum", allowed=datums)


def tree_problems(
    rows: Mapping[str, EntryRow], ledger: Mapping[str, Entry], existing: Collection[str]
) -> Iterator[RowProblem]:
    """Yield the problems of parents: cycles, missing parents, parents against the code.

    `rows` are the entries of the file and `ledger` all entries after the import, both by key;
    `existing` also has the keys of refused rows.
    """
    cycles = _cycles(ledger)
    for entry_row in rows.values():
        unit = entry_row.entry
        if not isinstance(unit, UnitEntry) or unit.parent is None:
            continue
        if unit.unit in cycles:
            path = " → ".join(cycles[unit.unit])
            yield entry_row.problem(
                ProblemCode.TREE_CYCLE, "parent", conflict=Bilingual(path, path)
            )
        elif not is_within(unit.unit, unit.parent):
            parent = parent_of(unit.unit)
            zh, en = (f"{parent} 或其上级", f"{parent} or above") if parent else ("空", "empty")
            allowed = Bilingual(zh, en)
            yield entry_row.problem(ProblemCode.WRONG_PARENT, "parent", allowed=allowed)
        elif f"{_UNITS}{unit.parent}" not in existing:
            yield entry_row.problem(ProblemCode.MISSING_PARENT, "parent")


def _cycles(ledger: Mapping[str, Entry]) -> dict[str, list[str]]:
    """Return the units of each cycle of parents, each unit with the path of the cycle."""
    parents = {
        entry.unit: entry.parent
        for entry in ledger.values()
        if isinstance(entry, UnitEntry) and entry.parent is not None
    }
    settled: set[str] = set()
    cycles: dict[str, list[str]] = {}
    for start in parents:
        path: dict[str, None] = {}
        unit: str | None = start
        while unit is not None and unit not in settled and unit not in path:
            path[unit] = None
            unit = parents.get(unit)
        if unit is not None and unit in path:
            line = list(path)
            circle = line[line.index(unit) :]
            names = [*circle[:_MOST_OF_CYCLE], *(["…"] if len(circle) > _MOST_OF_CYCLE else [])]
            cycles |= {key: [*names, circle[0]] for key in circle}
        settled |= path.keys()
    return cycles


def reference_problems(
    rows: Mapping[str, EntryRow], existing: Collection[str]
) -> Iterator[RowProblem]:
    """Yield the references of the file to units and to origins of data outside the ledger.

    Sources with keys are no matter of a file: the ledger checks a reference to one of them.
    """
    for entry_row in rows.values():
        for column, unit in _references(entry_row.entry):
            if column != "parent" and f"{_UNITS}{unit}" not in existing:
                yield entry_row.problem(ProblemCode.UNKNOWN_UNIT, column, value=unit)
        source = _source_of(entry_row.entry)
        if source is not None and kind_and_id(source)[0] in KINDS and source not in existing:
            yield entry_row.problem(ProblemCode.UNKNOWN_SOURCE, "source")


def _references(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield the column and the unit of each reference of an entry."""
    match entry:
        case UnitEntry(parent=str(parent)):
            yield "parent", parent
        case SensorEntry():
            yield "place", entry.place
            if entry.owner is not None:
                yield "owner", entry.owner
        case PlainEntry(place=str(place)):
            yield "place", place
        case GroupEntry():
            yield "owner", entry.owner
            for member in entry.members:
                yield "members", member


def _source_of(entry: Entry) -> str | None:
    return entry.source if isinstance(entry, PlainEntry) else None


def retirement_problems(
    retired: Iterable[str], ledger: Mapping[str, Entry]
) -> Iterator[RowProblem]:
    """Yield the retired units to which an entry of the ledger refers."""
    units = {key.removeprefix(_UNITS): key for key in retired if key.startswith(_UNITS)}
    for key, entry in ledger.items() if units else ():
        for _, unit in _references(entry):
            if units.pop(unit, None) is not None:
                yield RowProblem(
                    ProblemCode.IN_USE,
                    RowPlace(),
                    value=unit,
                    conflict=Bilingual(quoted_value(key), quoted_value(key)),
                )


def source_problems(
    rows: Mapping[str, EntryRow], ledger: Mapping[str, Entry]
) -> Iterator[RowProblem]:
    """Yield the entries of the file with a datum of another entry (一数一源).

    The datum of a sensor is its metric under its name at its place; that of a data set its name.
    """
    providers: dict[tuple[str, ...], str] = {}
    for key, entry in ledger.items():
        if (datum := _datum_of(entry)) is not None and key not in rows:
            providers.setdefault(datum, key)
    for key, entry_row in rows.items():
        datum = _datum_of(entry_row.entry)
        if datum is None:
            continue
        provider = providers.setdefault(datum, key)
        if provider != key:
            yield entry_row.problem(
                ProblemCode.SECOND_SOURCE, "name", conflict=place_words(provider, rows)
            )


def _datum_of(entry: Entry) -> tuple[str, ...] | None:
    match entry:
        case SensorEntry():
            return "sensor", entry.place, entry.metric, entry.name
        case PlainEntry(kind="data"):
            return "data", entry.name
        case _:
            return None


def place_words(key: str, rows: Mapping[str, EntryRow]) -> Bilingual:
    """Return key and row of an entry in words."""
    quoted = quoted_value(key)
    row = rows.get(key)
    if row is None:
        return Bilingual(f"{quoted}（编目中）", f"{quoted} in the catalogue")
    place = row.place.in_words()
    return Bilingual(f"{quoted}（{place.zh}）", f"{quoted} in {place.en}")
