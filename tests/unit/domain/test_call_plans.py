"""The call plan that holds for a category and a response mode."""

from __future__ import annotations

import pytest

from shared.contracts.fields import Level, ResponseMode
from shared.domain.call_plans import SYSTEM, CallCategory, CallPlans
from tests.unit.notify.builders import a_call_plan

PLANS = CallPlans(
    [
        a_call_plan("urgent", levels=["orange", "red"], modes=["emergency"]),
        a_call_plan("orange", levels=["orange"]),
        a_call_plan("faults", system=True),
        a_call_plan("quick", system=True, modes=["standby"]),
        a_call_plan("off", levels=["red"], enabled=False),
    ]
)


@pytest.mark.parametrize(
    ("category", "mode", "name"),
    [
        (Level.ORANGE, ResponseMode.NORMAL, "orange"),
        (Level.ORANGE, ResponseMode.STANDBY, "orange"),
        (Level.ORANGE, ResponseMode.EMERGENCY, "urgent"),
        (Level.RED, ResponseMode.EMERGENCY, "urgent"),
        (Level.RED, ResponseMode.NORMAL, None),
        (Level.BLUE, ResponseMode.EMERGENCY, None),
        (SYSTEM, ResponseMode.EMERGENCY, "faults"),
        (SYSTEM, ResponseMode.STANDBY, "quick"),
    ],
)
def test_the_plan_of_the_mode_comes_before_the_plan_of_all_modes(
    category: CallCategory, mode: ResponseMode, name: str | None
) -> None:
    plan = PLANS.plan(category, mode)
    assert (None if plan is None else plan.call_id) == name
