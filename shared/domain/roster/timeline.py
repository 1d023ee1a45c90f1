"""Who is on: overrides go before swaps, swaps before shifts, shifts before rotations; who is on leave is
not on, unless an override says so. Shifts and rotations of the response mode that holds go before those
of every mode: where the mode's roster names nobody, the ordinary one holds.

Time is cut at every edge of every entry; within a piece nothing changes, so each piece is decided by one
look. Among entries of one kind the newest (by its place in the plan) goes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from shared.contracts.duty import (
    DutyEntry,
    DutyRule,
    Leave,
    Member,
    Override,
    Rotation,
    Shift,
    Swap,
)
from shared.contracts.fields import Post, ResponseMode
from shared.domain.roster.turns import Turn, turns

_Rotating = tuple[Rotation, list[Turn]]
"""A rotation with its turns in the span that is looked at."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A unit's entries that hold in one response mode, by kind, the newest first."""

    members: dict[str, Member] = field(default_factory=dict)
    rotations: tuple[Rotation, ...] = ()
    shifts: tuple[Shift, ...] = ()
    overrides: tuple[Override, ...] = ()
    swaps: tuple[Swap, ...] = ()
    leaves: tuple[Leave, ...] = ()

    @property
    def posts(self) -> tuple[Post, ...]:
        """The posts that have a plan, in calling order."""
        planned = {rotation.post for rotation in self.rotations}
        planned |= {shift.post for shift in self.shifts} | {
            override.post for override in self.overrides
        }
        return tuple(post for post in Post if post in planned)


def plan_of(entries: Iterable[DutyEntry], mode: ResponseMode = ResponseMode.NORMAL) -> Plan:
    """The plan of one unit in a mode, from its entries in the order in which they were last changed."""
    held = [entry.rule for entry in entries if not entry.cancelled and _holds(entry.rule, mode)][
        ::-1
    ]
    return Plan(
        members={
            rule.officer.officer_id: rule for rule in reversed(held) if isinstance(rule, Member)
        },
        rotations=tuple(rule for rule in held if isinstance(rule, Rotation)),
        shifts=tuple(rule for rule in held if isinstance(rule, Shift)),
        overrides=tuple(rule for rule in held if isinstance(rule, Override)),
        swaps=tuple(rule for rule in held if isinstance(rule, Swap)),
        leaves=tuple(rule for rule in held if isinstance(rule, Leave)),
    )


def timeline(plan: Plan, post: Post, begin: datetime, end: datetime) -> list[Turn]:
    """[begin, end) as turns without holes or overlaps; a turn with officer None is a gap."""
    if post not in plan.posts:
        return []
    rotating = [
        (rotation, list(turns(rotation, begin, end)))
        for rotation in plan.rotations
        if rotation.post is post
    ]
    found: list[Turn] = []
    edges = _edges(plan, rotating, begin, end)
    for starts, ends in pairwise(edges):
        officer = _on(plan, post, rotating, starts)
        if found and found[-1].officer_id == officer:
            found[-1] = Turn(found[-1].begin, ends, officer)
        else:
            found.append(Turn(starts, ends, officer))
    return found


def holder(plan: Plan, post: Post, at: datetime) -> str | None:
    """Who is on at a moment, None when nobody is or the post has no plan."""
    rotating = [
        (rotation, list(turns(rotation, at, at + at.resolution)))
        for rotation in plan.rotations
        if rotation.post is post
    ]
    return _on(plan, post, rotating, at) if post in plan.posts else None


def gaps(plan: Plan, post: Post, begin: datetime, end: datetime) -> list[Turn]:
    """The turns of [begin, end) in which nobody is on."""
    return [turn for turn in timeline(plan, post, begin, end) if turn.officer_id is None]


def over_at(entry: DutyEntry) -> datetime | None:
    """When an entry has nothing more to say, None when that is open."""
    match entry.rule:
        case Swap(end=one, other_end=other):
            return max(one, other)
        case Shift(end=end) | Override(end=end) | Leave(end=end):
            return end
        case _:
            return None


def _edges(
    plan: Plan, rotating: Sequence[_Rotating], begin: datetime, end: datetime
) -> list[datetime]:
    result = {begin, end}
    for turn in (turn for _, spans in rotating for turn in spans):
        result |= {turn.begin, turn.end}
    for entry in (*plan.shifts, *plan.overrides, *plan.leaves, *plan.swaps):
        result |= {entry.begin, entry.end}
    for swap in plan.swaps:
        result |= {swap.other_begin, swap.other_end}
    return sorted(edge for edge in result if begin <= edge <= end)


def _on(plan: Plan, post: Post, rotating: Sequence[_Rotating], at: datetime) -> str | None:
    for override in plan.overrides:
        if override.post is post and override.begin <= at < override.end:
            return override.officer_id
    officer = _planned(plan, post, rotating, at)
    if officer is None:
        return None
    for swap in plan.swaps:
        if officer == swap.officer_id and swap.begin <= at < swap.end:
            officer = swap.other_id
            break
        if officer == swap.other_id and swap.other_begin <= at < swap.other_end:
            officer = swap.officer_id
            break
    away = any(
        leave.officer_id == officer and leave.begin <= at < leave.end for leave in plan.leaves
    )
    return None if away else officer


def _planned(plan: Plan, post: Post, rotating: Sequence[_Rotating], at: datetime) -> str | None:
    for of_the_mode in (True, False):
        for shift in plan.shifts:
            mine = shift.post is post and bool(shift.modes) is of_the_mode
            if mine and shift.begin <= at < shift.end:
                return shift.officer_id
        for rotation, spans in rotating:
            if bool(rotation.modes) is of_the_mode:
                for turn in spans:
                    if turn.begin <= at < turn.end:
                        return turn.officer_id
    return None


def _holds(rule: DutyRule, mode: ResponseMode) -> bool:
    return not isinstance(rule, Shift | Rotation) or not rule.modes or mode in rule.modes
