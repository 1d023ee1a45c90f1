"""The files of a whole city are read without an error, and each sensor has its place."""

from __future__ import annotations

from collections import Counter

from shared.contracts.catalog import UnitEntry
from shared.contracts.fields import Tier
from shared.domain.catalog_files.plans import plan_import
from shared.domain.catalog_files.tables import read_table
from tests.support import invented_city
from tests.unit.catalog_files.ledgers import by_key


def test_the_files_of_a_whole_city_are_read_without_an_error() -> None:
    units = plan_import(
        read_table(invented_city.csv_file(invented_city.unit_rows()), "units.csv"), {}
    )
    assert not units.errors
    tree = by_key(units.added)
    tiers = Counter(entry.tier for entry in tree.values() if isinstance(entry, UnitEntry))
    assert tiers == {
        Tier.CITY: 1,
        Tier.DISTRICT: invented_city.DISTRICTS,
        Tier.TOWN: invented_city.TOWNS,
        Tier.VILLAGE: invented_city.VILLAGES,
        Tier.GRID: invented_city.VILLAGES,
        Tier.MICROGRID: 2 * invented_city.VILLAGES,
    }
    sensors = plan_import(
        read_table(invented_city.csv_file(invented_city.sensor_rows()), "sensors.csv"), tree
    )
    assert not sensors.errors
    assert len(by_key(sensors.added)) == invented_city.SENSORS
