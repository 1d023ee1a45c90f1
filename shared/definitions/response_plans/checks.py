"""Problems of plans beyond their shape: of one plan, of several, and against the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.contracts.assignments import AssignmentAxis
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import LEVEL_ORDER, Level
from shared.contracts.plans import OrderLine, PlanDefinition
from shared.contracts.selections import Departments, Group, Listed, Part, Role, Subtree
from shared.contracts.units import is_unit
from shared.definitions.response_plans.book import in_force
from shared.definitions.yaml_files.findings import FieldPath, Problem, Severity, listed, nearest
from shared.domain.selection.tree import UnitTree

PlanProblems = Iterator[tuple[PlanDefinition, Problem]]
_RULED = tuple(level for level in Level if level is not Level.NOTICE)


def problems(
    plans: Sequence[PlanDefinition],
    tree: UnitTree | None,
    beside: Sequence[PlanDefinition] = (),
) -> PlanProblems:
    """Yield all problems. `tree` None = no catalogue: nothing is checked against units.

    `beside` are plans outside the pack that stay in force.
    """
    for plan in plans:
        for problem in _alone(plan):
            yield plan, problem
        if tree is not None:
            for problem in _named(plan, tree):
                yield plan, problem
    yield from _together(plans, beside)
    yield from _gaps(plans, beside)


def _alone(plan: PlanDefinition) -> Iterator[Problem]:
    keys: set[str] = set()
    for at, line in enumerate(plan.orders):
        line_path: FieldPath = ("orders", at)
        if line.key in keys:
            yield _problem(f"a line {line.key} stands before", (*line_path, "key"), "each key once")
        keys.add(line.key)
        yield from _clocks(line, line_path)
        if line.axis is AssignmentAxis.HORIZONTAL and any(
            isinstance(part, Subtree) for part in line.who.include
        ):
            yield _problem(
                "a subtree is reached down the tiers 交办",
                (*line_path, "axis"),
                "horizontal 分拨: departments, role, group, units",
            )


def _clocks(line: OrderLine, line_path: FieldPath) -> Iterator[Problem]:
    cases: list[tuple[float | None, float | None, FieldPath]] = [
        (line.sign_within_s, line.finish_within_s, line_path)
    ]
    for at, variation in enumerate(line.variations):
        sign = variation.sign_within_s or line.sign_within_s
        finish = variation.finish_within_s or line.finish_within_s
        cases.append((sign, finish, (*line_path, "variations", at)))
    for sign, finish, where in cases:
        if sign is not None and finish is not None and finish < sign:
            yield _problem(
                f"finishing in {finish:g} s comes before signing in {sign:g} s",
                (*where, "finish_within_s"),
                f"at least {sign:g}",
            )


def _together(plans: Sequence[PlanDefinition], beside: Sequence[PlanDefinition]) -> PlanProblems:
    """Two plans that hold for the same: only their names would decide."""
    standing = [plan for plan in beside if in_force(plan)]
    enabled = [plan for plan in plans if in_force(plan)]
    for number, plan in enumerate(enabled):
        for at, pattern in enumerate(plan.events):
            for plan_definition in (*standing, *enabled[:number]):
                levels = [level for level in plan.levels if level in plan_definition.levels]
                modes = [mode for mode in plan.modes if mode in plan_definition.modes]
                if pattern in plan_definition.events and levels and modes:
                    text = (
                        f"{pattern} at {', '.join(levels)} is {plan_definition.plan_id}'s already, "
                        f"in {', '.join(modes)}"
                    )
                    yield plan, _problem(text, ("events", at), "one plan per event, level and mode")


def _gaps(plans: Sequence[PlanDefinition], beside: Sequence[PlanDefinition]) -> PlanProblems:
    covered = {
        level
        for plan in (*beside, *plans)
        if in_force(plan) and "*" in plan.events
        for level in plan.levels
    }
    missing = sorted(set(_RULED) - covered, key=LEVEL_ORDER.__getitem__)
    if plans and missing:
        text = f"an event that no plan names gets no command at {', '.join(missing)}"
        yield (
            plans[-1],
            Problem(Reason.INVALID_RULE, text, ("events",), 'a plan for "*"', Severity.WARNING),
        )


def _named(plan: PlanDefinition, tree: UnitTree) -> Iterator[Problem]:
    """Names that the catalogue does not have: nobody would get the order."""
    for at, line in enumerate(plan.orders):
        for side in ("include", "exclude"):
            parts: tuple[Part, ...] = getattr(line.who, side)
            for number, part in enumerate(parts):
                line_path: FieldPath = ("orders", at, "who", side, number)
                yield from _of_part(part, line_path, tree)


def _of_part(part: Part, line_path: FieldPath, tree: UnitTree) -> Iterator[Problem]:
    if not isinstance(part, Group | Listed) and is_unit(part.of) and part.of not in tree:
        yield _problem(f"there is no unit {part.of} in the catalogue", (*line_path, "of"), "")
    match part:
        case Group():
            if part.group not in tree.groups:
                yield _unknown("group", part.group, tree.groups, (*line_path, "group"))
        case Listed():
            for at, unit in enumerate(part.units):
                if unit not in tree:
                    text = f"there is no unit {unit} in the catalogue"
                    yield _problem(text, (*line_path, "units", at), "")
        case Departments():
            for at, name in enumerate(part.departments):
                if name not in tree.department_names:
                    path = (*line_path, "departments", at)
                    yield _unknown("department", name, tree.department_names, path)
        case Role():
            for at, name in enumerate(part.roles):
                if name not in tree.role_names:
                    yield _unknown("role", name, tree.role_names, (*line_path, "roles", at))


def _unknown(word: str, name: str, names: frozenset[str], path: FieldPath) -> Problem:
    text = f"there is no {word} {name} in the catalogue{nearest(name, names)}"
    return _problem(text, path, listed(names))


def _problem(text: str, path: FieldPath, allowed: str) -> Problem:
    return Problem(Reason.INVALID_RULE, text, path, allowed)
