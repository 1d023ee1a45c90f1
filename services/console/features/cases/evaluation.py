"""Evaluation 评价 of the units of a case, of each tier and of the total: rows in, figures out.

A row is a unit under a command, or a unit that was only paged. A missing time is None and counts in
no median. Every count of a group is the sum over its units.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from statistics import median

from services.console.core.record import Json, Record
from shared.contracts.fields import Tier

SPANS = ("deliver_s", "sign_s", "finish_s", "answer_s")
"""Durations in seconds.

deliver: order to delivery. sign: delivery to signature 签收. finish: delivery to last report 反馈.
answer: page to answer.
"""
COUNTS = (
    "assignments",
    "signed",
    "finished",
    "late",
    "returned",
    "reassigned",
    "suspended",
    "sent_back",
    "escalations",
    "pages",
    "answered",
)
"""Counts that are summed.

`late`: a deadline passed in any attempt, even if the work was done later.
"""


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """The figures of a unit in a thread of a case.

    The thread is a command, or an alert for a unit that was only paged.
    """

    thread: str
    unit: str
    tier: str
    state: str | None
    assignments: int
    signed: int
    finished: int
    late: int
    returned: int
    reassigned: int
    suspended: int
    sent_back: int
    escalations: int
    pages: int
    answered: int
    deliver_s: float | None
    sign_s: float | None
    finish_s: float | None
    answer_s: float | None


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """Statistics of a duration in seconds, over the units with a value."""

    measured: int
    median_s: float | None
    p90_s: float | None
    slowest_s: float | None
    slowest_unit: str | None


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """The figures of a tier or of the total: number of units, sums, and spans by name (SPANS)."""

    units: int
    counts: dict[str, int]
    spans: dict[str, TimeSpan]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of a complete case."""

    total: GroupFigures
    by_tier: dict[str, GroupFigures]
    units: tuple[UnitFigures, ...]


def unit_figures(row: Record) -> UnitFigures:
    """Return the figures of a unit from its times and counts.

    The row comes from `unit_rows` in features/cases/queries.py.
    """
    has_one = row["state"] is not None
    signed, finished = row["signed_at"] is not None, row["reported_at"] is not None
    return UnitFigures(
        thread=row["thread"],
        unit=row["unit"],
        tier=row["tier"],
        state=row["state"],
        assignments=int(has_one),
        signed=int(signed),
        finished=int(finished),
        late=int(has_one and (row["late"] or row["overdue"] > 0)),
        returned=row["returned"],
        reassigned=row["reassigned"],
        suspended=row["suspended"],
        sent_back=row["attempts"] - 1 if has_one else 0,
        escalations=row["escalations"],
        pages=row["pages"],
        answered=row["answered"],
        deliver_s=_between(row["issued_at"], row["delivered_at"]),
        sign_s=_between(row["delivered_at"], row["signed_at"]),
        finish_s=_between(row["delivered_at"], row["reported_at"]),
        answer_s=row["answer_s"],
    )


def evaluate(units: Iterable[UnitFigures]) -> Evaluation:
    """Return the evaluation of a case.

    Tiers are in order from the top, units by tier, id and thread.
    """
    order = {tier.value: rank for rank, tier in enumerate(Tier)}
    ranked = tuple(
        sorted(
            units,
            key=lambda unit_figures: (
                order[unit_figures.tier],
                unit_figures.unit,
                unit_figures.thread,
            ),
        )
    )
    by_tier = {
        tier.value: group([unit_figures for unit_figures in ranked if unit_figures.tier == tier])
        for tier in Tier
        if any(unit_figures.tier == tier for unit_figures in ranked)
    }
    return Evaluation(group(ranked), by_tier, ranked)


def group(units: Sequence[UnitFigures]) -> GroupFigures:
    """Return sums and spans of some units.

    A unit under two commands is counted once, with two rows.
    """
    return GroupFigures(
        units=len({unit_figures.unit for unit_figures in units}),
        counts={name: sum(getattr(unit, name) for unit in units) for name in COUNTS},
        spans={name: _span(units, name) for name in SPANS},
    )


def group_view(group_figures: GroupFigures) -> Json:
    """Return the figures of a group as JSON."""
    return {
        "units": group_figures.units,
        **group_figures.counts,
        **{
            name: {part.name: getattr(span, part.name) for part in fields(span)}
            for name, span in group_figures.spans.items()
        },
    }


def unit_view(unit_figures: UnitFigures) -> Json:
    """Return the figures of a unit as JSON, also used for the cells of a table."""
    return {part.name: getattr(unit_figures, part.name) for part in fields(unit_figures)}


UNIT_COLUMNS = tuple(part.name for part in fields(UnitFigures))


def _span(units: Sequence[UnitFigures], name: str) -> TimeSpan:
    durations = sorted(
        (seconds, unit_figures.unit)
        for unit_figures in units
        if (seconds := getattr(unit_figures, name)) is not None
    )
    if not durations:
        return TimeSpan(0, None, None, None, None)
    values = [seconds for seconds, _ in durations]
    # The smallest value that nine tenths do not exceed (nearest rank).
    p90 = values[math.ceil(0.9 * len(values)) - 1]
    return TimeSpan(len(values), median(values), p90, *durations[-1])


def _between(begin: datetime | None, end: datetime | None) -> float | None:
    if begin is None or end is None:
        return None
    return round((end - begin).total_seconds(), 3)
