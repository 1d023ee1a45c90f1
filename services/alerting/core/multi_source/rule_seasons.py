"""Rules over several sources with seasons and hours: the result counts inside their spans alone.

A span begins and ends by the clock of the region, at its own moment, like every expiry.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from math import isinf

from services.alerting.core.multi_source.episode import RuleEvaluation
from shared.domain.rule_calendar import RuleCalendar
from shared.domain.rule_scope_words import OUT_OF_SEASON


def in_season(
    evaluation: RuleEvaluation, calendar: RuleCalendar | None, clock: datetime
) -> RuleEvaluation:
    """Return the evaluation of a rule at `clock` as its seasons and hours allow.

    A rule that holds already when a span begins has its episode from there on: each span has an
    episode of its own.
    """
    result = evaluation.result
    if calendar is None or result is None:
        return evaluation
    at = clock.timestamp()
    if not calendar.contains(at):
        begin = _moment(calendar.next_begin(at))
        return RuleEvaluation(None, _earliest(evaluation.expires_at, begin), OUT_OF_SEASON)
    begin = _moment(calendar.begin_of(at))
    if begin is not None and result.started_at < begin:
        start_event_id = f"{result.start_event_id}@{begin.isoformat()}"
        result = replace(result, started_at=begin, start_event_id=start_event_id)
    end = _moment(calendar.end_of(at))
    return replace(evaluation, result=result, expires_at=_earliest(evaluation.expires_at, end))


def _moment(at: float) -> datetime | None:
    return None if isinf(at) else datetime.fromtimestamp(at, UTC)


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
