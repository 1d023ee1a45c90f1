"""A unit becomes part of another: nothing is lost, nothing names a retired unit, codes are new."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.catalog.core.changes import apply
from services.catalog.core.ledger import Ledger
from services.catalog.core.refusals import LedgerRefusal
from services.catalog.core.versions import EntryVersion, named_units, unit_key
from shared.contracts.catalog import Entry, GroupEntry, SensorEntry, UnitEntry, catalog_key
from shared.contracts.dead_letter import Reason
from shared.contracts.sources import SourceEntry
from shared.contracts.units import is_within
from tests.unit.catalog.builders import (
    CITY,
    DISTRICT,
    OTHER_TOWN,
    T0,
    TOWN,
    VILLAGE,
    a_data_set,
    a_group,
    a_ledger,
    a_request,
    a_sensor,
    a_source,
    a_unit,
    a_version,
    merge,
)

NOW = T0 + timedelta(minutes=1)
GRID = f"{VILLAGE}/grid/001"


def merged(
    ledger: Ledger, unit: str = TOWN, into: str = OTHER_TOWN, by: str = DISTRICT
) -> dict[str, EntryVersion]:
    versions = apply(ledger, a_request(merge(unit, into), by), NOW)
    return {version.key: version for version in versions}


def test_owners_of_sensors_and_places_of_data_are_of_the_other_town() -> None:
    owned = a_sensor("owned", DISTRICT).model_copy(update={"owner": VILLAGE})
    versions = merged(a_ledger(owned, a_data_set(place=TOWN)))
    sensor = versions["sensor:owned"].live
    assert isinstance(sensor, SensorEntry)
    assert (sensor.place, sensor.owner) == (DISTRICT, "500118107201")
    assert versions["data:rain-2026"].live == a_data_set(place=OTHER_TOWN)


def test_a_town_leaves_its_villages_places_and_groups_to_the_other() -> None:
    ledger = a_ledger(
        a_unit(GRID),
        a_unit(f"{GRID}/02"),
        a_unit(f"{TOWN}/water", roles=("riverside",)),
        a_sensor("at-town", TOWN),
        a_sensor("at-grid", GRID),
        a_group(TOWN, OTHER_TOWN, VILLAGE),
        a_source(VILLAGE, OTHER_TOWN, owner=TOWN),
    )
    versions = merged(ledger)
    new_village = "500118107201"
    assert {key for key, version in versions.items() if version.retired} == {
        unit_key(unit) for unit in (TOWN, VILLAGE, GRID, f"{GRID}/02", f"{TOWN}/water")
    }
    assert {key for key, version in versions.items() if not version.retired} == {
        unit_key(new_village),
        unit_key(f"{new_village}/grid/001"),
        unit_key(f"{new_village}/grid/001/02"),
        unit_key(f"{OTHER_TOWN}/water"),
        "sensor:at-town",
        "sensor:at-grid",
        "group:flood_force",
        "source:gas-network",
    }
    department = ledger.entry(unit_key(f"{OTHER_TOWN}/water"))
    assert isinstance(department, UnitEntry)
    assert (department.parent, department.roles) == (OTHER_TOWN, ("riverside",))
    places = [ledger.entry(f"sensor:{name}") for name in ("at-town", "at-grid")]
    assert [place.place for place in places if isinstance(place, SensorEntry)] == [
        OTHER_TOWN,
        f"{new_village}/grid/001",
    ]
    group = ledger.entry("group:flood_force")
    assert isinstance(group, GroupEntry)
    assert group.members == (OTHER_TOWN, new_village)
    source = ledger.entry("source:gas-network")
    assert isinstance(source, SourceEntry)
    assert (source.owner, source.places) == (OTHER_TOWN, (new_village, OTHER_TOWN))


def test_a_code_in_use_or_used_before_is_given_to_nobody_else() -> None:
    in_use = a_unit("500118107201", "本村")
    before = a_version(a_unit("500118107202"), retired=True)
    ledger = a_ledger(in_use, a_unit("500118118399"), a_unit("500118118001"))
    ledger.put(before)
    ledger.put(a_version(a_unit("500118107399"), retired=True))
    merged(ledger)
    assert ledger.entry(unit_key("500118107201")) == in_use
    villages = {
        key for key in ledger.naming(OTHER_TOWN) if isinstance(ledger.entry(key), UnitEntry)
    }
    assert villages == {unit_key(f"500118107{number}") for number in ("001", "200", "201", "203")}


def test_a_department_joins_that_of_the_other_unit() -> None:
    ledger = a_ledger(
        a_unit(f"{TOWN}/water", "甲站"), a_unit(f"{OTHER_TOWN}/water", "乙站"),
        a_sensor(place=f"{TOWN}/water"),
    )  # fmt: skip
    versions = merged(ledger)
    assert unit_key(f"{OTHER_TOWN}/water") not in versions
    sensor = ledger.entry("sensor:gauge-1")
    assert isinstance(sensor, SensorEntry)
    assert sensor.place == f"{OTHER_TOWN}/water"


def test_the_roles_of_a_merged_unit_go_on() -> None:
    ledger = a_ledger(a_unit(TOWN, roles=("riverside", "mine")), a_unit(OTHER_TOWN, roles=("dam",)))
    merged(ledger)
    entry = ledger.entry(unit_key(OTHER_TOWN))
    assert isinstance(entry, UnitEntry)
    assert entry.roles == ("dam", "riverside", "mine")


@pytest.mark.parametrize(
    ("unit", "into", "by", "reason"),
    [
        (TOWN, OTHER_TOWN, TOWN, Reason.NOT_ALLOWED),
        (TOWN, OTHER_TOWN, OTHER_TOWN, Reason.NOT_ALLOWED),
        (TOWN, TOWN, DISTRICT, Reason.SCHEMA),
        (VILLAGE, TOWN, DISTRICT, Reason.SCHEMA),
        (VILLAGE, OTHER_TOWN, DISTRICT, Reason.SCHEMA),
        (TOWN, DISTRICT, CITY, Reason.SCHEMA),
        (TOWN, "500118200000", DISTRICT, Reason.UNKNOWN_SUBJECT),
        ("500118200000", TOWN, DISTRICT, Reason.UNKNOWN_SUBJECT),
    ],
)
def test_a_merger_is_refused_and_changes_nothing(
    unit: str, into: str, by: str, reason: Reason
) -> None:
    ledger = a_ledger(a_sensor(place=TOWN))
    with pytest.raises(LedgerRefusal) as refusal:
        merged(ledger, unit, into, by)
    assert refusal.value.reason is reason
    assert ledger.has_unit(TOWN)
    assert ledger.naming(OTHER_TOWN) == set()


def test_a_merger_without_a_code_left_is_refused() -> None:
    full = [a_unit(f"500118107{number}") for number in range(200, 400)]
    with pytest.raises(LedgerRefusal, match="no code left"):
        merged(a_ledger(*full))


NUMBERS = st.sets(st.integers(1, 399), max_size=12)


@settings(deadline=None)
@given(own=NUMBERS, beside=NUMBERS, retired=NUMBERS, grids=st.sets(st.integers(0, 4), max_size=3))
def test_after_a_merger_every_entry_lies_where_its_code_says(
    own: set[int], beside: set[int], retired: set[int], grids: set[int]
) -> None:
    units = [f"{TOWN[:9]}{number:03}" for number in sorted(own)]
    places = [f"{unit}/grid/{grid:03}" for unit in units for grid in sorted(grids)]
    entries: list[Entry] = [a_unit(unit) for unit in (*units, *places)]
    entries += [a_unit(f"{OTHER_TOWN[:9]}{number:03}") for number in sorted(beside)]
    entries += [a_sensor(f"s-{n}", place) for n, place in enumerate((TOWN, *units, *places))]
    ledger = a_ledger(*entries)
    for number in sorted(retired - beside):
        ledger.put(a_version(a_unit(f"{OTHER_TOWN[:9]}{number:03}"), retired=True))
    versions = merged(ledger)
    live = [version.live for version in versions.values() if version.live is not None]
    retired_keys = {version.key for version in versions.values() if version.retired}
    assert {unit_key(unit) for unit in (TOWN, *units, *places)} <= retired_keys
    for entry in live:
        assert not {unit_key(unit) for unit in named_units(entry)} & retired_keys, catalog_key(
            entry
        )
        assert all(ledger.has_unit(unit) for unit in named_units(entry))
        if isinstance(entry, UnitEntry) and entry.unit != OTHER_TOWN:
            assert entry.parent is not None
            assert is_within(entry.unit, entry.parent)
    new_units = [entry for entry in live if isinstance(entry, UnitEntry)]
    assert len({entry.unit for entry in new_units}) >= len(units) + len(places)
    assert sum(isinstance(entry, SensorEntry) for entry in live) == 1 + len(units) + len(places)
