"""Which plan holds, and whom its lines reach: closeness, modes, roles, variations, one unit one
order.
"""

from __future__ import annotations

import pytest

from shared.contracts.assignments import AssignmentAxis, AssignmentRole
from shared.contracts.fields import Level, ResponseMode
from shared.definitions.response_plans.book import PlanBook
from shared.definitions.response_plans.orders import Brief, Orders, orders_of
from shared.domain.selection.resolve import AlertScope
from tests.unit.plans.builders import a_plan, departments, line, part
from tests.unit.selection.trees import (
    EAST,
    ROADS,
    TOWN,
    TOWN2,
    VILLAGE,
    VILLAGE2,
    WATER,
    a_tree,
    a_unit,
)

TREE = a_tree()
NORMAL, EMERGENCY = ResponseMode.NORMAL, ResponseMode.EMERGENCY


def plan_name(
    book: PlanBook, event: str, level: Level = Level.RED, mode: ResponseMode = NORMAL
) -> str:
    plan = book.choose(event, level, mode)
    return plan.plan_id if plan else "none"


def briefs_of(orders: Orders) -> dict[str, Brief]:
    return {
        recipient.unit: orders.briefs[number]
        for recipient, number in zip(orders.recipients, orders.brief_of, strict=True)
    }


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("11A01", "exact"),
        ("11A02", "water"),
        ("11B03", "natural"),
        ("12:gas_leak", "gas"),
        ("12:gas_fire", "accident"),
        ("14:crowd", "other"),
    ],
)
def test_the_plan_that_names_the_event_most_exactly_holds(event: str, expected: str) -> None:
    patterns = {
        "other": ["*"],
        "natural": ["11*"],
        "water": ["11A*"],
        "exact": ["11A01"],
        "accident": ["12:*"],
        "gas": ["13*", "12:gas_leak"],
    }
    plans = [a_plan(name, events=events) for name, events in patterns.items()]
    assert plan_name(PlanBook(plans), event) == expected
    assert plan_name(PlanBook(reversed(plans)), event) == expected


def test_levels_modes_and_switched_off_plans() -> None:
    book = PlanBook(
        [
            a_plan("off", enabled=False),
            a_plan("war", events=["11A01"], modes=["emergency"]),
            a_plan("peace", events=["11A*"], modes=["normal", "standby"]),
        ]
    )
    assert plan_name(book, "11A01") == "peace"
    assert plan_name(book, "11A01", mode=EMERGENCY) == "war"
    assert plan_name(book, "11A01", Level.BLUE) == "none"
    assert plan_name(book, "11A01", mode=ResponseMode.RECOVERY) == "none"


def test_the_newest_version_holds_and_a_deleted_plan_is_gone() -> None:
    book = PlanBook([a_plan("flood", version=2, levels=["red"])])
    book.put(a_plan("flood", version=1, levels=["blue"]))
    assert plan_name(book, "11A01", Level.BLUE) == "none"
    book.put(a_plan("flood", version=3, levels=["blue"]))
    assert (plan_name(book, "11A01", Level.BLUE), plan_name(book, "11A01")) == ("flood", "none")
    book.drop("flood")
    assert len(book) == 0
    assert plan_name(book, "11A01", Level.BLUE) == "none"


def test_lines_of_one_plan_differ_by_role_axis_words_and_deadlines() -> None:
    plan = a_plan(
        "burst",
        line("repair", departments("water"), axis="horizontal", finish_within_s=10800),
        line("support", departments("roads"), role="assist", axis="horizontal", sign_within_s=60),
        line("on_site", part("@town", "town", "village"), role="assist"),
    )
    result = briefs_of(orders_of(TREE, plan, AlertScope(VILLAGE)))
    assert list(result) == sorted(result)
    assert set(result) == {WATER, ROADS, TOWN, VILLAGE, VILLAGE2}
    assert result[WATER] == Brief(
        f"name of {VILLAGE} repair 指令 ‖ name of {VILLAGE} repair order",
        "repair 办理 ‖ do repair",
        AssignmentRole.LEAD,
        AssignmentAxis.HORIZONTAL,
        "repair",
        None,
        10800,
    )
    assert (result[ROADS].role, result[ROADS].sign_within_s) == (AssignmentRole.ASSIST, 60)
    assert result[TOWN].axis is AssignmentAxis.VERTICAL


def test_a_unit_of_several_lines_gets_one_order_and_leading_includes_helping() -> None:
    plan = a_plan(
        "flood",
        line("help", part("@towns", "town"), role="assist"),
        line("second_help", part("@town", "town", "village"), role="assist"),
        line("lead", part("@town", "town")),
        line("second_lead", part("@town", "town")),
    )
    results = {
        unit: brief.line
        for unit, brief in briefs_of(orders_of(TREE, plan, AlertScope(TOWN, (EAST,)))).items()
    }
    assert results == {TOWN: "lead", TOWN2: "help", VILLAGE: "second_help", VILLAGE2: "second_help"}


def test_a_variation_changes_words_and_deadlines_for_its_kind_of_unit() -> None:
    plan = a_plan(
        "burst",
        line(
            "all",
            departments("water", "roads"),
            part("@town", "town", "village"),
            sign_within_s=60,
            variations=[
                {"departments": ["water"], "instruction_zh": "关阀"},
                {"tiers": ["district"], "title_en": "district order", "sign_within_s": 30},
                {"tiers": ["village"], "finish_within_s": 600},
            ],
        ),
    )
    result = briefs_of(orders_of(TREE, plan, AlertScope(VILLAGE)))
    assert result[WATER].instruction == "关阀 ‖ do all"
    assert (result[WATER].sign_within_s, result[ROADS].sign_within_s) == (60, 30)
    assert result[ROADS].title.endswith("‖ name of 500101001201 district order")
    assert (result[VILLAGE].finish_within_s, result[TOWN].finish_within_s) == (600, None)
    assert result[VILLAGE].line == result[TOWN].line == "all"


def test_a_plan_without_recipients_goes_to_the_place_by_its_leading_line() -> None:
    plan = a_plan("flood", line("help", part("@villages", "village"), role="assist"), line("lead"))
    far = "500153000000"
    result = orders_of(TREE, plan, AlertScope(far))
    assert {unit: brief.line for unit, brief in briefs_of(result).items()} == {far: "lead"}


def test_names_outside_the_catalogue_are_reported_by_line() -> None:
    absent = {"kind": "group", "group": "gone"}
    plan = a_plan("flood", line(), line("more", absent, role="assist"))
    result = orders_of(TREE, plan, AlertScope(TOWN))
    assert result.unknown == (("more", "gone"),)
    assert [recipient.unit for recipient in result.recipients] == [TOWN]


def test_without_removes_one_unit_and_keeps_the_words_of_all_others() -> None:
    plan = a_plan(
        "flood", line("a", departments("water")), line("b", part("@town", "town", "village"))
    )
    complete = orders_of(TREE, plan, AlertScope(TOWN))
    expected = briefs_of(complete)
    del expected[TOWN]
    assert briefs_of(complete.without(TOWN)) == expected
    assert complete.without("500199000000") == complete
    only = orders_of(TREE, a_plan(), AlertScope(TOWN))
    assert only.without(TOWN).recipients == ()


def test_a_long_place_name_does_not_make_a_title_too_long_for_its_contract() -> None:
    tree = a_tree()
    tree.put(a_unit(TOWN).model_copy(update={"name": "长" * 200}))
    (brief,) = orders_of(tree, a_plan(), AlertScope(TOWN)).briefs
    assert len(brief.title) == 200
