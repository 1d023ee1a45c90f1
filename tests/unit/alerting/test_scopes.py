"""Regions and scopes in cities of districts, in cities without, and in counties of their own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerting.core.alarms.scopes import (
    Region,
    is_scope_of,
    region_of,
    regions_concerned,
    unit_at,
)
from shared.contracts.fields import Status, Tier

DONGGUAN, ITS_TOWN, ITS_VILLAGE = "441900000000", "441900003000", "441900003001"
COUNTY, TOWN_OF_COUNTY = "429004000000", "429004100000"
CHENGDU, JINJIANG, STREET = "510100000000", "510104000000", "510104021000"
CHONGQING, YONGCHUAN, ZHUTUO = "500000000000", "500118000000", "500118118000"
PLACES = [
    *(DONGGUAN, ITS_TOWN, ITS_VILLAGE, f"{ITS_VILLAGE}/grid/001", f"{DONGGUAN}/fire"),
    *(COUNTY, TOWN_OF_COUNTY, CHENGDU, JINJIANG, STREET, f"{CHENGDU}/fire", f"{JINJIANG}/fire"),
    *(CHONGQING, YONGCHUAN, ZHUTUO, "510000000000", "429000000000"),
]


def region(unit: str, status: Status = Status.ACTUAL) -> Region:
    return Region(status, unit)


@pytest.mark.parametrize(
    ("place", "unit"),
    [
        (ZHUTUO, YONGCHUAN),
        (CHONGQING, CHONGQING),
        (STREET, JINJIANG),
        (CHENGDU, CHENGDU),
        (f"{CHENGDU}/fire", CHENGDU),
        (ITS_VILLAGE, DONGGUAN),
        (DONGGUAN, DONGGUAN),
        (TOWN_OF_COUNTY, COUNTY),
        (COUNTY, COUNTY),
    ],
)
def test_the_region_of_a_place(place: str, unit: str) -> None:
    assert region_of(Status.ACTUAL, place) == region(unit)


@given(st.sampled_from(PLACES), st.sampled_from(PLACES))
def test_a_region_spans_exactly_its_places(place: str, second: str) -> None:
    home = region_of(Status.ACTUAL, second)
    low, high = home.span
    assert (low <= place < high) == (region_of(Status.ACTUAL, place) == home)


def test_a_city_without_districts_is_a_scope_in_their_place() -> None:
    assert unit_at(ITS_VILLAGE, Tier.DISTRICT) == DONGGUAN
    assert unit_at(ITS_VILLAGE, Tier.TOWN) == ITS_TOWN
    assert is_scope_of("district", DONGGUAN)
    assert is_scope_of("district", JINJIANG)
    assert not is_scope_of("town", DONGGUAN)
    assert unit_at(CHENGDU, Tier.DISTRICT) is None


def test_a_message_about_a_city_counts_in_the_regions_of_this_city_only() -> None:
    regions = [region(unit) for unit in (CHENGDU, COUNTY, DONGGUAN, JINJIANG, YONGCHUAN)]
    drill = region(JINJIANG, Status.EXERCISE)

    def concerned(*areas: str) -> list[str]:
        results = regions_concerned(Status.ACTUAL, areas, [*regions, drill])
        assert all(item.status is Status.ACTUAL for item in results)
        return [item.unit for item in results]

    assert concerned(CHENGDU) == [CHENGDU, JINJIANG]
    assert concerned(CHONGQING) == [YONGCHUAN]
    assert concerned(DONGGUAN, TOWN_OF_COUNTY) == [COUNTY, DONGGUAN]
    assert concerned("511000000000") == []
