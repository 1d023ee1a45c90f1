"""Problems of call plans beyond their shape: of a single plan and of several plans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.contracts.calls import CallPlan
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Level
from shared.definitions.yaml_files.findings import Problem, Severity

PlanProblems = Iterator[tuple[CallPlan, Problem]]


def problems(plans: Sequence[CallPlan]) -> PlanProblems:
    """Yield all problems of the plans."""
    enabled = [plan for plan in plans if plan.enabled]
    for number, plan in enumerate(enabled):
        yield from _together(plan, enabled[:number])
        yield from _late(plan)
    general = {level for plan in enabled if not plan.modes for level in plan.levels}
    missing = [level for level in Level if level not in general]
    if enabled and missing:
        text = f"the built-in waits hold for {', '.join(missing)}: no plan for every mode names it"
        yield enabled[-1], _warning(text, ("levels",), "a plan without modes for each level")


def _together(plan: CallPlan, before: Sequence[CallPlan]) -> PlanProblems:
    for call_plan in before:
        levels: list[str] = [level for level in plan.levels if level in call_plan.levels]
        if plan.system and call_plan.system:
            levels = ["system"]
        modes = [mode for mode in plan.modes if mode in call_plan.modes]
        if levels and (modes or not (plan.modes or call_plan.modes)):
            where = f" in {', '.join(modes)}" if modes else ""
            text = f"{', '.join(levels)}{where} is {call_plan.call_id}'s already"
            allowed = "one plan per level and mode"
            yield plan, Problem(Reason.INVALID_RULE, text, ("levels",), allowed)


def _late(plan: CallPlan) -> PlanProblems:
    """A channel that would come after half of the shortest call is used at its half."""
    shortest = min(plan.first_s, plan.repeat_s or plan.first_s, plan.post_s, plan.tier_s)
    for at, step in enumerate(plan.steps):
        if step.after_s > shortest / 2:
            text = f"calls of {shortest:g} s use these channels after {shortest / 2:g} s"
            path = ("steps", at, "after_s")
            yield plan, _warning(text, path, f"at most {shortest / 2:g}")


def _warning(text: str, path: tuple[str | int, ...], allowed: str) -> Problem:
    return Problem(Reason.INVALID_RULE, text, path, allowed, Severity.WARNING)
