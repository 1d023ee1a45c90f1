"""The call plan of a level and a mode; a plan that names the mode goes before one without modes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from shared.contracts.calls import CallPlan
from shared.contracts.fields import Level, ResponseMode

SYSTEM: Final = "system"
"""The category of pages about the system's own faults, which have no level's waits."""
CallCategory = Level | Literal["system"]


class CallPlans:
    """The enabled plans of a set, by category and response mode."""

    def __init__(self, plans: Iterable[CallPlan] = ()) -> None:
        self._plans: dict[tuple[CallCategory, ResponseMode | None], CallPlan] = {
            (category, mode): plan
            for plan in plans
            if plan.enabled
            for category in _categories(plan)
            for mode in plan.modes or (None,)
        }

    def plan(self, category: CallCategory, mode: ResponseMode) -> CallPlan | None:
        """Return the plan that names the mode, or else the plan of all modes, or None."""
        return self._plans.get((category, mode)) or self._plans.get((category, None))


def _categories(plan: CallPlan) -> Sequence[CallCategory]:
    return [SYSTEM] if plan.system else plan.levels
