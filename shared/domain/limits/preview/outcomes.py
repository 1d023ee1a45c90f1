"""A recorded deadline with the limits that held, and with those of a draft.

People are taken to act at the same moments as recorded. Calls are counted by the pace of the
documents on both sides, never taken from the roster of the past: a draft that changes nothing
differs in nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts.supervision import SupervisionClock
from shared.domain.limits.assignments import attempt_deadlines
from shared.domain.limits.call_pace import CallPace
from shared.domain.limits.preview.recorded import RecordedAttempt, RecordedDuty
from shared.domain.limits.reports import ReportTimes

_EXACT = timedelta(seconds=1)
"""A deadline so near to that of a document follows from it."""


@dataclass(frozen=True, slots=True)
class AttemptTerms:
    """Terms of a document for an attempt: seconds, the share until due soon, the pace."""

    sign_s: float
    finish_s: float
    due_soon: float
    pace: CallPace


@dataclass(frozen=True, slots=True)
class DutyTerms:
    """Terms of documents for a duty to report: times, the share until due soon, the pace."""

    times: ReportTimes
    due_soon: float
    pace: CallPace


@dataclass(frozen=True, slots=True)
class ClockSide:
    """A deadline on one side: due time, missed or not, number of notices and calls."""

    due_at: datetime
    late: bool
    calls: int
    notices: int


@dataclass(frozen=True, slots=True)
class ClockChange:
    """A recorded deadline on both sides. `end_at`: the time of the act, or of the end of the clock.

    `fixed`: the deadline of a plan or an officer, or of several levels.
    """

    clock: SupervisionClock
    begun_at: datetime
    end_at: datetime
    is_met: bool
    fixed: bool
    before: ClockSide
    after: ClockSide


def attempt_changes(
    attempt: RecordedAttempt,
    before: AttemptTerms,
    after: AttemptTerms,
    chain: int,
    now: datetime,
    parent_moves: timedelta = timedelta(),
) -> Iterator[ClockChange]:
    """Yield the two deadlines of an attempt; `parent_moves` is the change of the parent's deadline.

    A part with the deadline of its parent stays bound by the parent.
    """
    begin = attempt.begun_at
    bound = None
    _, unbound_finish = attempt_deadlines(begin, before.sign_s, before.finish_s)
    if attempt.parent_id is not None and attempt.finish_by < unbound_finish - _EXACT:
        bound = attempt.finish_by
    sign_by, finish_by = attempt_deadlines(begin, before.sign_s, before.finish_s, bound)
    sign_fixed = not _is_near(sign_by, attempt.sign_by)
    finish_fixed = not _is_near(finish_by, attempt.finish_by)
    sign_by, finish_by = attempt_deadlines(
        begin,
        _seconds(attempt.sign_by - begin) if sign_fixed else after.sign_s,
        _seconds(attempt.finish_by - begin) if finish_fixed else after.finish_s,
        None if bound is None else bound + parent_moves,
    )
    sign_end = attempt.signed_at or attempt.reported_at or attempt.ended_at or now
    sides = (before, after)
    signs = [
        _outcome(begin, due + attempt.sign_moved, sign_end, terms.due_soon, terms.pace, chain)
        for due, terms in zip((attempt.sign_by, sign_by), sides, strict=True)
    ]
    signed = attempt.signed_at or attempt.reported_at
    yield ClockChange("sign", begin, sign_end, signed is not None, sign_fixed, *signs)
    finish_end = attempt.reported_at or attempt.ended_at or now
    finish_dues = [due + attempt.finish_moved for due in (attempt.finish_by, finish_by)]
    if attempt.extended is not None:
        finish_dues = [attempt.extended, attempt.extended]
        finish_fixed = True
    finishes = [
        _outcome(
            begin,
            due,
            finish_end,
            terms.due_soon,
            terms.pace,
            chain,
            # A unit without signature is called for its signature alone.
            called_from=signed or finish_end,
            earlier=sign.calls,
        )
        for due, sign, terms in zip(finish_dues, signs, sides, strict=True)
    ]
    is_met = attempt.reported_at is not None
    yield ClockChange("finish", begin, finish_end, is_met, finish_fixed, *finishes)


def duty_changes(
    duty: RecordedDuty, before: DutyTerms, after: DutyTerms, chain: int, now: datetime
) -> Iterator[ClockChange]:
    """Yield the deadlines of a duty to report: phone, writing, follow-ups, final report."""
    started, old, new = duty.started_at, before.times, after.times
    first_written = duty.written[0] if duty.written else duty.final_at
    phone_at = duty.phone_at or first_written
    over = duty.final_at or duty.ended_at
    lifted_at = None if duty.final_due is None else duty.final_due - timedelta(seconds=old.final_s)

    def change(
        clock: SupervisionClock,
        begin: datetime,
        due: datetime,
        spans: tuple[float, float],
        met_at: datetime | None,
        stopped_at: datetime | None,
    ) -> ClockChange:
        fixed = not _is_near(begin + timedelta(seconds=spans[0]), due)
        new_due = due if fixed else begin + timedelta(seconds=spans[1])
        end = met_at or stopped_at or now
        outcomes = [
            _outcome(begin, moment, end, terms.due_soon, terms.pace, chain)
            for moment, terms in ((due, before), (new_due, after))
        ]
        return ClockChange(clock, begin, end, met_at is not None, fixed, *outcomes)

    stopped = lifted_at or over
    phone_spans = old.phone_s, new.phone_s
    phone = change("report_phone", started, duty.phone_due, phone_spans, phone_at, stopped)
    written_spans = old.written_s, new.written_s
    written = change(
        "report_written", started, duty.written_due, written_spans, first_written, stopped
    )
    yield phone
    yield written
    if phone.fixed and written.fixed:
        return
    follow_up_spans = old.follow_up_s, new.follow_up_s
    for number, at in enumerate(duty.written):
        if lifted_at is not None and at >= lifted_at:
            break
        later = duty.written[number + 1] if number + 1 < len(duty.written) else None
        met_at = later if later is not None and (lifted_at is None or later < lifted_at) else None
        due = at + timedelta(seconds=old.follow_up_s)
        yield change("report_follow_up", at, due, follow_up_spans, met_at, stopped)
    if lifted_at is not None and duty.final_due is not None:
        final_spans = old.final_s, new.final_s
        yield change(
            "report_final", lifted_at, duty.final_due, final_spans, duty.final_at, duty.ended_at
        )


def _outcome(
    begin: datetime,
    due: datetime,
    end: datetime,
    due_soon: float,
    pace: CallPace,
    chain: int,
    called_from: datetime | None = None,
    earlier: int = 0,
) -> ClockSide:
    """Return a side of a deadline that ran from `begin` to `end`."""
    missed = end >= due
    call_begin = due if called_from is None else max(due, called_from)
    return ClockSide(
        due,
        missed,
        pace.calls(call_begin, end, chain, earlier) if missed else 0,
        int(begin + (due - begin) * due_soon < min(end, due)),
    )


def _is_near(first: datetime, second: datetime) -> bool:
    return abs(first - second) <= _EXACT


def _seconds(span: timedelta) -> float:
    return span.total_seconds()
