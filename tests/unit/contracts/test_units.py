"""The grammar of unit ids: tier, parent and containment, by table and by property."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.fields import LEVEL_ORDER, Level, Tier
from shared.contracts.units import ancestor_at, is_within, lineage, parent_of, tier_of

CASES = [
    ("500000000000", Tier.CITY, None),
    ("500118000000", Tier.DISTRICT, "500000000000"),
    ("500118118000", Tier.TOWN, "500118000000"),
    ("500118118201", Tier.VILLAGE, "500118118000"),
    ("500118118201/grid/003", Tier.GRID, "500118118201"),
    ("500118118201/grid/003/02", Tier.MICROGRID, "500118118201/grid/003"),
    ("500118000000/water", Tier.DISTRICT, "500118000000"),
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
    st.sampled_from(["50", "51", "00"]),
    st.sampled_from(["0000", "0001", "0010", "0100", "0118", "1180"]),
    st.sampled_from(["000", "001", "010", "118"]),
    st.sampled_from(["000", "001", "010", "201"]),
    st.sampled_from(["", "", "/water", "/grid", "/grid/001", "/grid/001/02", "/grid/001/20"]),
)
"""Every zero where a tier might end, departments and grids below any of them."""


@given(_ids, _ids)
def test_within_means_below_in_the_lineage(unit: str, root: str) -> None:
    for name in {root, *lineage(root), *lineage(unit)}:
        assert is_within(unit, name) == (name in lineage(unit)), (unit, name)


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
