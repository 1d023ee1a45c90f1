"""The plans in force, and which of them holds for an event."""

from __future__ import annotations

from collections.abc import Iterable

from shared.contracts.fields import Level, ResponseMode
from shared.contracts.plans import PlanDefinition


class PlanBook:
    """Plans by id; the newest version of each holds."""

    def __init__(self, plans: Iterable[PlanDefinition] = ()) -> None:
        self._plans: dict[str, PlanDefinition] = {}
        for plan in plans:
            self.put(plan)

    def __len__(self) -> int:
        return len(self._plans)

    def put(self, plan: PlanDefinition) -> None:
        """Take in a plan; an older version than the one known changes nothing."""
        existing_plan_definition = self._plans.get(plan.plan_id)
        if existing_plan_definition is None or plan.version >= existing_plan_definition.version:
            self._plans[plan.plan_id] = plan

    def drop(self, plan_id: str) -> None:
        """Forget a plan that was deleted."""
        self._plans.pop(plan_id, None)

    def choose(self, event_type: str, level: Level, mode: ResponseMode) -> PlanDefinition | None:
        """The plan that holds, None when none does.

        Whose pattern names the event most exactly; among equals the first by id (the check refuses
        a pack in which that would decide).
        """
        fitting = [
            (-closeness(plan, event_type), plan.plan_id)
            for plan in self._plans.values()
            if in_force(plan) and level in plan.levels and mode in plan.modes
        ]
        best = min((candidate for candidate in fitting if candidate[0] < 0), default=None)
        return None if best is None else self._plans[best[1]]


def in_force(plan: PlanDefinition) -> bool:
    """Return whether a plan holds for events: it is enabled and no candidate."""
    return plan.enabled and plan.shadow_of is None


def closeness(plan: PlanDefinition, event_type: str) -> int:
    """Return the length of the longest matching pattern, 0 without a match."""
    return max((_closeness(pattern, event_type) for pattern in plan.events), default=0)


def _closeness(pattern: str, event_type: str) -> int:
    if pattern == event_type:
        return 1_000
    if pattern.endswith("*") and event_type.startswith(pattern[:-1]):
        return len(pattern)
    return 0
