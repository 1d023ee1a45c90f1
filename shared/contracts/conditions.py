"""Rules over several sources: boolean trees over other rules' alarms, and corroboration 多源印证."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.contracts.fields import LEVEL_ORDER, Contract, Level, RuleId, Tier

MOST_DEEP = 6
"""A tree is at most so deep: deeper ones nobody reads."""
MOST_PARTS = 128
"""A tree has at most so many parts: it is evaluated at each change of an alarm that it names."""
Scope = Literal["site", "village", "town", "district"]
"""What belongs together: sensors of one site, or everything in one unit of that tier."""
Window = Annotated[float, Field(ge=60, le=72 * 3600)]


class RuleHolds(Contract):
    """True while an alarm of `rule` is open in the scope at `level` or above."""

    op: Literal["rule"] = "rule"
    rule: RuleId
    level: Level = Level.NOTICE


class AllOf(Contract):
    """True while every part is."""

    op: Literal["all"] = "all"
    of: Annotated[tuple[Condition, ...], Field(min_length=2, max_length=16)]


class AnyOf(Contract):
    """True while one part is."""

    op: Literal["any"] = "any"
    of: Annotated[tuple[Condition, ...], Field(min_length=2, max_length=16)]


class AtLeast(Contract):
    """True while `k` of the parts are."""

    op: Literal["at_least"] = "at_least"
    k: Annotated[int, Field(ge=1, le=16)]
    of: Annotated[tuple[Condition, ...], Field(min_length=2, max_length=16)]

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.k > len(self.of):
            raise ValueError(f"{self.k} of {len(self.of)} parts can never hold")
        return self


class Not(Contract):
    """True while the part is not."""

    op: Literal["not"] = "not"
    of: Condition


Condition = Annotated[RuleHolds | AllOf | AnyOf | AtLeast | Not, Field(discriminator="op")]
for _model in (AllOf, AnyOf, AtLeast, Not):
    _model.model_rebuild()


class CompositeRung(Contract):
    """A level of a composite, and the tree that has to hold for this level."""

    level: Level
    when: Condition


class CompositeRule(Contract):
    """An alarm of the scope while a boolean tree over other rules' alarms holds.

    There is a `level` with the tree `when`, or several in `rungs`: the highest level whose tree
    holds wins. A cleared alarm counts for `linger_s` more seconds of event time. The alarm of the
    rule ends when the tree has not held for `clear_for_s` seconds: no alarm is raised by this.
    """

    kind: Literal["composite"] = "composite"
    scope: Scope
    when: Condition | None = None
    level: Level | None = None
    rungs: Annotated[tuple[CompositeRung, ...], Field(max_length=5)] = ()
    linger_s: Annotated[float, Field(ge=0, le=86_400)] = 0
    clear_for_s: Annotated[float, Field(ge=0, le=86_400)] = 0

    @property
    def ladder(self) -> tuple[CompositeRung, ...]:
        """Return the levels with their trees, from the lowest."""
        if self.when is None or self.level is None:
            return self.rungs
        return (CompositeRung.model_construct(level=self.level, when=self.when),)

    @model_validator(mode="after")
    def _has_levels(self) -> Self:
        single = (self.when is not None, self.level is not None)
        if single != (not self.rungs, not self.rungs):
            raise ValueError("has level and when together, or rungs instead of both")
        for lower, higher in pairwise(self.rungs):
            if LEVEL_ORDER[lower.level] >= LEVEL_ORDER[higher.level]:
                raise ValueError(
                    f"{lower.level} and {higher.level}: levels must rise from rung to rung"
                )
        return self

    @model_validator(mode="after")
    def _readable(self) -> Self:
        trees = [rung.when for rung in self.ladder]
        if any(depth(tree) > MOST_DEEP for tree in trees):
            raise ValueError(f"the tree is deeper than {MOST_DEEP}")
        if (parts := sum(map(size, trees))) > MOST_PARTS:
            raise ValueError(f"the tree has {parts} parts, at most {MOST_PARTS}")
        if any(map(holds_by_itself, trees)):
            raise ValueError("the tree holds without any alarm: `not` alone would always be true")
        return self


class SourceClass(Contract):
    """A class of sources and the trust in one source of the class, 0 to 1."""

    source: Literal["sensor", "grid_worker", "hotline", "officer", "agency"]
    sensor_kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")] | None = None
    trust: Annotated[float, Field(gt=0, le=1)]


class CorroborationRule(Contract):
    """An alarm when distinct sources of the rule's event type add up to `need` within a window.

    A sensor, a telephone or a reporter is one source, whatever the number of its messages. `kinds`
    is the least number of different classes. The sources lie in one unit of `within` and, with
    `radius_m`, within this distance in metres of one source; a source without a position counts in
    its unit.
    """

    kind: Literal["corroboration"] = "corroboration"
    sources: Annotated[tuple[SourceClass, ...], Field(min_length=1, max_length=16)]
    need: Annotated[float, Field(gt=0, le=100)]
    kinds: Annotated[int, Field(ge=1, le=8)] = 1
    window_s: Window
    within: Literal[Tier.VILLAGE, Tier.TOWN, Tier.DISTRICT] = Tier.TOWN
    radius_m: Annotated[float, Field(gt=0, le=100_000)] | None = None
    level: Level


def depth(condition: Condition) -> int:
    """Levels of a tree; a single rule is 1."""
    if isinstance(condition, RuleHolds):
        return 1
    parts = (condition.of,) if isinstance(condition, Not) else condition.of
    return 1 + max(depth(part) for part in parts)


def size(condition: Condition) -> int:
    """Parts of a tree; a single rule is 1."""
    if isinstance(condition, RuleHolds):
        return 1
    parts = (condition.of,) if isinstance(condition, Not) else condition.of
    return 1 + sum(map(size, parts))


def named_rules(condition: Condition) -> set[RuleId]:
    """The rules a tree looks at."""
    if isinstance(condition, RuleHolds):
        return {condition.rule}
    parts = (condition.of,) if isinstance(condition, Not) else condition.of
    return set().union(*(named_rules(part) for part in parts))


def rules_read(body: CompositeRule) -> set[RuleId]:
    """Return the rules in the trees of all levels."""
    return set().union(*(named_rules(rung.when) for rung in body.ladder))


def highest_level(
    body: CompositeRule, is_open: frozenset[tuple[str, Level]] | set[tuple[str, Level]]
) -> Level | None:
    """Return the highest level with a tree that holds, given open (rule, level) pairs."""
    for rung in reversed(body.ladder):
        if holds(rung.when, is_open):
            return rung.level
    return None


def holds(
    condition: Condition, is_open: frozenset[tuple[str, Level]] | set[tuple[str, Level]]
) -> bool:
    """Return whether a tree holds, given open (rule, level) pairs; a level implies lower ones."""
    match condition:
        case RuleHolds():
            return (condition.rule, condition.level) in is_open
        case AllOf():
            return all(holds(part, is_open) for part in condition.of)
        case AnyOf():
            return any(holds(part, is_open) for part in condition.of)
        case AtLeast():
            return sum(holds(part, is_open) for part in condition.of) >= condition.k
        case Not():
            return not holds(condition.of, is_open)


def holds_by_itself(condition: Condition) -> bool:
    """Return whether a tree holds without any open alarm."""
    return holds(condition, frozenset())
