"""Ladders: rungs in order, limits on the right side, and none that no value can ever reach."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from shared.contracts.dead_letter import Reason
from shared.contracts.fields import LEVEL_ORDER
from shared.contracts.rules import (
    BaselineRule,
    RateRule,
    RuleDefinition,
    Rung,
    ThresholdRule,
    WindowRule,
)
from shared.definitions.yaml_files.findings import FieldPath, Problem, Severity
from shared.domain.quantities import bounds

Laddered = ThresholdRule | WindowRule | RateRule | BaselineRule
_KEEPS_BOUNDS = ("mean", "min", "max")


def ladder_of(rule: RuleDefinition) -> tuple[Sequence[Rung], int]:
    """The rungs of a rule and the sign that turns them upwards; none for rules without a ladder."""
    body = rule.body
    if isinstance(body, BaselineRule):
        return body.rungs, 1
    if isinstance(body, ThresholdRule | WindowRule | RateRule):
        return body.rungs, 1 if body.direction == "above" else -1
    return (), 1


def ladder_problems(rule: RuleDefinition) -> list[Problem]:
    """Levels that do not rise, limits out of order, limits on the wrong side of each other."""
    rungs, sign = ladder_of(rule)
    side = "above" if sign > 0 else "below"
    least, most = ("<=", ">") if sign > 0 else (">=", "<")
    problems: list[Problem] = []
    for place, rung in enumerate(rungs):
        if rung.clear_at * sign > rung.raise_at * sign:
            text = (
                f"{rung.level}: clear_at {rung.clear_at:g} is not on the safe side of raise_at "
                f"{rung.raise_at:g} ({side})"
            )
            problems.append(_error(text, _at(place, "clear_at"), f"{least} {rung.raise_at:g}"))
    for place, (lower, higher) in enumerate(pairwise(rungs), start=1):
        pair = f"{lower.level} and {higher.level}"
        if LEVEL_ORDER[lower.level] >= LEVEL_ORDER[higher.level]:
            above = [
                level for level in LEVEL_ORDER if LEVEL_ORDER[level] > LEVEL_ORDER[lower.level]
            ]
            text = f"{pair}: levels must rise from rung to rung"
            problems.append(
                _error(text, _at(place, "level"), ", ".join(above) or "no further rung")
            )
        if lower.raise_at * sign >= higher.raise_at * sign:
            text = f"{pair}: raise_at must be graver from rung to rung ({side})"
            problems.append(_error(text, _at(place, "raise_at"), f"{most} {lower.raise_at:g}"))
        if lower.clear_at * sign > higher.clear_at * sign:
            text = f"{pair}: the higher level would be given up later than the lower ({side})"
            allowed = f"{'>=' if sign > 0 else '<='} {lower.clear_at:g}"
            problems.append(_error(text, _at(place, "clear_at"), allowed))
    return problems


def reach_problems(rule: RuleDefinition) -> list[Problem]:
    """Rungs that never fire or always do, rungs that flap, and rungs that swallow the one below."""
    rungs, sign = ladder_of(rule)
    low, high = _reachable(rule)
    problems: list[Problem] = []
    for place, rung in enumerate(rungs):
        best, worst = (high, low) if sign > 0 else (low, high)
        if rung.raise_at * sign > best * sign:
            text = f"{rung.level} is never reached: {_quantity_words(rule)} is at most {best:g}"
            if sign < 0:
                text = (
                    f"{rung.level} is never reached: {_quantity_words(rule)} is at least {best:g}"
                )
            problems.append(_error(text, _at(place, "raise_at"), f"{low:g} to {high:g}"))
        elif rung.raise_at * sign <= worst * sign:
            text = f"{rung.level} always holds: {_quantity_words(rule)} cannot be on the other side"
            problems.append(_error(text, _at(place, "raise_at"), f"{low:g} to {high:g}"))
        elif rung.clear_at * sign <= worst * sign and worst not in (float("inf"), float("-inf")):
            text = f"{rung.level} is never given up once {_quantity_words(rule)} has reached it"
            problems.append(_warning(text, _at(place, "clear_at"), f"{low:g} to {high:g}"))
        if rung.clear_at == rung.raise_at:
            text = f"{rung.level}: raise_at and clear_at are the same, it flaps at the limit"
            problems.append(_warning(text, _at(place, "clear_at"), "a distance between the two"))
    for place, (lower, higher) in enumerate(pairwise(rungs), start=1):
        if lower.raise_at * sign >= higher.raise_at * sign:
            continue
        if higher.clear_at * sign < lower.raise_at * sign and higher.clear_at != lower.clear_at:
            text = (
                f"{lower.level} and {higher.level} overlap: {higher.level} is kept below the value "
                f"at which {lower.level} is raised"
            )
            side = ">=" if sign > 0 else "<="
            problems.append(_warning(text, _at(place, "clear_at"), f"{side} {lower.raise_at:g}"))
    return problems


def _reachable(rule: RuleDefinition) -> tuple[float, float]:
    """Return the possible range of the evaluated quantity, in the unit of the rule."""
    body = rule.body
    low, high = bounds(rule.metric, rule.unit)
    match body:
        case BaselineRule():
            return 0.0, 1.0
        case ThresholdRule():
            return low, high
        case WindowRule(aggregate="count"):
            return 0.0, float("inf")
        case WindowRule(aggregate="sum"):
            return (0.0 if low >= 0 else float("-inf")), float("inf")
        case WindowRule() if body.aggregate in _KEEPS_BOUNDS:
            return low, high
        case WindowRule():
            return low - high, high - low
        case _:
            return float("-inf"), float("inf")


def _quantity_words(rule: RuleDefinition) -> str:
    match rule.body:
        case BaselineRule():
            return "a score"
        case WindowRule():
            return f"the {rule.body.aggregate} of {rule.metric}"
        case _:
            return str(rule.metric)


def _at(place: int, name: str) -> FieldPath:
    return ("body", "rungs", place, name)


def _error(text: str, path: FieldPath, allowed: str) -> Problem:
    return Problem(Reason.INVALID_RULE, text, path, allowed)


def _warning(text: str, path: FieldPath, allowed: str) -> Problem:
    return Problem(Reason.INVALID_RULE, text, path, allowed, Severity.WARNING)
