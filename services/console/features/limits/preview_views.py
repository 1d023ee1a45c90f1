"""The preview of a draft, as JSON."""

from __future__ import annotations

from dataclasses import asdict

from services.console.core.names import UnitNames
from services.console.core.record import Json
from shared.contracts.fields import LEVEL_ORDER
from shared.domain.limits.preview.counts import Counts, PreviewCase
from shared.domain.limits.preview.fold import PreviewResult
from shared.domain.limits.preview.outcomes import ClockSide


def preview_view(result: PreviewResult, calls_recorded: int, names: UnitNames) -> Json:
    """Return the counts, those by level and by unit that differ, and cases of each difference."""
    groups = [
        (unit, level, counts)
        for (unit, level), counts in result.by_unit.items()
        if _differs(counts)
    ]
    groups.sort(key=lambda group: (-_weight(group[2]), group[0], -LEVEL_ORDER[group[1]]))
    levels = sorted(result.by_level, key=LEVEL_ORDER.__getitem__, reverse=True)
    return {
        "attempts": result.attempts,
        "duties": result.duties,
        "unjudged": result.unjudged,
        "calls_recorded": calls_recorded,
        "total": asdict(result.total),
        "levels": [{"level": level, **asdict(result.by_level[level])} for level in levels],
        "units": [
            {"unit": unit, "unit_name": names.unit(unit), "level": level, **asdict(counts)}
            for unit, level, counts in groups
        ],
        "cases": [_case(case, names) for cases in result.cases.values() for case in cases],
    }


def _differs(counts: Counts) -> bool:
    changes = (counts.earlier, counts.later, counts.more_calls, counts.fewer_calls)
    return any((*changes, counts.newly_owed, counts.no_longer_owed))


def _weight(counts: Counts) -> int:
    return counts.newly_late + counts.no_longer_late


def _case(case: PreviewCase, names: UnitNames) -> Json:
    change = case.change
    view: Json = {
        "difference": case.difference,
        "subject_id": case.subject_id,
        "thread": case.thread,
        "attempt": case.attempt,
        "unit": case.unit,
        "unit_name": names.unit(case.unit),
        "level": case.level,
        "begun_at": case.at,
        "clock": None,
        "end_at": None,
        "is_met": None,
        "before": None,
        "after": None,
    }
    if change is not None:
        view |= {
            "clock": change.clock,
            "end_at": change.end_at,
            "is_met": change.is_met,
            "before": _side(change.before),
            "after": _side(change.after),
        }
    return view


def _side(outcome: ClockSide) -> Json:
    return {
        "due_at": outcome.due_at,
        "late": outcome.late,
        "calls": outcome.calls,
        "notices": outcome.notices,
    }
