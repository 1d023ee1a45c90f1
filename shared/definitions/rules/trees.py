"""Boolean trees over other rules: parts that can never hold, say nothing, or stand there twice.

A tree is small (at most 16 parts a level, six levels deep), so all its combinations are tried:
every named rule at every possible level, and not raised. Trees with too many combinations are not
checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from shared.contracts.conditions import (
    AtLeast,
    CompositeRule,
    Condition,
    CorroborationRule,
    Not,
    RuleHolds,
    highest_level,
    holds,
    rules_read,
)
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import LEVEL_ORDER, Level
from shared.contracts.rules import AbsenceRule, RuleDefinition
from shared.definitions.rules.ladders import ladder_of
from shared.definitions.yaml_files.findings import FieldPath, Problem, Severity, listed, nearest

MOST_COMBINATIONS = 20_000
_Open = frozenset[tuple[str, Level]]
_BY_RANK = tuple(Level)


def levels_of(rule: RuleDefinition) -> tuple[Level, ...]:
    """The levels an alarm of this rule can have, from the lowest; empty when it never alarms."""
    if rule.shadow_of is not None or not rule.enabled:
        return ()
    match rule.body:
        case AbsenceRule() | CorroborationRule():
            return (rule.body.level,)
        case CompositeRule():
            return tuple(rung.level for rung in rule.body.ladder)
        case _:
            rungs, _ = ladder_of(rule)
            return tuple(sorted({rung.level for rung in rungs}, key=lambda item: LEVEL_ORDER[item]))


def tree_problems(
    rule: RuleDefinition, by_id: Mapping[str, RuleDefinition], also: frozenset[str]
) -> list[Problem]:
    """Everything wrong with the trees of a composite rule.

    `known` are all usable rules, `also` names of rules that exist but are not usable as they are.
    """
    body = rule.body
    if not isinstance(body, CompositeRule):
        return []
    leaf_problems: list[Problem] = []
    for place, rung in enumerate(body.ladder):
        root = _root(body, place)
        leaf_problems += _leaf_problems(rung.when, root, by_id, also)
        if rule.geofences:
            leaf_problems += _placeless_leaves(rung.when, root, by_id)
        leaf_problems += _twice(rung.when, root)
    named = sorted(rules_read(body))
    if leaf_problems or any(name not in by_id for name in named):
        return leaf_problems
    worlds = _worlds(named, by_id)
    if not worlds:
        return leaf_problems
    problems = [
        problem
        for place, rung in enumerate(body.ladder)
        for problem in _dead_parts(rung.when, _root(body, place), worlds)
    ]
    return problems or list(_hidden_rungs(body, worlds))


def _root(body: CompositeRule, place: int) -> FieldPath:
    """Return the field of the tree of a level."""
    return ("body", "rungs", place, "when") if body.rungs else ("body", "when")


def _hidden_rungs(body: CompositeRule, worlds: list[_Open]) -> Iterator[Problem]:
    """Levels that the alarm never has, since a higher level holds whenever they do."""
    levels = {highest_level(body, world) for world in worlds}
    for place, rung in enumerate(body.rungs):
        if rung.level not in levels:
            text = f"{rung.level} is never reached: a higher level holds whenever it does"
            allowed = "a condition that can hold without that of a higher level"
            yield _error(text, _root(body, place), allowed)


def _leaf_problems(
    part: Condition, path: FieldPath, by_id: Mapping[str, RuleDefinition], also: frozenset[str]
) -> Iterator[Problem]:
    for below, at in _parts(part, path):
        yield from _leaf_problems(below, at, by_id, also)
    if not isinstance(part, RuleHolds):
        return
    rule = by_id.get(part.rule)
    if rule is None:
        if part.rule not in also:
            names = set(by_id) | also
            text = f"there is no rule {part.rule}{nearest(part.rule, names)}"
            yield _error(text, (*path, "rule"), listed(names))
        return
    if not rule.enabled:
        text = f"can never hold: {part.rule} is switched off"
        yield _error(text, (*path, "rule"), "rules that are enabled", Severity.WARNING)
        return
    reach = levels_of(rule)
    if not reach:
        why = "is a shadow" if rule.shadow_of else f"is a {rule.body.kind} rule, about sensors"
        text = f"can never hold: {part.rule} {why} and never alarms"
        yield _error(text, (*path, "rule"), "rules that alarm")
    elif LEVEL_ORDER[part.level] > LEVEL_ORDER[reach[-1]]:
        text = f"can never hold: {part.rule} reaches {reach[-1]} at most, not {part.level}"
        at = (*path, "level") if "level" in part.model_fields_set else (*path, "rule")
        yield _error(text, at, ", ".join(_BY_RANK[: LEVEL_ORDER[reach[-1]] + 1]))


def _placeless_leaves(
    part: Condition, path: FieldPath, by_id: Mapping[str, RuleDefinition]
) -> Iterator[Problem]:
    """Yield the parts whose alarms have no position: geofences leave them out."""
    for below, at in _parts(part, path):
        yield from _placeless_leaves(below, at, by_id)
    if isinstance(part, RuleHolds):
        rule = by_id.get(part.rule)
        if rule is not None and not rule.over_one_sensor:
            text = (
                f"can never hold inside geofences: alarms of {part.rule}, a {rule.body.kind} rule, "
                "have no position"
            )
            allowed = "rules over one sensor; or the geofences in that rule"
            yield _error(text, (*path, "rule"), allowed)


def _twice(part: Condition, path: FieldPath) -> list[Problem]:
    problems: list[Problem] = []
    distinct: list[Condition] = []
    for below, at in _parts(part, path):
        if below in distinct:
            problems.append(_error("the same part stands here twice", at, "each part once"))
        distinct.append(below)
        problems += _twice(below, at)
    return problems


def _dead_parts(part: Condition, path: FieldPath, worlds: list[_Open]) -> Iterator[Problem]:
    """Parts that never hold, and parts without which the whole would say the same."""
    if not any(holds(part, world) for world in worlds):
        yield _error(
            "can never hold: its parts exclude each other", path, "parts that can hold at once"
        )
        return
    if all(holds(part, world) for world in worlds):
        yield _error("always holds", path, "a condition that can fail")
        return
    parts = list(_parts(part, path))
    if len(parts) > 1:
        values = [holds(part, world) for world in worlds]
        for place, (below, at) in enumerate(parts):
            if not any(holds(below, world) for world in worlds):
                continue
            parts_left = [part for number, (part, _) in enumerate(parts) if number != place]
            if [_of(part, parts_left, world) for world in worlds] == values:
                text = "makes no difference: the other parts already say so"
                yield _error(text, at, "parts that change the outcome", Severity.WARNING)
                break
    for below, at in parts:
        yield from _dead_parts(below, at, worlds)


def _of(part: Condition, parts_left: list[Condition], world: _Open) -> bool:
    """Return whether `part` would hold with only these of its parts."""
    true_parts = sum(holds(condition, world) for condition in parts_left)
    if isinstance(part, AtLeast):
        return true_parts >= part.k
    return true_parts == len(parts_left) if part.op == "all" else true_parts > 0


def _worlds(named: list[str], by_id: Mapping[str, RuleDefinition]) -> list[_Open]:
    """Return the possible sets of open alarms; empty when there are too many combinations."""
    choices: list[list[_Open]] = []
    combinations = 1
    for name in named:
        states: list[_Open] = [frozenset()]
        states += (
            frozenset((name, lower) for lower in _BY_RANK[: LEVEL_ORDER[level] + 1])
            for level in levels_of(by_id[name])
        )
        choices.append(states)
        combinations *= len(states)
    if combinations > MOST_COMBINATIONS:
        return []
    return [frozenset().union(*combination) for combination in product(*choices)]


def _parts(part: Condition, path: FieldPath) -> list[tuple[Condition, FieldPath]]:
    if isinstance(part, RuleHolds):
        return []
    if isinstance(part, Not):
        return [(part.of, (*path, "of"))]
    return [(below, (*path, "of", place)) for place, below in enumerate(part.of)]


def _error(
    text: str, path: FieldPath, allowed: str, severity: Severity = Severity.ERROR
) -> Problem:
    return Problem(Reason.INVALID_RULE, text, path, allowed, severity)
