"""What comes from another assignment is, field by field, what its origin and its own clocks say."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from services.command.core.deadlines import Clocks
from services.command.core.model import Assignment
from services.command.core.parts import part_of, passed_up, successor
from services.command.core.profiles import PROFILES, ProfileName
from services.command.core.states import IllegalStep, State
from shared.contracts.commands import Step
from shared.contracts.fields import Level, ResponseMode, Status, Tier
from shared.contracts.ids import assignment_id
from shared.contracts.units import tier_of
from shared.domain.response_modes.effective import Effective
from shared.domain.selection.tree import Recipient
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

DEMO = PROFILES[ProfileName.DEMO]
MODE = Effective(ResponseMode.EMERGENCY, 7, DISTRICT)
"""Half of the profile's times."""
RECIPIENT = Recipient(VILLAGE, Tier.VILLAGE, TOWN, True)
COMMAND = a_command(status=Status.EXERCISE)
WHOLE = an_assignment(
    assignment_id="asg-whole",
    unit=TOWN,
    unit_tier=Tier.TOWN,
    parent_unit=DISTRICT,
    state=State.SIGNED,
    brief=3,
    sign_within_s=5.0,
    finish_within_s=9.0,
    given_by=None,
    release_unit=None,
    status=Status.EXERCISE,
)


def made(**change: object) -> Assignment:
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
        **change,
    )


@pytest.mark.parametrize(
    ("given_by", "mandatory", "release"),
    [(None, True, DISTRICT), (CITY, True, CITY), (None, False, None), (CITY, False, None)],
)
def test_a_part(given_by: str | None, mandatory: bool, release: str | None) -> None:
    """Only above the unit that split may a mandatory part be dropped: by whoever gave it the whole."""
    act = replace(an_act(Step.SPLIT, "请办理"), mandatory=mandatory, units=(VILLAGE,))
    clocks = Clocks(DEMO, Level.RED, MODE)
    part = part_of(
        replace(WHOLE, given_by=given_by), COMMAND, RECIPIENT, act, after(10), clocks
    )  # the words are the whole's, what its plan set as deadlines is not: its end is
    assert part == made(
        sign_by=after(10 + 6),
        finish_by=after(10 + 30),
        parent_assignment_id="asg-whole",
        given_by=TOWN,
        release_unit=release,
        mandatory=mandatory,
    )


@pytest.mark.parametrize("mandatory", [True, False])
def test_a_successor(mandatory: bool) -> None:
    """It stands where the old one stood, with clocks of its own for what the plan allows."""
    old = replace(
        WHOLE,
        parent_assignment_id="asg-above",
        given_by=DISTRICT,
        release_unit=CITY,
        mandatory=mandatory,
        late=True,
        attempt=3,
        extensions=2,
    )
    act = replace(an_act(Step.REASSIGN, "请办理"), units=(VILLAGE,))
    clocks = Clocks(DEMO, Level.RED, MODE)
    assert successor(old, COMMAND, RECIPIENT, act, after(10), clocks) == made(
        sign_by=after(10 + 5),
        finish_by=after(10 + 9),
        sign_within_s=5.0,
        finish_within_s=9.0,
        parent_assignment_id="asg-above",
        given_by=DISTRICT,
        release_unit=CITY,
        mandatory=mandatory,
        reassigned_from="asg-whole",
    )


@pytest.mark.parametrize(("given_by", "unit"), [(None, DISTRICT), (None, CITY), (TOWN, TOWN)])
def test_who_checks_it_is_never_given_it_to_handle(given_by: str | None, unit: str) -> None:
    """An officer above might: then one unit would report to itself, check that and close it."""
    act = replace(an_act(Step.REASSIGN, "请办理"), officer_unit=CITY, units=(unit,))
    issuer = Recipient(unit, tier_of(unit), None, False)
    old = replace(WHOLE, unit=VILLAGE, given_by=given_by)
    with pytest.raises(IllegalStep, match="checks it"):
        successor(old, COMMAND, issuer, act, after(10), Clocks(DEMO, Level.RED))


def test_news_of_parts_never_come_before_what_their_whole_has_done_last() -> None:
    whole = replace(WHOLE, changed_at=after(20))
    part = made(parent_assignment_id="asg-whole")
    ((_, assignment),) = passed_up({"asg-whole": whole}, None, part, after(10))
    assert (assignment.version, assignment.changed_at) == (2, after(20))
    ((_, assignment),) = passed_up({"asg-whole": whole}, None, part, after(30))
    assert assignment.changed_at == after(30)
