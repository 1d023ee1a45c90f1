"""The timeline of a post: its holder at each moment.

Overrides precede swaps, swaps precede shifts, shifts precede rotations; an officer on leave is not
on duty unless an override names them. Shifts and rotations of the response mode in force precede
those of every mode: where the roster of the mode is empty, the ordinary roster holds. Time is cut
at every edge of every entry; within a piece nothing changes. Among entries of one kind the newest,
by its place in the plan, comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
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
from shared.domain.roster.day_calendar import ORDINARY_WEEKS, DayCalendar
from shared.domain.roster.turns import Turn, turns

_Rotating = tuple[Rotation, list[Turn]]
"""A rotation with its turns in the requested span."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The entries of a unit in force in one response mode, by kind, the newest first."""

    members: dict[str, Member] = field(default_factory=dict)
    rotations: tuple[Rotation, ...] = ()
    shifts: tuple[Shift, ...] = ()
    overrides: tuple[Override, ...] = ()
    swaps: tuple[Swap, ...] = ()
    leaves: tuple[Leave, ...] = ()
    calendar: DayCalendar = ORDINARY_WEEKS

    @property
    def posts(self) -> tuple[Post, ...]:
        """The posts that have a plan, in calling order."""
        planned = {rotation.post for rotation in self.rotations}
        planned |= {shift.post for shift in self.shifts} | {
            override.post for override in self.overrides
        }
        return tuple(post for post in Post if post in planned)


def plan_of(
    entries: Iterable[DutyEntry],
    mode: ResponseMode = ResponseMode.NORMAL,
    calendar: DayCalendar = ORDINARY_WEEKS,
) -> Plan:
    """Return the plan of a unit in a mode, from its entries in the order of their last changes."""
    rules = [entry.rule for entry in entries if not entry.cancelled and _holds(entry.rule, mode)]
    rules.reverse()
    return Plan(
        members={
            rule.officer.officer_id: rule for rule in reversed(rules) if isinstance(rule, Member)
        },
        rotations=tuple(rule for rule in rules if isinstance(rule, Rotation)),
        shifts=tuple(rule for rule in rules if isinstance(rule, Shift)),
        overrides=tuple(rule for rule in rules if isinstance(rule, Override)),
        swaps=tuple(rule for rule in rules if isinstance(rule, Swap)),
        leaves=tuple(rule for rule in rules if isinstance(rule, Leave)),
        calendar=calendar,
    )


def timeline(plan: Plan, post: Post, begin: datetime, end: datetime) -> list[Turn]:
    """Return [begin, end) as adjacent turns in UTC; a turn with officer None is a gap."""
    if post not in plan.posts:
        return []
    rotating = _rotating(plan, post, begin, end)
    result: list[Turn] = []
    edges = _edges(plan, rotating, begin, end)
    for starts, ends in pairwise(edges):
        officer, phone = _on(plan, post, rotating, starts)
        if result and (result[-1].officer_id, result[-1].phone) == (officer, phone):
            result[-1] = Turn(result[-1].begin, ends, officer, phone)
        else:
            result.append(Turn(starts, ends, officer, phone))
    return result


def holder(plan: Plan, post: Post, at: datetime) -> str | None:
    """Return the holder at a moment, None when the post is empty or has no plan."""
    rotating = _rotating(plan, post, at, at + at.resolution)
    return _on(plan, post, rotating, at)[0] if post in plan.posts else None


def gaps(plan: Plan, post: Post, begin: datetime, end: datetime) -> list[Turn]:
    """Return the turns of [begin, end) in which the post is empty."""
    return [turn for turn in timeline(plan, post, begin, end) if turn.officer_id is None]


def over_at(entry: DutyEntry) -> datetime | None:
    """Return the end of an entry's effect, None when the end is open."""
    match entry.rule:
        case Swap(end=end, other_end=other_end):
            return max(end, other_end)
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
    return sorted({edge.astimezone(UTC) for edge in result if begin <= edge <= end})


def _rotating(plan: Plan, post: Post, begin: datetime, end: datetime) -> list[_Rotating]:
    return [
        (rotation, list(turns(rotation, begin, end, plan.calendar)))
        for rotation in plan.rotations
        if rotation.post is post
    ]


_Duty = tuple[str | None, str | None]
"""The officer on duty and the telephone of the entry; the empty post has neither."""
_EMPTY: _Duty = (None, None)


def _on(plan: Plan, post: Post, rotating: Sequence[_Rotating], at: datetime) -> _Duty:
    for override in plan.overrides:
        if override.post is post and override.begin <= at < override.end:
            return (override.officer_id, override.phone) if override.officer_id else _EMPTY
    officer, phone = _planned(plan, post, rotating, at)
    if officer is None:
        return _EMPTY
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
    return _EMPTY if away else (officer, phone)


def _planned(plan: Plan, post: Post, rotating: Sequence[_Rotating], at: datetime) -> _Duty:
    for of_the_mode in (True, False):
        for shift in plan.shifts:
            applies = shift.post is post and bool(shift.modes) is of_the_mode
            if applies and shift.begin <= at < shift.end:
                return shift.officer_id, shift.phone
        for rotation, spans in rotating:
            if bool(rotation.modes) is of_the_mode:
                for turn in spans:
                    if turn.begin <= at < turn.end:
                        return turn.officer_id, turn.phone
    return _EMPTY


def _holds(rule: DutyRule, mode: ResponseMode) -> bool:
    return not isinstance(rule, Shift | Rotation) or not rule.modes or mode in rule.modes
