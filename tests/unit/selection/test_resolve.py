"""Selections against a catalogue: every kind of part, anchors, exclusion, order, unknown names."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.contracts.catalog import GroupEntry
from shared.contracts.fields import Tier
from shared.contracts.selections import MOST_LISTED, Selection
from shared.contracts.units import department_of, is_within
from shared.domain.selection.reach import (
    by_department,
    by_tier,
    digest_of,
    free_reach,
    outside,
    root_of,
)
from shared.domain.selection.resolve import AlertScope, resolve
from shared.domain.selection.tree import UnitTree
from tests.unit.selection.trees import (
    BLOCK,
    BLOCK2,
    CELL,
    CITY,
    DEPARTMENTS,
    EAST,
    FAR,
    FAR_VILLAGE,
    FAR_WATER,
    GRID,
    PLAIN,
    ROADS,
    TOWN,
    TOWN2,
    VILLAGE,
    VILLAGE2,
    WATER,
    WEST,
    a_tree,
    a_unit,
)

TREE = a_tree()
Json = dict[str, Any]


def selection(*include: Json, exclude: Iterable[Json] = ()) -> Selection:
    return Selection.model_validate_json(
        json.dumps({"include": list(include), "exclude": list(exclude)})
    )


def below(of: str, *tiers: str) -> Json:
    return {"kind": "subtree", "of": of, "tiers": list(tiers)}


def departments(of: str, tier: str, *names: str) -> Json:
    return {"kind": "departments", "of": of, "tiers": [tier], "departments": list(names)}


def listed(*units: str) -> Json:
    return {"kind": "units", "units": list(units)}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (below(EAST, "town", "village"), {TOWN, TOWN2, VILLAGE, VILLAGE2}),
        (below(VILLAGE, "village", "grid", "microgrid"), {VILLAGE, GRID, CELL}),
        (below(GRID, "grid", "microgrid"), {GRID, CELL}),
        (below(TOWN, "district"), set()),
        (departments(EAST, "district", "water", "roads"), {WATER, ROADS}),
        (departments(CITY, "district", "water"), {WATER, FAR_WATER}),
        (departments(EAST, "town", "safety", "water"), {BLOCK, BLOCK2}),
        ({"kind": "role", "of": CITY, "roles": ["riverside"]}, {TOWN, VILLAGE2}),
        ({"kind": "role", "of": TOWN, "roles": ["shelter", "on_call"]}, {VILLAGE2}),
        ({"kind": "role", "of": EAST, "roles": ["on_call"]}, {WATER}),
        ({"kind": "group", "group": "flood"}, {WATER, TOWN, FAR_VILLAGE}),
        (listed(CELL, WATER), {CELL, WATER}),
    ],
)
def test_every_kind_of_part(part: Json, expected: set[str]) -> None:
    result = resolve(TREE, selection(part))
    assert result.units == expected
    assert result.unknown == ()


def test_a_subtree_holds_no_departments() -> None:
    assert resolve(TREE, selection(below(CITY, *Tier))).units == set(PLAIN)


def test_union_and_exclusion() -> None:
    recipients = selection(
        below(EAST, "town"),
        {"kind": "group", "group": "flood"},
        exclude=[{"kind": "role", "of": CITY, "roles": ["riverside"]}, below(WEST, *Tier)],
    )
    assert resolve(TREE, recipients).units == {TOWN2, WATER}


@pytest.mark.parametrize(
    ("anchor", "scope", "expected"),
    [
        ("@place", AlertScope(VILLAGE, (FAR,)), {VILLAGE}),
        ("@villages", AlertScope(GRID, (FAR_VILLAGE, TOWN2)), {VILLAGE, FAR_VILLAGE}),
        ("@villages", AlertScope(TOWN), set()),
        ("@town", AlertScope(VILLAGE, (FAR,)), {TOWN}),
        ("@town", AlertScope(EAST), {TOWN, TOWN2}),
        ("@towns", AlertScope(VILLAGE, (FAR, EAST)), {TOWN, TOWN2, FAR}),
        ("@district", AlertScope(CELL, (FAR,)), {EAST}),
        ("@districts", AlertScope(CELL, (FAR,)), {EAST, WEST}),
        ("@districts", AlertScope(CITY), {EAST, WEST}),
        ("@district", AlertScope(WATER), {EAST}),
        ("@city", AlertScope(VILLAGE), {CITY}),
    ],
)
def test_anchors_of_an_alert(anchor: str, scope: AlertScope, expected: set[str]) -> None:
    tier = anchor[1:].removesuffix("s").replace("place", "village")
    assert resolve(TREE, selection(below(anchor, tier)), scope).units == expected


@pytest.mark.parametrize(
    ("part", "unknown"),
    [
        (listed(TOWN, "500101009000"), ("500101009000",)),
        ({"kind": "group", "group": "gone"}, ("gone",)),
        (below("500101009000", "town"), ("500101009000",)),
        (below("@town", "town"), ("@town",)),
    ],
)
def test_unknown_names_are_reported(part: Json, unknown: tuple[str, ...]) -> None:
    assert resolve(TREE, selection(part)).unknown == unknown


def test_a_group_is_its_present_members_and_an_unknown_group_is_reported() -> None:
    tree = a_tree()
    tree.put(GroupEntry(group="flood", name="专班", owner=EAST, members=(TOWN2, "500101009000")))
    result = resolve(tree, selection({"kind": "group", "group": "flood"}))
    assert result.units == {TOWN2}
    assert result.unknown == ("500101009000",)


def test_a_unit_that_moves_is_found_under_its_new_parent_only() -> None:
    tree = a_tree()
    tree.put(a_unit(VILLAGE, parent=FAR))
    assert GRID not in tree.subtree(TOWN, set(Tier))
    assert {VILLAGE, GRID, CELL} <= tree.subtree(FAR, set(Tier))


def test_a_deleted_unit_department_or_group_is_in_no_selection() -> None:
    tree = a_tree()
    tiers = set(Tier)
    for key in (f"unit:{VILLAGE}", f"unit:{WATER}", "group:flood", "unit:nobody", "", "sensor:x"):
        tree.remove(key)
    assert VILLAGE not in tree
    assert tree.subtree(TOWN, tiers).isdisjoint({VILLAGE, GRID, CELL})
    assert WATER not in tree.departments(EAST, tiers, [department_of(WATER) or ""])
    assert VILLAGE not in tree.directly_below(TOWN)
    assert resolve(tree, selection({"kind": "group", "group": "flood"})).unknown == ("flood",)
    assert tree.name(VILLAGE) == VILLAGE
    tree.put(a_unit(VILLAGE))
    assert {VILLAGE, GRID, CELL} <= tree.subtree(TOWN, tiers)


def test_a_cycle_of_parents_does_not_loop() -> None:
    tree = a_tree()
    tree.put(a_unit(TOWN, parent=VILLAGE))
    assert tree.subtree(TOWN, {Tier.TOWN}) == {TOWN}


@pytest.mark.parametrize(
    "content",
    [
        {"include": []},
        {"include": [below(EAST)]},
        {"include": [below("@nowhere", "town")]},
        {"include": [below(WATER, "district")]},
        {"include": [{"kind": "moon"}]},
        {"include": [listed(*[TOWN] * (MOST_LISTED + 1))]},
        {"include": [listed(*[TOWN] * 1500)], "exclude": [listed(*[TOWN] * 501)]},
        {"include": [below(EAST, "town")] * 17},
        {"include": [below(EAST, "town")], "but": []},
    ],
)
def test_a_selection_is_bounded_and_closed(content: Json) -> None:
    with pytest.raises(ValidationError):
        Selection.model_validate_json(json.dumps(content))


def test_the_issuer_gets_no_assignment_of_its_own() -> None:
    assert free_reach(TREE, selection(below(TOWN, "town", "village")), TOWN).units == {
        VILLAGE,
        VILLAGE2,
    }


def test_authority_ends_at_the_own_subtree_and_includes_the_own_departments() -> None:
    assert outside([WATER, TOWN, BLOCK, CELL], EAST) == []
    assert outside([WATER, TOWN], TOWN) == [WATER]
    assert outside([FAR_VILLAGE, TOWN], EAST) == [FAR_VILLAGE]
    assert outside([EAST, TOWN], WATER) == [EAST, TOWN]


UNITS = st.sets(st.sampled_from((*PLAIN, *DEPARTMENTS)), min_size=1)


@given(UNITS)
def test_the_root_is_the_lowest_unit_above_all_units(units: set[str]) -> None:
    root = root_of(units)
    assert root is not None
    assert all(is_within(unit, root) for unit in units)
    lower = [
        DEPARTMENT
        for DEPARTMENT in (*PLAIN, *DEPARTMENTS)
        if is_within(DEPARTMENT, root) and root != DEPARTMENT
    ]
    assert not any(all(is_within(unit, name) for unit in units) for name in lower)


@given(UNITS, UNITS)
def test_digests_agree_exactly_when_the_recipients_do(first: set[str], second: set[str]) -> None:
    assert (digest_of(first) == digest_of(second)) == (first == second)
    assert digest_of(sorted(first, reverse=True)) == digest_of(first)


@given(UNITS)
def test_the_sizes_add_up(units: set[str]) -> None:
    assert sum(by_tier(units).values()) == len(units)
    named = [unit for unit in units if department_of(unit) is not None]
    assert sum(by_department(units).values()) == len(named)


def test_no_units_have_no_root() -> None:
    assert root_of(set()) is None


def test_a_city_without_districts_is_in_their_place() -> None:
    city, town, village, fire = "441900000000", "441900003000", "441900003001", "441900000000/fire"
    tree = UnitTree()
    for unit in (city, town, village, fire):
        tree.put(a_unit(unit))

    def units(part: Json, place: str) -> set[str]:
        return set(resolve(tree, selection(part), AlertScope(place)).units)

    for place in (city, town, village):
        assert units(below("@districts", "town"), place) == {town}
        assert units(below("@district", "village"), place) == {village}
        assert units(below("@city", "city"), place) == {city}
        assert units(departments("@district", "city", "fire"), place) == {fire}


def test_a_county_of_its_own_is_the_uppermost_unit() -> None:
    county, town = "429004000000", "429004100000"
    tree = UnitTree()
    for unit in (county, town):
        tree.put(a_unit(unit))
    part = selection(below("@city", "district", "town"))
    assert resolve(tree, part, AlertScope(town)).units == {county, town}
