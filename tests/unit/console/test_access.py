"""Rights: a table of officers and units, and laws over generated units."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.core.access import (
    Powers,
    Viewer,
    may_administer,
    may_answer,
    may_decide,
    may_end_silence,
    may_give,
    may_hold,
    may_issue,
    may_manage,
    may_silence,
    may_step,
    sees,
    span_of,
    visibility_of_event,
    with_usual_rights,
)
from shared.contracts.alerts import DecisionVerb
from shared.contracts.assignments import PARTIES, Party, Step
from shared.contracts.fields import Post, Tier
from shared.contracts.refusals import RefusedFor
from shared.contracts.units import is_within, lineage, tier_of

OTHER_TOWN = "500118117000"
CITY = "500000000000"
DISTRICT = "500118000000"
OTHER_DISTRICT = "500119000000"
DEPARTMENT = "500118000000/water"
TOWN = "500118118000"
COUSIN_TOWN = "500118107000"
VILLAGE = "500118118201"
SIBLING_VILLAGE = "500118118202"
GRID = f"{VILLAGE}/grid/001"
MICROGRID = f"{GRID}/02"

PLACES = [
    CITY,
    DISTRICT,
    OTHER_DISTRICT,
    DEPARTMENT,
    TOWN,
    COUSIN_TOWN,
    VILLAGE,
    SIBLING_VILLAGE,
    GRID,
    MICROGRID,
]

# Rows see columns, in the order of PLACES.
SEES = """
city         1 1 1 1 1 1 1 1 1 1
district     0 1 0 1 1 1 1 1 1 1
other        0 0 1 0 0 0 0 0 0 0
department   0 0 0 1 0 0 0 0 0 0
town         0 0 0 0 1 0 1 1 1 1
cousin       0 0 0 0 0 1 0 0 0 0
village      0 0 0 0 0 0 1 0 1 1
sibling      0 0 0 0 0 0 0 1 0 0
grid         0 0 0 0 0 0 0 0 1 1
microgrid    0 0 0 0 0 0 0 0 0 1
"""


def officer(unit: str) -> Viewer:
    return with_usual_rights(Viewer(f"o-{unit[:12]}", "测试", unit, Post.B))


def matrix() -> list[tuple[str, str, bool]]:
    lines = [line.split()[1:] for line in SEES.strip().splitlines()]
    return [
        (PLACES[row], PLACES[column], cell == "1")
        for row, cells in enumerate(lines)
        for column, cell in enumerate(cells)
    ]


@st.composite
def units(draw: st.DrawFn) -> str:
    district = draw(st.sampled_from(["500118", "500119", "500101", "500199"]))
    town = draw(st.sampled_from(["001", "118", "199", "200"]))
    village = draw(st.sampled_from(["001", "201", "202", "299", "999"]))
    grid = draw(st.sampled_from(["001", "002", "009", "999"]))
    part = draw(st.sampled_from(["01", "02", "99"]))
    return draw(
        st.sampled_from(
            [
                CITY,
                f"{district}000000",
                f"{district}000000/water",
                f"{district}000000/gas",
                f"{district}{town}000",
                f"{district}{town}000/police",
                f"{district}{town}{village}",
                f"{district}{town}{village}/grid/{grid}",
                f"{district}{town}{village}/grid/{grid}/{part}",
            ]
        )
    )


def of(*parties: Party) -> set[Step]:
    return {step for step, party in PARTIES.items() if party in parties}


@pytest.mark.parametrize(("viewer", "unit", "visible"), matrix())
def test_who_sees_what(viewer: str, unit: str, visible: bool) -> None:
    assert sees(officer(viewer), unit) is visible
    assert span_of(viewer).holds(unit) is visible


@given(units(), units())
def test_a_span_is_the_subtree(unit: str, root: str) -> None:
    assert span_of(root).holds(unit) == is_within(unit, root)


@given(units(), units())
def test_nothing_leaks_up_or_sideways(viewer: str, unit: str) -> None:
    if sees(officer(viewer), unit):
        assert viewer in lineage(unit)


@pytest.mark.parametrize("verb", list(DecisionVerb))
@pytest.mark.parametrize("unit", PLACES)
def test_who_decides_about_an_alert_in_the_village(unit: str, verb: DecisionVerb) -> None:
    powers = Powers(VILLAGE, CITY, authority_unit=DISTRICT, debtor_unit=CITY, authorised_by=TOWN)
    denial = may_decide(officer(unit), powers, verb)
    approver = {DecisionVerb.APPROVE, DecisionVerb.REJECT, DecisionVerb.RATIFY, DecisionVerb.ANNUL}
    if verb in approver:
        assert denial == (None if unit == CITY else RefusedFor.NOT_APPROVER)
    elif verb is DecisionVerb.RECALL:
        assert denial == (None if unit in (DISTRICT, TOWN) else RefusedFor.NOT_APPROVER)
    elif verb is DecisionVerb.AUTHORISE_EMERGENCY and unit in (VILLAGE, TOWN, DISTRICT, CITY):
        never = unit in (CITY, VILLAGE)
        assert denial == (RefusedFor.NOT_APPROVER if never else RefusedFor.WRONG_POST)
    else:
        allowed = unit in (VILLAGE, TOWN, DISTRICT, CITY)
        assert denial == (None if allowed else RefusedFor.NOT_ABOVE_PLACE)


@pytest.mark.parametrize(
    ("post", "denial"),
    [(Post.B, RefusedFor.WRONG_POST), (Post.A, None), (Post.COMMANDER, None)],
)
def test_an_emergency_takes_the_a_post_or_the_commander(
    post: Post, denial: RefusedFor | None
) -> None:
    viewer = Viewer("o", "测试", TOWN, post)
    verb = DecisionVerb.AUTHORISE_EMERGENCY
    assert may_decide(viewer, Powers(VILLAGE, CITY), verb) == denial


@pytest.mark.parametrize(
    ("unit", "may"),
    [
        *((CITY, True), (CITY + "/water", True), (DISTRICT + "/water", True), (TOWN, True)),
        *((OTHER_TOWN, False), (OTHER_TOWN + "/water", False), (GRID, False)),
    ],
)
def test_departments_may_have_a_position_of_their_own(unit: str, may: bool) -> None:
    assert may_hold(officer(unit), VILLAGE) == (None if may else RefusedFor.NOT_ABOVE_PLACE)


@pytest.mark.parametrize(
    ("place", "denial"),
    [
        *((VILLAGE, None), (TOWN, None), (DISTRICT, RefusedFor.OUTSIDE_SUBTREE)),
        (OTHER_TOWN, RefusedFor.OUTSIDE_SUBTREE),
    ],
)
def test_a_silence_stays_in_ones_own_subtree(place: str, denial: RefusedFor | None) -> None:
    assert may_silence(officer(TOWN), place) == denial
    assert may_silence(officer(GRID), GRID) is RefusedFor.NOTHING_BELOW
    assert may_silence(officer(TOWN + "/water"), TOWN) is RefusedFor.NOTHING_BELOW
    assert (may_end_silence(officer(TOWN), place) is None) == (place in (VILLAGE, TOWN))


@pytest.mark.parametrize(
    ("unit", "actors"),
    [
        (TOWN, {TOWN}),
        (VILLAGE, {VILLAGE}),
        (GRID, {GRID, VILLAGE}),
        (MICROGRID, {MICROGRID, VILLAGE}),
        (DEPARTMENT, {DEPARTMENT}),
    ],
)
@pytest.mark.parametrize("step", sorted(of(Party.RECIPIENT)))
def test_only_the_unit_itself_signs(unit: str, actors: set[str], step: Step) -> None:
    for viewer in PLACES:
        denial = may_step(officer(viewer), unit, CITY, step)
        assert denial == (None if viewer in actors else RefusedFor.NOT_RECIPIENT)


@pytest.mark.parametrize("step", sorted(of(Party.ISSUER, Party.RELEASER)))
def test_only_the_issuer_or_above_checks_and_closes(step: Step) -> None:
    for viewer in PLACES:
        denial = may_step(officer(viewer), VILLAGE, DISTRICT, step)
        assert denial == (None if viewer in (DISTRICT, CITY) else RefusedFor.NOT_ISSUER)
        assert (may_manage(officer(viewer), DISTRICT) is None) == (viewer in (DISTRICT, CITY))


@pytest.mark.parametrize("step", sorted(Step))
def test_what_a_unit_made_a_condition_of_its_report_only_the_unit_above_drops(step: Step) -> None:
    """The town gave a part to a village; the assignment itself came from the city."""
    allowed = {
        PLACE for PLACE in PLACES if may_step(officer(PLACE), VILLAGE, TOWN, step, CITY) is None
    }
    above = {TOWN, DISTRICT, CITY}
    assert (
        allowed
        == {
            Party.RECIPIENT: {VILLAGE},
            Party.ISSUER: above,
            Party.EITHER: {VILLAGE} | above,
            Party.RELEASER: {CITY},
        }[PARTIES[step]]
    )


def test_a_part_goes_only_below_its_giver_and_the_officer() -> None:
    assert may_give(officer(TOWN), VILLAGE, TOWN) is None
    assert may_give(officer(TOWN), DISTRICT, TOWN) is RefusedFor.OUTSIDE_SUBTREE
    assert may_give(officer(CITY), DISTRICT, TOWN) is RefusedFor.OUTSIDE_SUBTREE
    assert may_give(officer(VILLAGE), TOWN, CITY) is RefusedFor.OUTSIDE_SUBTREE
    # the command service asks further: what is given does not go to who checks it, nor above
    assert may_give(officer(CITY), DISTRICT, CITY, DISTRICT) is RefusedFor.OUTSIDE_SUBTREE
    assert may_give(officer(CITY), CITY, CITY, DISTRICT) is RefusedFor.OUTSIDE_SUBTREE
    assert may_give(officer(CITY), TOWN, CITY, DISTRICT) is None


@given(units(), units(), st.sampled_from(list(Step)))
def test_the_handler_never_closes_what_came_from_above(unit: str, viewer: str, step: Step) -> None:
    if viewer == unit and unit != CITY and step in of(Party.ISSUER, Party.RELEASER):
        assert may_step(officer(viewer), unit, CITY, step) is RefusedFor.NOT_ISSUER


@given(units(), units())
def test_commands_go_down_only(viewer: str, root: str) -> None:
    denial = may_issue(officer(viewer), [root])
    tier = tier_of(viewer)
    if tier in (Tier.GRID, Tier.MICROGRID) or ("/" in viewer and "/grid/" not in viewer):
        assert denial is RefusedFor.NOTHING_BELOW
    else:
        assert (denial is None) == is_within(root, viewer)


def test_only_the_paged_officer_answers() -> None:
    assert may_answer(officer(TOWN), officer(TOWN).officer_id) is None
    assert may_answer(officer(CITY), officer(TOWN).officer_id) is RefusedFor.NOT_YOUR_PAGE


@pytest.mark.parametrize(
    ("viewer", "kind", "unit", "officer_id", "view"),
    [
        (TOWN, "alert", VILLAGE, None, "full"),
        (VILLAGE, "alert", TOWN, None, None),
        (VILLAGE, "assignments", TOWN, None, "hint"),
        (SIBLING_VILLAGE, "assignments", COUSIN_TOWN, None, None),
        (VILLAGE, "page", TOWN, "o-500118118201", "full"),
        (VILLAGE, "page", TOWN, "o-someone", None),
        (CITY, "page", TOWN, "o-someone", "full"),
        (VILLAGE, "system", TOWN, "o-500118118201", "full"),
        (CITY, "system", TOWN, "o-someone", None),
    ],
)
def test_lines_of_the_feed(
    viewer: str, kind: str, unit: str, officer_id: str | None, view: str | None
) -> None:
    assert visibility_of_event(officer(viewer), kind, unit, officer_id) == view


@pytest.mark.parametrize(
    ("granted", "unit", "denial"),
    [
        ((TOWN,), TOWN, None),
        ((TOWN,), VILLAGE, None),
        ((TOWN,), DISTRICT, RefusedFor.NOT_ADMINISTRATOR),
        ((TOWN, OTHER_DISTRICT), OTHER_DISTRICT, None),
        ((), TOWN, RefusedFor.NOT_ADMINISTRATOR),
    ],
)
def test_the_right_to_administer_holds_for_the_subtree_of_its_unit(
    granted: tuple[str, ...], unit: str, denial: RefusedFor | None
) -> None:
    viewer = with_usual_rights(Viewer("o-1", "甲", CITY, Post.A))
    assert may_administer(replace(viewer, administering=granted), unit) is denial
