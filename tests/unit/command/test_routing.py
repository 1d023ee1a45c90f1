"""Recipients of a command: plans over the tree, free commands, authority."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deploy.example import plans
from services.command.core.commands import authority
from services.command.core.commands.orders import CommandOrder, order_of_alert, order_of_request
from shared.contracts.assignments import AssignmentRole, Step
from shared.contracts.fields import Level, ResponseMode, Tier
from shared.contracts.units import is_within
from shared.definitions.response_plans.book import PlanBook
from shared.domain.bilingual import bilingual_of
from shared.domain.selection.reach import free_reach, outside
from shared.domain.selection.tree import UnitTree
from tests.component.command.harness import EVENT_TIME, a_request, an_alert, below, units
from tests.component.command.harness import VILLAGE as FIRST_VILLAGE
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

PLANS = PlanBook(plans.definitions(EVENT_TIME))
TREE = UnitTree()
for entry in units():
    TREE.put(entry)
OTHER_TOWN = "500118001000"
ELSEWHERE = "500153000000"


def planned(level: Level, **change: object) -> CommandOrder | None:
    alert = an_alert(level, **change)  # type: ignore[arg-type]
    plan = PLANS.choose(alert.event_type, level, ResponseMode.NORMAL)
    return None if plan is None else order_of_alert(TREE, plan, alert, level)


def reach(level: Level, **change: object) -> CommandOrder:
    result = planned(level, **change)
    assert result is not None
    return result


def units_of(order: CommandOrder) -> list[str]:
    return [recipient.unit for recipient in order.orders.recipients]


def tiers(order: CommandOrder) -> set[Tier]:
    return {recipient.tier for recipient in order.orders.recipients}


@pytest.mark.parametrize("level", [Level.BLUE, Level.YELLOW])
def test_a_low_flood_concerns_the_town_and_its_villages(level: Level) -> None:
    result = reach(level, place=VILLAGE)
    assert result.root == TOWN
    assert tiers(result) == {Tier.TOWN, Tier.VILLAGE}
    assert len(result.orders.recipients) == 1 + 20


def test_orange_reaches_the_district_and_the_whole_town() -> None:
    result = reach(Level.ORANGE)
    assert result.root == DISTRICT
    assert tiers(result) == set(Tier) - {Tier.CITY}
    below = [
        recipient for recipient in result.orders.recipients if recipient.tier is not Tier.DISTRICT
    ]
    assert all(is_within(recipient.unit, TOWN) for recipient in below)


def test_red_reaches_every_town_of_the_alert_s_areas() -> None:
    two = reach(Level.RED, areas=(OTHER_TOWN,))
    towns = {recipient.unit for recipient in two.orders.recipients if recipient.tier is Tier.TOWN}
    assert towns == {TOWN, OTHER_TOWN}
    whole_district = reach(Level.RED, areas=(DISTRICT,))
    assert len(whole_district.orders.recipients) == len(TREE) - 1
    units_named = [recipient.unit for recipient in whole_district.orders.recipients]
    assert units_named == sorted(set(units_named))


def test_gas_reaches_the_town_and_below_it_only_the_named_village() -> None:
    result = reach(Level.YELLOW, place=FIRST_VILLAGE, event_type="12:gas_leak")
    assert result.root == TOWN
    villages = {recipient.unit for recipient in result.orders.recipients} - {TOWN}
    assert villages == TREE.subtree(FIRST_VILLAGE, set(Tier))
    assert units_of(reach(Level.YELLOW, event_type="12:gas_leak")) == [TOWN]
    by_area = reach(Level.YELLOW, event_type="12:gas_leak", areas=(FIRST_VILLAGE,))
    assert by_area.orders.recipients == result.orders.recipients


@pytest.mark.parametrize("level", [Level.BLUE, Level.ORANGE, Level.RED])
def test_a_gauge_in_another_district_concerns_its_own_unit_alone(level: Level) -> None:
    result = reach(level, place=ELSEWHERE)
    assert result.root == ELSEWHERE
    assert [(recipient.unit, recipient.tier) for recipient in result.orders.recipients] == [
        (ELSEWHERE, Tier.DISTRICT)
    ]


def test_the_issuer_never_stands_among_its_recipients() -> None:
    for level in set(Level) - {Level.NOTICE}:
        for place in (TOWN, VILLAGE, ELSEWHERE, DISTRICT, CITY):
            order = reach(level, place=place)
            assert order.issuer_unit not in units_of(order)
    # A town's officer signs what also concerns its district: that gives the order, and does not get
    # it.
    alert = an_alert(Level.ORANGE).model_copy(update={"approver_unit": TOWN})
    plan = PLANS.choose(alert.event_type, Level.ORANGE, ResponseMode.NORMAL)
    assert plan is not None
    result = order_of_alert(TREE, plan, alert, Level.ORANGE)
    assert result is not None
    assert result.issuer_unit == DISTRICT
    assert TOWN in units_of(result)
    assert DISTRICT not in units_of(result)


def test_every_level_has_a_plan_and_notice_has_none() -> None:
    for level in set(Level) - {Level.NOTICE}:
        assert reach(level).plan_id == f"flood-{level}"
        assert reach(level, event_type="14:crowd").plan_id == "other"
    assert planned(Level.NOTICE) is None


def test_a_free_command_goes_to_the_subtree_within_its_tiers_without_the_issuer() -> None:
    selection = below(DISTRICT, Tier.DISTRICT, Tier.TOWN)
    request = a_request("issue", "cmd-1", DISTRICT, selection=selection)
    reach = free_reach(TREE, selection, DISTRICT)
    result = order_of_request(TREE, request, reach, "11A01", Level.BLUE, "值守", EVENT_TIME)
    assert len(result.orders.recipients) == 23
    assert tiers(result) == {Tier.TOWN}


def test_a_unit_that_moves_is_found_under_its_new_parent_only() -> None:
    tree = UnitTree()
    for unit_entry in units():
        tree.put(unit_entry)
    (moved,) = [unit_entry for unit_entry in units() if unit_entry.unit == FIRST_VILLAGE]
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
    assert outside([VILLAGE, TOWN, GRID], TOWN) == []
    assert outside([VILLAGE, OTHER_TOWN, DISTRICT], TOWN) == [DISTRICT, OTHER_TOWN]


@pytest.mark.parametrize(
    ("days", "within"), [(None, None), (30, 30 * 86_400.0), (-1, 1.0), (0, 1.0)]
)
def test_a_date_that_the_officer_set_is_the_deadline(
    days: int | None, within: float | None
) -> None:
    by = None if days is None else EVENT_TIME + timedelta(days=days)
    selection = below(DISTRICT, Tier.TOWN)
    reach = free_reach(TREE, selection, DISTRICT)
    for step in ("sign", "finish"):
        request = a_request("issue", "cmd-1", DISTRICT, selection=selection, **{f"{step}_by": by})
        result = order_of_request(TREE, request, reach, "11A01", Level.BLUE, "整改", EVENT_TIME)
        [brief] = result.orders.briefs
        untouched = brief.finish_within_s if step == "sign" else brief.sign_within_s
        assert (getattr(brief, f"{step}_within_s"), untouched) == (within, None)


def test_a_joint_command_has_leading_and_assisting_units_and_none_is_both() -> None:
    leads, assists = below(TOWN, Tier.TOWN), below(DISTRICT, Tier.TOWN)
    request = a_request("issue", "cmd-1", DISTRICT, selection=leads, assist=assists)
    reach = free_reach(TREE, leads, DISTRICT, assists)
    result = order_of_request(TREE, request, reach, "11A01", Level.BLUE, "联合检查", EVENT_TIME)
    roles = {
        recipient.unit: result.orders.briefs[number].role
        for recipient, number in zip(result.orders.recipients, result.orders.brief_of, strict=True)
    }
    assert roles.pop(TOWN) is AssignmentRole.LEAD
    assert set(roles.values()) == {AssignmentRole.ASSIST}
    assert len(roles) == 22
    assert result.root == DISTRICT
    lead, assisting = result.orders.briefs
    assert "主办" not in lead.instruction
    assert bilingual_of(assisting.instruction).zh.endswith(f"主办：{TREE.name(TOWN)}")
    assert "Led by: " in bilingual_of(assisting.instruction).en


def test_a_long_instruction_is_never_cut_for_the_names_of_the_leads() -> None:
    leads, assists = below(DISTRICT, Tier.TOWN), below(TOWN, Tier.VILLAGE)
    reach = free_reach(TREE, leads, DISTRICT, assists)
    for words in ("水" * 4_000, "巡查"):
        request = a_request(
            "issue", "cmd-1", DISTRICT, selection=leads, assist=assists, instruction=words
        )
        result = order_of_request(TREE, request, reach, "11A01", Level.BLUE, "联合", EVENT_TIME)
        _, assisting = result.orders.briefs
        assert bilingual_of(assisting.instruction).zh.startswith(words)
        assert ("等 23 个单位" in assisting.instruction) is (len(words) < 4_000)
