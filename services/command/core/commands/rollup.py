"""Roll-up 汇总: counters per tier, updated by differences, so that a step costs the same at any size.

Every counter is a function of the present state of an assignment alone: the steps that led there,
their order and their repeats do not matter. A returned assignment counts as returned only; a
waived, reassigned or recalled one counts as released only. The signature of a unit never counts for
the units below: each unit has an assignment of its own. The progress of a split assignment is
counted from its parts in the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from operator import add, sub
from typing import NamedTuple

from msgspec.structs import replace

from services.command.core.assignments.model import Assignment
from services.command.core.assignments.states import FINAL, FINISH_RUNS, RANK, SIGN_RUNS, State
from shared.contracts.assignments import Progress
from shared.contracts.commands import TierCount
from shared.contracts.fields import Tier


class TierCounters(NamedTuple):
    """Counters of one tier, with the fields of TierCount in the contracts."""

    total: int = 0
    delivered: int = 0
    signed: int = 0
    reported: int = 0
    done: int = 0
    returned: int = 0
    overdue: int = 0
    suspended: int = 0
    released: int = 0

    def plus(self, difference: TierCounters) -> TierCounters:
        """Return the sum, counter by counter."""
        return TierCounters._make(map(add, self, difference))


Rollup = Mapping[Tier, TierCounters]


def is_overdue(assignment: Assignment) -> bool:
    """Return whether a timer has marked the assignment as past a deadline that still runs."""
    return (assignment.sign_overdue and assignment.state in SIGN_RUNS) or (
        assignment.finish_overdue and assignment.state in FINISH_RUNS
    )


def contribution(assignment: Assignment) -> TierCounters:
    """Return the counters that one assignment adds to its tier."""
    return _contribution(assignment.state, assignment.progress_state, is_overdue(assignment))


def difference(previous: Assignment, updated: Assignment) -> TierCounters:
    """Return the counters that one change of an assignment adds to its tier."""
    return _difference(
        previous.state,
        previous.progress_state,
        is_overdue(previous),
        updated.state,
        updated.progress_state,
        is_overdue(updated),
    )


def with_change(
    rollup: Rollup, previous: Assignment | None, updated: Assignment
) -> dict[Tier, TierCounters]:
    """Return the roll-up after a change of an assignment, or with a new one (`previous` None)."""
    tier = updated.unit_tier
    more = contribution(updated) if previous is None else difference(previous, updated)
    return {**rollup, tier: rollup.get(tier, TierCounters()).plus(more)}


def recount(assignments: Iterable[Assignment]) -> dict[Tier, TierCounters]:
    """Return the roll-up, counted from the assignments alone."""
    counters: dict[Tier, TierCounters] = {}
    # Most assignments are alike: each kind is added once, multiplied by its number.
    kinds = Counter((assignment.unit_tier, contribution(assignment)) for assignment in assignments)
    for (tier, more), times in kinds.items():
        product = TierCounters._make(times * n for n in more)
        counters[tier] = counters.get(tier, TierCounters()).plus(product)
    return counters


def progress(parts: Iterable[Assignment]) -> Progress | None:
    """Return the progress of a split assignment, counted from its parts; None without parts."""
    result: Progress | None = None
    for part in parts:
        result = _added(result, None, part)
    return result


def with_part(parent: Assignment, previous: Assignment | None, updated: Assignment) -> Assignment:
    """Return the parent after a change of a part, or with a new part (`previous` None)."""
    if previous is not None and _part(previous) == _part(updated):
        return parent
    return replace(parent, children=_added(parent.children, previous, updated))


def is_reportable(previous: Progress | None, updated: Progress) -> bool:
    """Return whether the splitting unit gets a record of this progress.

    That is so for a new part, when all parts have signed, and when no mandatory part is open, and
    also when one of the last two ceases to hold.
    """
    if previous is None:
        return True
    return (
        previous.total != updated.total
        or (previous.owed == 0) != (updated.owed == 0)
        or (_all_signed(previous) != _all_signed(updated))
    )


def is_fully_signed(counters: TierCounters) -> bool:
    """Return whether every unit of the tier has signed, returned or been released."""
    return counters.signed + counters.returned + counters.released == counters.total


def is_fully_reported(counters: TierCounters) -> bool:
    """Return whether every unit of the tier has reported, returned or been released."""
    return counters.reported + counters.returned + counters.released == counters.total


def is_settled(rollup: Rollup) -> bool:
    """Return whether the recipients have nothing left to do."""
    return all(is_fully_reported(counters) for counters in rollup.values())


def is_closable(rollup: Rollup) -> bool:
    """Return whether every assignment is done, returned or released."""
    return all(
        counters.done + counters.returned + counters.released == counters.total
        for counters in rollup.values()
    )


def reaches_milestone(previous: Rollup, updated: Rollup) -> bool:
    """Return whether a tier has become fully signed or fully reported."""
    return any(
        (is_fully_signed(counters) and not is_fully_signed(previous.get(tier, _UNTOUCHED)))
        or (is_fully_reported(counters) and not is_fully_reported(previous.get(tier, _UNTOUCHED)))
        for tier, counters in updated.items()
    )


def tier_counts(rollup: Rollup) -> tuple[TierCount, ...]:
    """Return the roll-up in the form of the contract, from the city down."""
    return tuple(TierCount(tier=tier, **rollup[tier]._asdict()) for tier in Tier if tier in rollup)


_UNTOUCHED = TierCounters(total=1)
"""Counters of a tier that had no assignment: neither fully signed nor fully reported."""


def _all_signed(progress: Progress) -> bool:
    return progress.signed + progress.returned + progress.released == progress.total


def _part(assignment: Assignment) -> dict[str, int]:
    """Return the counters that one part adds to its parent."""
    counters = contribution(assignment)._asdict()
    results = {name: counters[name] for name in Progress.model_fields if name in counters}
    results["owed"] = int(assignment.mandatory and not (counters["done"] or counters["released"]))
    return results


def _added(parent: Progress | None, previous: Assignment | None, updated: Assignment) -> Progress:
    total = parent.model_dump() if parent else dict.fromkeys(Progress.model_fields, 0)
    less = _part(previous) if previous is not None else dict.fromkeys(total, 0)
    more = _part(updated)
    return Progress(**{name: total[name] + more[name] - less[name] for name in total})


@cache
def _contribution(state: State, progress_state: State, overdue: bool) -> TierCounters:
    rank = RANK.get(progress_state, 0)
    return TierCounters(
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
    state: State,
    progress_state: State,
    overdue: bool,
    updated_state: State,
    updated_progress_state: State,
    updated_overdue: bool,
) -> TierCounters:
    more = _contribution(updated_state, updated_progress_state, updated_overdue)
    less = _contribution(state, progress_state, overdue)
    return TierCounters._make(map(sub, more, less))
