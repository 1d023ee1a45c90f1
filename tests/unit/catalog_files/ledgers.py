"""A small ledger and ledgers in great variety for the tests of ledger files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hypothesis import strategies as st

from shared.contracts.catalog import (
    Entry,
    GroupEntry,
    PlainEntry,
    SensorEntry,
    UnitEntry,
    catalog_key,
)
from shared.contracts.fields import DataGrade, Position
from shared.contracts.units import parent_of, tier_of
from shared.domain.catalog_files.plans import ImportPlan, plan_import
from shared.domain.catalog_files.tables import read_table
from shared.domain.quantities import DATUMS, METRICS

CITY, DISTRICT, TOWN = "500000000000", "500118000000", "500118118000"
VILLAGE = "500118118201"
GRID, MICROGRID = f"{VILLAGE}/grid/001", f"{VILLAGE}/grid/001/02"
WATER = f"{DISTRICT}/water"
NAMES = {
    CITY: "重庆市",
    DISTRICT: "永川区",
    TOWN: "朱沱镇",
    VILLAGE: "四明村村民委员会",
    GRID: "四明村第1网格",
    MICROGRID: "四明村第1网格2号微网格",
    WATER: "永川区水利局",
}


def unit_entry(unit: str, name: str) -> UnitEntry:
    return UnitEntry(unit=unit, tier=tier_of(unit), name=name, parent=parent_of(unit))


def sensor_entry(sensor_id: str, name: str = "朱沱水位站") -> SensorEntry:
    return SensorEntry(
        sensor_id=sensor_id,
        sensor_kind="river_gauge",
        name=name,
        place=TOWN,
        metric="water_level",
        unit="m",
        datum="吴淞",
        interval_s=3600.0,
        lateness_s=0.5,
        site="stream-1",
        position=Position(lat=29.01, lon=105.85),
    )


def by_key(entries: Iterable[Entry]) -> dict[str, Entry]:
    return {catalog_key(entry): entry for entry in entries}


LEDGER = by_key(
    [
        *(unit_entry(unit, name) for unit, name in NAMES.items()),
        GroupEntry(group="flood", name="防汛专班", owner=DISTRICT, members=(WATER, TOWN)),
        sensor_entry("gauge-1"),
        PlainEntry(kind="data", resource_id="population", name="常住人口", owner="统计局"),
        PlainEntry(kind="topic", resource_id="a.b.v1", name="读数", owner="平台", share="open"),
    ]
)
"""A ledger with all six tiers, a department and an entry of most kinds."""


def plan_of(
    content: bytes | str,
    current: Mapping[str, Entry] = LEDGER,
    name: str = "file.csv",
    complete: tuple[str, ...] = (),
) -> ImportPlan:
    """Return the plan for a file."""
    data = content.encode() if isinstance(content, str) else content
    return plan_import(read_table(data, name), current, complete)


def problems_of(
    content: bytes | str, current: Mapping[str, Entry] = LEDGER, name: str = "file.csv"
) -> list[tuple[int, str, str]]:
    """Return row, column and code of each problem of a file."""
    plan = plan_of(content, current, name)
    assert not plan.errors or not (plan.added or plan.changed or plan.retired)
    return [(problem.place.row, problem.column, problem.code.value) for problem in plan.problems]


_LINES = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=200,
).filter(lambda text: text == text.strip() and text)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
_SLUGS = st.from_regex(r"[a-z][a-z_]{0,31}", fullmatch=True)
_SENSOR_IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._\-]{0,63}", fullmatch=True)
_RESOURCES = st.from_regex(r"[a-z0-9][a-z0-9._\-]{0,95}", fullmatch=True)
_PLAIN_KINDS = st.sampled_from(["topic", "service", "rule_pack", "data", "application"])
_UNITS = st.sampled_from(list(NAMES))


@st.composite
def _sensors(draw: st.DrawFn) -> SensorEntry:
    metric = draw(st.sampled_from(sorted(METRICS)))
    datums = st.none() | st.sampled_from(DATUMS) if METRICS[metric].datum_kinds else st.none()
    degrees = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
    position = draw(st.none() | degrees)
    return SensorEntry(
        sensor_id=draw(_SENSOR_IDS),
        sensor_kind=draw(st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True)),
        name=draw(_LINES),
        place=draw(_UNITS),
        metric=metric,
        unit=draw(st.sampled_from(METRICS[metric].units)),
        datum=draw(datums),
        interval_s=draw(st.floats(0, 31 * 86_400, exclude_min=True)),
        lateness_s=draw(st.none() | st.floats(0, 7 * 86_400)),
        site=draw(st.none() | st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:\-]{0,95}", fullmatch=True)),
        position=None if position is None else Position(lat=position[0], lon=position[1]),
        owner=draw(st.none() | _UNITS),
        category=draw(st.none() | _LINES),
        grade=draw(st.none() | st.sampled_from(DataGrade)),
        installed=draw(st.booleans()),
        synthetic=draw(st.booleans()),
    )


@st.composite
def _groups(draw: st.DrawFn) -> GroupEntry:
    return GroupEntry(
        group=draw(_SLUGS),
        name=draw(_LINES),
        owner=draw(_UNITS),
        members=tuple(draw(st.lists(_UNITS, min_size=1, max_size=7, unique=True))),
        synthetic=draw(st.booleans()),
    )


@st.composite
def _plain_entries(draw: st.DrawFn) -> PlainEntry:
    return PlainEntry(
        kind=draw(_PLAIN_KINDS),  # type: ignore[arg-type]
        resource_id=draw(_RESOURCES),
        name=draw(_LINES),
        owner=draw(_LINES),
        category=draw(st.none() | _LINES),
        grade=draw(st.none() | st.sampled_from(DataGrade)),
        place=draw(st.none() | _UNITS),
        datum=draw(st.none() | st.sampled_from(DATUMS)),
        interval_s=draw(st.none() | st.floats(0, 31 * 86_400, exclude_min=True)),
        source=draw(st.none() | st.just("source:gas-network")),
        share=draw(st.sampled_from(["open", "conditional", "closed"])),
    )


@st.composite
def _units(draw: st.DrawFn) -> list[UnitEntry]:
    return [
        UnitEntry(
            unit=unit,
            tier=tier_of(unit),
            name=draw(_LINES),
            parent=parent_of(unit),
            roles=tuple(draw(st.lists(_SLUGS, max_size=3, unique=True))),
            synthetic=draw(st.booleans()),
        )
        for unit in NAMES
    ]


def _datum(entry: Entry) -> object:
    if isinstance(entry, SensorEntry):
        return entry.place, entry.metric, entry.name
    return (entry.kind, entry.name) if isinstance(entry, PlainEntry) else catalog_key(entry)


@st.composite
def ledgers(draw: st.DrawFn) -> dict[str, Entry]:
    """Draw ledgers without a problem, by key."""
    entries = draw(st.lists(st.one_of(_sensors(), _groups(), _plain_entries()), max_size=6))
    distinct = {_datum(entry): entry for entry in by_key(entries).values()}
    return by_key([*draw(_units()), *distinct.values()])
