"""Roll-up 汇总: counts per tier, changed by differences, so that one step costs the same at any size.

Every counter is a function of an assignment's present state alone: what steps led there, in which
order and how often they were repeated, cannot matter. A returned assignment counts as returned only,
one that was waived, reassigned or recalled as released only. A unit's own signature never counts for
its children: each unit has its own assignment. What the parts of a split assignment add up to is
counted the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from operator import add, sub
from typing import NamedTuple

from msgspec.structs import replace

from services.command.core.model import Assignment
from services.command.core.states import FINAL, FINISH_RUNS, RANK, SIGN_RUNS, State
from shared.contracts.commands import Progress, TierCount
from shared.contracts.fields import Tier


class Counts(NamedTuple):
    """Counters of one tier, as in contracts TierCount."""

    total: int = 0
    delivered: int = 0
    signed: int = 0
    reported: int = 0
    done: int = 0
    returned: int = 0
    overdue: int = 0
    suspended: int = 0
    released: int = 0

    def plus(self, other: Counts) -> Counts:
        """Sum, counter by counter."""
        return Counts._make(map(add, self, other))


Rollup = Mapping[Tier, Counts]


def is_overdue(assignment: Assignment) -> bool:
    """Whether a timer has found it past a deadline that still runs."""
    return (assignment.sign_overdue and assignment.state in SIGN_RUNS) or (
        assignment.finish_overdue and assignment.state in FINISH_RUNS
    )


def marks(assignment: Assignment) -> Counts:
    """What one assignment adds to its tier."""
    return _marks(assignment.state, assignment.standing, is_overdue(assignment))


def difference(before: Assignment, after: Assignment) -> Counts:
    """What one change of an assignment adds to its tier's counters."""
    return _difference(
        before.state,
        before.standing,
        is_overdue(before),
        after.state,
        after.standing,
        is_overdue(after),
    )


def changed(rollup: Rollup, before: Assignment | None, after: Assignment) -> dict[Tier, Counts]:
    """The roll-up after one assignment changed, or was made (`before` None)."""
    tier = after.unit_tier
    more = marks(after) if before is None else difference(before, after)
    return {**rollup, tier: rollup.get(tier, Counts()).plus(more)}


def recount(assignments: Iterable[Assignment]) -> dict[Tier, Counts]:
    """The roll-up from nothing but the assignments."""
    count: dict[Tier, Counts] = {}
    # Most of them are alike: each kind is added once, as often as there are of it.
    alike = Counter((assignment.unit_tier, marks(assignment)) for assignment in assignments)
    for (tier, more), times in alike.items():
        count[tier] = count.get(tier, Counts()).plus(Counts._make(times * n for n in more))
    return count


def progress(parts: Iterable[Assignment]) -> Progress | None:
    """What the parts of a split assignment add up to, from nothing but the parts; None without any."""
    found: Progress | None = None
    for part in parts:
        found = _added(found, None, part)
    return found


def with_part(whole: Assignment, before: Assignment | None, after: Assignment) -> Assignment:
    """The split assignment after one of its parts changed, or was made (`before` None)."""
    if before is not None and _part(before) == _part(after):
        return whole
    return replace(whole, children=_added(whole.children, before, after))


def is_news(before: Progress | None, after: Progress) -> bool:
    """Whether the unit that split should be told: parts were made, all have signed, none is owed."""
    if before is None:
        return True
    return (
        before.total != after.total
        or (before.owed == 0) != (after.owed == 0)
        or (_all_signed(before) != _all_signed(after))
    )


def fully_signed(counts: Counts) -> bool:
    """Every unit of the tier has signed, returned or been released."""
    return counts.signed + counts.returned + counts.released == counts.total


def fully_reported(counts: Counts) -> bool:
    """Every unit of the tier has reported, returned or been released."""
    return counts.reported + counts.returned + counts.released == counts.total


def settled(rollup: Rollup) -> bool:
    """Nothing is left to be done by the recipients."""
    return all(fully_reported(counts) for counts in rollup.values())


def closable(rollup: Rollup) -> bool:
    """Every assignment is done, returned or released."""
    return all(
        counts.done + counts.returned + counts.released == counts.total
        for counts in rollup.values()
    )


def milestone(before: Rollup, after: Rollup) -> bool:
    """Whether a tier has become fully signed or fully reported."""
    return any(
        (fully_signed(counts) and not fully_signed(before.get(tier, _NOBODY_YET)))
        or (fully_reported(counts) and not fully_reported(before.get(tier, _NOBODY_YET)))
        for tier, counts in after.items()
    )


def tier_counts(rollup: Rollup) -> tuple[TierCount, ...]:
    """As the contract has it, from the city down."""
    return tuple(TierCount(tier=tier, **rollup[tier]._asdict()) for tier in Tier if tier in rollup)


_NOBODY_YET = Counts(total=1)
"""Stands for a tier that had no assignment: not fully anything."""


def _all_signed(progress: Progress) -> bool:
    return progress.signed + progress.returned + progress.released == progress.total


def _part(assignment: Assignment) -> dict[str, int]:
    """What one part adds to its whole."""
    counts = marks(assignment)._asdict()
    results = {name: counts[name] for name in Progress.model_fields if name in counts}
    results["owed"] = int(assignment.mandatory and not (counts["done"] or counts["released"]))
    return results


def _added(whole: Progress | None, before: Assignment | None, after: Assignment) -> Progress:
    old = whole.model_dump() if whole else dict.fromkeys(Progress.model_fields, 0)
    less = _part(before) if before is not None else dict.fromkeys(old, 0)
    more = _part(after)
    return Progress(**{name: old[name] + more[name] - less[name] for name in old})


@cache
def _marks(state: State, standing: State, overdue: bool) -> Counts:
    rank = RANK.get(standing, 0)
    return Counts(
        total=1,
        delivered=int(state is not State.QUEUED),
        signed=int(rank >= RANK[State.SIGNED]),
        reported=int(rank >= RANK[State.REPORTED]),
        done=int(state is State.DONE),
        returned=int(state is State.RETURNED),
        overdue=int(overdue),
        suspended=int(state is State.SUSPENDED),
        released=int(state in FINAL),
    )


@cache
def _difference(
    state: State, standing: State, overdue: bool, now: State, now_standing: State, now_overdue: bool
) -> Counts:
    more, less = _marks(now, now_standing, now_overdue), _marks(state, standing, overdue)
    return Counts._make(map(sub, more, less))
