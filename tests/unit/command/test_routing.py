"""Who gets a command: plans over the tree, free commands, authority."""

from __future__ import annotations

import pytest

from services.command.core import authority
from services.command.core.orders import order_of_alert, order_of_request
from services.command.core.plans import OTHER, PLANS, plan_for
from services.command.core.routing import Reach, UnitTree
from shared.contracts.commands import Step
from shared.contracts.fields import Level, Tier
from shared.contracts.units import is_within
from tests.component.command.harness import VILLAGE as FIRST_VILLAGE
from tests.component.command.harness import a_request, an_alert, units
from tests.unit.command.builders import (
    CITY,
    DISTRICT,
    GRID,
    MICROGRID,
    TOWN,
    VILLAGE,
    a_command,
    an_assignment,
)

TREE = UnitTree()
for entry in units():
    TREE.put(entry)
OTHER_TOWN = "500118001000"
ELSEWHERE = "500153000000"


def reach(level: Level, **change: object) -> Reach:
    found = order_of_alert(TREE, an_alert(level, **change), level)  # type: ignore[arg-type]
    assert found is not None
    return found[1]


def tiers(found: Reach) -> set[Tier]:
    return {one.tier for one in found.recipients}


@pytest.mark.parametrize("level", [Level.BLUE, Level.YELLOW])
def test_a_low_flood_concerns_the_town_and_its_villages(level: Level) -> None:
    found = reach(level, place=VILLAGE)
    assert found.root == TOWN
    assert tiers(found) == {Tier.TOWN, Tier.VILLAGE}
    assert len(found.recipients) == 1 + 20


def test_orange_reaches_the_district_and_the_whole_town() -> None:
    found = reach(Level.ORANGE)
    assert found.root == DISTRICT
    assert tiers(found) == set(Tier) - {Tier.CITY}
    below = [one for one in found.recipients if one.tier is not Tier.DISTRICT]
    assert all(is_within(one.unit, TOWN) for one in below)


def test_red_reaches_every_town_of_the_alert_s_areas() -> None:
    two = reach(Level.RED, areas=(OTHER_TOWN,))
    towns = {one.unit for one in two.recipients if one.tier is Tier.TOWN}
    assert towns == {TOWN, OTHER_TOWN}
    everything = reach(Level.RED, areas=(DISTRICT,))
    assert len(everything.recipients) == len(TREE) - 1
    units_named = [one.unit for one in everything.recipients]
    assert units_named == sorted(set(units_named))


def test_gas_reaches_the_town_and_below_it_only_the_named_village() -> None:
    found = reach(Level.YELLOW, place=FIRST_VILLAGE, event_type="12:gas_leak")
    assert found.root == TOWN
    others = {one.unit for one in found.recipients} - {TOWN}
    assert others == TREE.subtree(FIRST_VILLAGE, set(Tier))
    assert reach(Level.YELLOW, event_type="12:gas_leak").recipients == (TREE.get(TOWN),)
    by_area = reach(Level.YELLOW, event_type="12:gas_leak", areas=(FIRST_VILLAGE,))
    assert by_area.recipients == found.recipients


@pytest.mark.parametrize("level", [Level.BLUE, Level.ORANGE, Level.RED])
def test_a_gauge_in_another_district_concerns_its_own_unit_alone(level: Level) -> None:
    found = reach(level, place=ELSEWHERE)
    assert found.root == ELSEWHERE
    assert [(one.unit, one.tier) for one in found.recipients] == [(ELSEWHERE, Tier.DISTRICT)]


def test_the_issuer_never_stands_among_its_recipients() -> None:
    for level in PLANS["11A01"]:
        for place in (TOWN, VILLAGE, ELSEWHERE):
            found = order_of_alert(TREE, an_alert(level, place=place), level)
            assert found is not None
            order, who = found
            assert order.issuer_unit not in {one.unit for one in who.recipients}


def test_every_level_has_a_plan_with_its_own_action_and_notice_has_none() -> None:
    for by_level in (*PLANS.values(), OTHER):
        assert set(by_level) == set(Level) - {Level.NOTICE}
        assert len({plan.action for plan in by_level.values()}) == len(by_level)
    assert plan_for("14:crowd", Level.RED) is OTHER[Level.RED]
    assert order_of_alert(TREE, an_alert(Level.RED), Level.NOTICE) is None


def test_a_free_command_goes_to_the_subtree_within_its_tiers_without_the_issuer() -> None:
    request = a_request("issue", "cmd-1", DISTRICT, tiers=(Tier.DISTRICT, Tier.TOWN))
    _, found = order_of_request(TREE, request, DISTRICT, "11A01", Level.BLUE, "值守")
    assert len(found.recipients) == 23
    assert tiers(found) == {Tier.TOWN}


def test_a_unit_that_moves_is_found_under_its_new_parent_only() -> None:
    tree = UnitTree()
    for one in units():
        tree.put(one)
    (moved,) = [one for one in units() if one.unit == FIRST_VILLAGE]
    tree.put(moved.model_copy(update={"parent": OTHER_TOWN}))
    assert FIRST_VILLAGE not in tree.subtree(TOWN, (Tier.VILLAGE,))
    assert FIRST_VILLAGE in tree.subtree(OTHER_TOWN, (Tier.VILLAGE,))


@pytest.mark.parametrize(
    ("step", "officer_unit", "unit", "allowed"),
    [
        (Step.SIGN, VILLAGE, VILLAGE, True),
        (Step.SIGN, TOWN, VILLAGE, False),
        (Step.REPORT, VILLAGE, GRID, True),
        (Step.REPORT, VILLAGE, MICROGRID, True),
        (Step.SIGN, TOWN, MICROGRID, False),
        (Step.SIGN, GRID, MICROGRID, False),
        (Step.SIGN, FIRST_VILLAGE, GRID, False),
        (Step.CHECK, DISTRICT, VILLAGE, True),
        (Step.CLOSE, CITY, VILLAGE, True),
        (Step.CLOSE, VILLAGE, VILLAGE, False),
        (Step.SEND_BACK, TOWN, VILLAGE, False),
    ],
)
def test_authority(step: Step, officer_unit: str, unit: str, allowed: bool) -> None:
    tier = TREE.get(unit).tier
    why = authority.refusal(
        step, officer_unit, an_assignment(unit=unit, unit_tier=tier), a_command()
    )
    assert (why is None) is allowed


def test_a_unit_commands_only_what_lies_below_it() -> None:
    assert authority.may_issue(TOWN, VILLAGE)
    assert authority.may_issue(TOWN, TOWN)
    assert not authority.may_issue(TOWN, DISTRICT)
    assert not authority.may_issue(TOWN, OTHER_TOWN)
