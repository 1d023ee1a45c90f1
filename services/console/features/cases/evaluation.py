"""评价: how each unit did in a case, and how its tier and all did. Rows in, figures out.

A row is one unit under one command (or only paged). A moment that did not come is None and counts in no
median. Every count of a group is the sum over its units.
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
"""Seconds: order to delivery, delivery to signature 签收, delivery to the last report 反馈, page to answer."""
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
"""What is added up. `late`: past a deadline in any attempt, whether or not it was done in the end."""


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """One unit in one thread of a case (a command; an alert for those only paged about it)."""

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
    """How long something took for those for whom it came about, in seconds."""

    measured: int
    median_s: float | None
    p90_s: float | None
    slowest_s: float | None
    slowest_unit: str | None


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """A tier, or all: how many units, the sums, the spans by name (SPANS)."""

    units: int
    counts: dict[str, int]
    spans: dict[str, TimeSpan]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A whole case."""

    whole: GroupFigures
    by_tier: dict[str, GroupFigures]
    units: tuple[UnitFigures, ...]


def unit_figures(row: Record) -> UnitFigures:
    """The figures of one unit from its moments and counts (features/cases/queries.py, `unit_rows`)."""
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
    """The whole case; tiers from the top down, units by tier, unit and thread."""
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
    """Sums and spans over some units; a unit under two commands is one unit with two rows."""
    return GroupFigures(
        units=len({unit_figures.unit for unit_figures in units}),
        counts={name: sum(getattr(unit, name) for unit in units) for name in COUNTS},
        spans={name: _span(units, name) for name in SPANS},
    )


def group_view(group_figures: GroupFigures) -> Json:
    """A group as JSON."""
    return {
        "units": group_figures.units,
        **group_figures.counts,
        **{
            name: {part.name: getattr(span, part.name) for part in fields(span)}
            for name, span in group_figures.spans.items()
        },
    }


def unit_view(unit_figures: UnitFigures) -> Json:
    """A unit's row as JSON, or as cells of a table."""
    return {part.name: getattr(unit_figures, part.name) for part in fields(unit_figures)}


UNIT_COLUMNS = tuple(part.name for part in fields(UnitFigures))


def _span(units: Sequence[UnitFigures], name: str) -> TimeSpan:
    took = sorted(
        (seconds, unit_figures.unit)
        for unit_figures in units
        if (seconds := getattr(unit_figures, name)) is not None
    )
    if not took:
        return TimeSpan(0, None, None, None, None)
    values = [seconds for seconds, _ in took]
    # The smallest value that nine tenths do not exceed (nearest rank).
    p90 = values[math.ceil(0.9 * len(values)) - 1]
    return TimeSpan(len(values), median(values), p90, *took[-1])


def _between(begin: datetime | None, end: datetime | None) -> float | None:
    if begin is None or end is None:
        return None
    return round((end - begin).total_seconds(), 3)
