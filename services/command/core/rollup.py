"""Roll-up 汇总: counts per tier, changed by differences, so that one step costs the same at any size.

Every counter is a function of an assignment's present state alone: what steps led there, in which
order and how often they were repeated, cannot matter. A returned assignment counts as returned only.
A unit's own signature never counts for its children: each unit has its own assignment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from services.command.core.model import Assignment
from services.command.core.states import FINISH_RUNS, RANK, SIGN_RUNS, State
from shared.contracts.commands import TierCount
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

    def plus(self, other: Counts) -> Counts:
        """Sum, counter by counter."""
        return Counts(*map(int.__add__, self, other))


Rollup = Mapping[Tier, Counts]


def is_overdue(assignment: Assignment) -> bool:
    """Whether a timer has found it past a deadline that still runs."""
    return (assignment.sign_overdue and assignment.state in SIGN_RUNS) or (
        assignment.finish_overdue and assignment.state in FINISH_RUNS
    )


def marks(assignment: Assignment) -> Counts:
    """What one assignment adds to its tier."""
    return _marks(assignment.state, is_overdue(assignment))


def difference(before: Assignment, after: Assignment) -> Counts:
    """What one change of an assignment adds to its tier's counters."""
    return _minus(marks(after), marks(before))


def changed(rollup: Rollup, before: Assignment, after: Assignment) -> dict[Tier, Counts]:
    """The roll-up after one assignment changed."""
    tier = after.unit_tier
    return {**rollup, tier: rollup[tier].plus(difference(before, after))}


def recount(assignments: Iterable[Assignment]) -> dict[Tier, Counts]:
    """The roll-up from nothing but the assignments."""
    found: dict[Tier, Counts] = {}
    for one in assignments:
        found[one.unit_tier] = found.get(one.unit_tier, Counts()).plus(marks(one))
    return found


def fully_signed(counts: Counts) -> bool:
    """Every unit of the tier has signed or returned."""
    return counts.signed + counts.returned == counts.total


def fully_reported(counts: Counts) -> bool:
    """Every unit of the tier has reported or returned."""
    return counts.reported + counts.returned == counts.total


def settled(rollup: Rollup) -> bool:
    """Nothing is left to be done by the recipients."""
    return all(fully_reported(counts) for counts in rollup.values())


def closable(rollup: Rollup) -> bool:
    """Every assignment is done or returned."""
    return all(counts.done + counts.returned == counts.total for counts in rollup.values())


def milestone(before: Rollup, after: Rollup) -> bool:
    """Whether a tier has become fully signed or fully reported."""
    return any(
        (fully_signed(counts) and not fully_signed(before[tier]))
        or (fully_reported(counts) and not fully_reported(before[tier]))
        for tier, counts in after.items()
    )


def tier_counts(rollup: Rollup) -> tuple[TierCount, ...]:
    """As the contract has it, from the city down."""
    return tuple(TierCount(tier=tier, **rollup[tier]._asdict()) for tier in Tier if tier in rollup)


@cache
def _marks(state: State, overdue: bool) -> Counts:
    rank = RANK.get(state, 0)
    return Counts(
        total=1,
        delivered=int(state is not State.QUEUED),
        signed=int(rank >= RANK[State.SIGNED]),
        reported=int(rank >= RANK[State.REPORTED]),
        done=int(state is State.DONE),
        returned=int(state is State.RETURNED),
        overdue=int(overdue),
    )


@cache
def _minus(one: Counts, other: Counts) -> Counts:
    return Counts(*map(int.__sub__, one, other))
