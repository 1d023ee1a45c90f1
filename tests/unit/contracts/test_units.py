"""The grammar of unit ids: tier, parent and containment, by table and by property."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.fields import LEVEL_ORDER, Level, Tier
from shared.contracts.units import (
    ancestor_at,
    is_above_cities,
    is_within,
    lineage,
    nearest_at,
    parent_of,
    span_of,
    tier_of,
)

DIVISIONS = Path("deploy/example")
CASES = [
    ("500000000000", Tier.CITY, None),
    ("500118000000", Tier.DISTRICT, "500000000000"),
    ("500118118000", Tier.TOWN, "500118000000"),
    ("500118118201", Tier.VILLAGE, "500118118000"),
    ("500118118201/grid/003", Tier.GRID, "500118118201"),
    ("500118118201/grid/003/02", Tier.MICROGRID, "500118118201/grid/003"),
    ("500118000000/water", Tier.DISTRICT, "500118000000"),
    # a city of districts
    ("510100000000", Tier.CITY, None),
    ("510104000000", Tier.DISTRICT, "510100000000"),
    ("510104021000", Tier.TOWN, "510104000000"),
    ("510104021001", Tier.VILLAGE, "510104021000"),
    ("510104021001/grid/001", Tier.GRID, "510104021001"),
    ("510181000000", Tier.DISTRICT, "510100000000"),
    ("511000000000", Tier.CITY, None),
    ("511002000000", Tier.DISTRICT, "511000000000"),
    # functional zones of the statistics bureau's list: like a district, like a town
    ("130171000000", Tier.DISTRICT, "130100000000"),
    ("130109501000", Tier.TOWN, "130109000000"),
    # a city without districts
    ("441900000000", Tier.CITY, None),
    ("441900003000", Tier.TOWN, "441900000000"),
    ("441900003001", Tier.VILLAGE, "441900003000"),
    ("441900000000/fire", Tier.CITY, "441900000000"),
    # counties directly below a province
    ("429004000000", Tier.DISTRICT, None),
    ("429004100000", Tier.TOWN, "429004000000"),
    ("659001000000", Tier.DISTRICT, None),
    # the other municipalities
    ("110000000000", Tier.CITY, None),
    ("110101000000", Tier.DISTRICT, "110000000000"),
    ("310151000000", Tier.DISTRICT, "310000000000"),
    ("120119000000", Tier.DISTRICT, "120000000000"),
    ("500229000000", Tier.DISTRICT, "500000000000"),
    # provinces and their groups of counties, which are above all units
    ("510000000000", Tier.CITY, None),
    ("429000000000", Tier.CITY, None),
]


@pytest.mark.parametrize(("unit", "tier", "parent"), CASES)
def test_tier_and_parent_follow_from_the_id(unit: str, tier: Tier, parent: str | None) -> None:
    assert tier_of(unit) is tier
    assert parent_of(unit) == parent


def test_a_micro_grid_knows_every_unit_above_it() -> None:
    leaf = "500118118201/grid/003/02"
    assert lineage(leaf) == [
        leaf,
        "500118118201/grid/003",
        "500118118201",
        "500118118000",
        "500118000000",
        "500000000000",
    ]
    assert ancestor_at(leaf, Tier.TOWN) == "500118118000"
    assert ancestor_at("500118000000", Tier.TOWN) is None
    assert ancestor_at("500118000000/water", Tier.DISTRICT) == "500118000000"


def _shipped_divisions() -> Iterator[dict[str, str]]:
    for name in ("yongchuan_divisions.csv", "gauge_districts.csv"):
        with (DIVISIONS / name).open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def test_the_published_list_has_these_tiers_and_parents() -> None:
    rows = list(_shipped_divisions())
    assert len(rows) > 290
    for row in rows:
        code = row["code12"]
        assert tier_of(code) == row["level"], row
        assert parent_of(code) == (row["parent"].ljust(12, "0") if row["parent"] else None), row


@pytest.mark.parametrize(
    ("code", "above"),
    [
        ("510000000000", True),
        ("429000000000", True),
        ("469000000000", True),
        ("500000000000", False),
        ("510100000000", False),
        ("429004000000", False),
        ("510000001000", False),
    ],
)
def test_a_province_is_above_all_units(code: str, above: bool) -> None:
    assert is_above_cities(code) is above
    if above:
        assert not is_within("510104021001", code)
        assert not is_within("429004100000", code)


@pytest.mark.parametrize(
    ("unit", "tier", "nearest"),
    [
        ("510104021001", Tier.DISTRICT, "510104000000"),
        ("441900003001/grid/001", Tier.DISTRICT, "441900000000"),
        ("441900003001", Tier.TOWN, "441900003000"),
        ("441900000000", Tier.DISTRICT, None),
        ("429004100000", Tier.DISTRICT, "429004000000"),
        ("429004100000", Tier.CITY, None),
        ("500118000000/water", Tier.DISTRICT, "500118000000"),
        ("500000000000/water", Tier.DISTRICT, None),
    ],
)
def test_the_city_is_in_the_place_of_missing_districts(
    unit: str, tier: Tier, nearest: str | None
) -> None:
    assert nearest_at(unit, tier) == nearest


villages = st.builds(
    lambda district, town, village: f"50{district:04d}{town:03d}{village:03d}",
    st.integers(1, 9_999),
    st.integers(1, 999),
    st.integers(1, 999),
)
leaves = st.builds(
    lambda village, grid, micro: f"{village}/grid/{grid:03d}/{micro:02d}",
    villages,
    st.integers(1, 999),
    st.integers(1, 99),
)


@given(leaves)
def test_lineage_climbs_one_tier_at_a_time(leaf: str) -> None:
    assert [tier_of(unit) for unit in lineage(leaf)] == list(reversed(Tier))
    assert all(is_within(leaf, unit) for unit in lineage(leaf))


@given(leaves, leaves)
def test_a_stranger_is_not_within(text: str, outside: str) -> None:
    for unit in lineage(outside):
        assert is_within(text, unit) == (unit in lineage(text))


_ids = st.builds(
    lambda city, district, town, village, below: f"{city}{district}{town}{village}{below}",
    st.sampled_from(["50", "51", "00", "31", "42", "44"]),
    st.sampled_from(["0000", "0001", "0010", "0100", "0118", "1180", "9000", "9004", "1900"]),
    st.sampled_from(["000", "001", "010", "118"]),
    st.sampled_from(["000", "001", "010", "201"]),
    st.sampled_from(["", "", "/water", "/grid", "/grid/001", "/grid/001/02", "/grid/001/20"]),
)
"""Every zero where a tier might end, departments and grids below any of them."""


@given(_ids, _ids)
def test_within_means_below_in_the_lineage(unit: str, root: str) -> None:
    for name in {root, *lineage(root), *lineage(unit)}:
        within = name in lineage(unit)
        assert is_within(unit, name) == within, (unit, name)
        low, high = span_of(name)
        assert (low <= unit < high) == within, (unit, name)


@given(_ids)
def test_a_parent_is_above_its_unit_and_no_province(unit: str) -> None:
    heights = [list(Tier).index(tier_of(name)) for name in lineage(unit) if "/" not in name]
    assert heights == sorted(set(heights), reverse=True)
    assert not any(is_above_cities(name) for name in lineage(unit.partition("/")[0])[1:])


@pytest.mark.parametrize("root", ["", "/", "5", "50", "500118", "500118118201/", "x" * 12])
def test_no_unit_lies_within_an_invalid_code(root: str) -> None:
    assert not any(is_within(unit, root) for unit, _, _ in CASES)


def test_levels_are_ordered_from_notice_to_red() -> None:
    assert sorted(Level, key=LEVEL_ORDER.__getitem__) == [
        Level.NOTICE,
        Level.BLUE,
        Level.YELLOW,
        Level.ORANGE,
        Level.RED,
    ]
