"""The parts of a split assignment, and the successor of a reassigned assignment."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from services.command.core.assignments.model import Assignment
from services.command.core.assignments.parts import part_of, passed_up, successor
from services.command.core.assignments.states import IllegalStep, State
from services.command.core.supervision.deadlines import DeadlineTerms
from shared.contracts.assignments import Step
from shared.contracts.fields import Level, ResponseMode, Status, Tier
from shared.contracts.ids import assignment_id
from shared.contracts.units import tier_of
from shared.domain.response_modes.effective import Effective
from shared.domain.selection.tree import Recipient
from tests.support.profiles import DEMO
from tests.unit.command.builders import (
    CITY,
    DISTRICT,
    TOWN,
    VILLAGE,
    a_command,
    after,
    an_act,
    an_assignment,
)

MODE = Effective(ResponseMode.EMERGENCY, 7, DISTRICT)
"""Half of the profile's times."""
RECIPIENT = Recipient(VILLAGE, Tier.VILLAGE, TOWN, True)
COMMAND = a_command(status=Status.EXERCISE)
PARENT = an_assignment(
    assignment_id="asg-whole",
    unit=TOWN,
    unit_tier=Tier.TOWN,
    parent_unit=DISTRICT,
    state=State.SIGNED,
    brief=3,
    sign_within_s=5.0,
    finish_within_s=9.0,
    splitting_unit=None,
    release_unit=None,
    status=Status.EXERCISE,
)


def part(**change: object) -> Assignment:
    """A village's assignment given on at the tenth second by a person, in an emergency."""
    return an_assignment(
        assignment_id=assignment_id("cmd-1", VILLAGE),
        status=Status.EXERCISE,
        synthetic=True,
        changed_at=after(10),
        actor="officer-1",
        reason="请办理",
        brief=3,
        mode=ResponseMode.EMERGENCY,
        mode_version=7,
        mode_unit=DISTRICT,
        limits_id=DEMO.limits_id,
        limits_version=DEMO.limits_version,
        **change,
    )


@pytest.mark.parametrize(
    ("splitting_unit", "mandatory", "release"),
    [(None, True, DISTRICT), (CITY, True, CITY), (None, False, None), (CITY, False, None)],
)
def test_a_part(splitting_unit: str | None, mandatory: bool, release: str | None) -> None:
    """Only units above the splitting unit may drop a mandatory part."""
    act = replace(an_act(Step.SPLIT, "请办理"), mandatory=mandatory, units=(VILLAGE,))
    clocks = DeadlineTerms(DEMO, Level.RED, MODE)
    result = part_of(
        replace(PARENT, splitting_unit=splitting_unit), COMMAND, RECIPIENT, act, after(10), clocks
    )  # the words are the whole's, what its plan set as deadlines is not: its end is
    assert result == part(
        sign_by=after(10 + 6),
        finish_by=after(10 + 30),
        parent_assignment_id="asg-whole",
        splitting_unit=TOWN,
        release_unit=release,
        mandatory=mandatory,
    )


@pytest.mark.parametrize("mandatory", [True, False])
def test_a_successor(mandatory: bool) -> None:
    """It stands where the old one stood, with clocks of its own for what the plan allows."""
    old = replace(
        PARENT,
        parent_assignment_id="asg-above",
        splitting_unit=DISTRICT,
        release_unit=CITY,
        mandatory=mandatory,
        late=True,
        attempt=3,
        extensions=2,
    )
    act = replace(an_act(Step.REASSIGN, "请办理"), units=(VILLAGE,))
    clocks = DeadlineTerms(DEMO, Level.RED, MODE)
    assert successor(old, COMMAND, RECIPIENT, act, after(10), clocks) == part(
        sign_by=after(10 + 5),
        finish_by=after(10 + 9),
        sign_within_s=5.0,
        finish_within_s=9.0,
        parent_assignment_id="asg-above",
        splitting_unit=DISTRICT,
        release_unit=CITY,
        mandatory=mandatory,
        reassigned_from="asg-whole",
    )


@pytest.mark.parametrize(("splitting_unit", "unit"), [(None, DISTRICT), (None, CITY), (TOWN, TOWN)])
def test_who_checks_it_is_never_given_it_to_handle(splitting_unit: str | None, unit: str) -> None:
    """An officer above might: then one unit would report to itself, check that and close it."""
    act = replace(an_act(Step.REASSIGN, "请办理"), officer_unit=CITY, units=(unit,))
    issuer = Recipient(unit, tier_of(unit), None, False)
    old = replace(PARENT, unit=VILLAGE, splitting_unit=splitting_unit)
    with pytest.raises(IllegalStep, match="checks it"):
        successor(old, COMMAND, issuer, act, after(10), DeadlineTerms(DEMO, Level.RED))


def test_news_of_parts_never_come_before_what_their_whole_has_done_last() -> None:
    parent = replace(PARENT, changed_at=after(20))
    updated = part(parent_assignment_id="asg-whole")
    ((_, assignment),) = passed_up({"asg-whole": parent}, None, updated, after(10))
    assert (assignment.version, assignment.changed_at) == (2, after(20))
    ((_, assignment),) = passed_up({"asg-whole": parent}, None, updated, after(30))
    assert assignment.changed_at == after(30)
