"""Differences that a draft would have made: deadlines, acts in time, calls, duties."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.fields import Level, ResponseMode, Tier
from shared.contracts.limits import (
    LevelChoice,
    LevelPause,
    LimitsDocument,
    TierTime,
)
from shared.contracts.units import tier_of
from shared.domain.limits.assignments import attempt_deadlines, times_in
from shared.domain.limits.book import LimitBook, limits_key
from shared.domain.limits.preview.counts import Counts, Difference, PreviewCase
from shared.domain.limits.preview.fold import MOST_CASES, PreviewResult, preview
from shared.domain.limits.preview.recorded import RecordedAttempt, RecordedDuty
from shared.domain.limits.reports import report_times
from tests.support.limits import a_document, assignment_limits, report_limits, shipped

CITY, DISTRICT, TOWN = "500000000000", "500118000000", "500118118000"
VILLAGE, GRID = "500118118201", "500118118201/grid/001"
ELSEWHERE = "500112101000"
BEGIN = datetime(2026, 11, 10, 8, tzinfo=UTC)
NOW = BEGIN + timedelta(days=20)
PRESENT = a_document(assignment_limits(sign_s=600, finish_s=3_600, pause_s=60), limits_id="held")
REPORTS = a_document(
    report_limits(phone_s=600, written_s=1_200, follow_up_s=3_600, final_s=7_200),
    limits_id="reports",
)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def drafted(of: LimitsDocument = PRESENT, **change: Any) -> LimitsDocument:
    """The next version of a document, in force after everything recorded."""
    version = {"version": of.version + 1, "in_force_from": NOW + timedelta(days=1)}
    return of.model_copy(update={**version, **change})


def limits_of(**times: Any) -> LimitsDocument:
    usual = {"sign_s": 600, "finish_s": 3_600, "pause_s": 60}
    return drafted(assignments=assignment_limits(**{**usual, **times}))


def an_attempt(
    unit: str = TOWN, document: LimitsDocument = PRESENT, **change: Any
) -> RecordedAttempt:
    """An attempt whose deadlines follow from a document."""
    level, mode = change.get("level", Level.ORANGE), change.get("mode", ResponseMode.NORMAL)
    assert document.assignments is not None
    times, tier = times_in(document.assignments, mode), tier_of(unit)
    sign_by, finish_by = attempt_deadlines(
        BEGIN, times.sign_s[level][tier], times.finish_s[level][tier]
    )
    attempt = RecordedAttempt(
        assignment_id=f"asg-{unit}",
        command_id="cmd-1",
        attempt=1,
        unit=unit,
        tier=tier,
        level=level,
        mode=mode,
        begun_at=BEGIN,
        sign_by=sign_by,
        finish_by=finish_by,
        limits=limits_key(document),
        signed_at=BEGIN + minutes(5),
        reported_at=BEGIN + minutes(30),
    )
    return replace(attempt, **change)


def a_duty(**change: Any) -> RecordedDuty:
    duty = RecordedDuty(
        duty_id="dut-1",
        incident_id="inc-1",
        unit=TOWN,
        tier=Tier.TOWN,
        level=Level.ORANGE,
        mode=ResponseMode.NORMAL,
        skip_level=False,
        started_at=BEGIN,
        phone_due=BEGIN + minutes(10),
        written_due=BEGIN + minutes(20),
        limits=limits_key(REPORTS),
        phone_at=BEGIN + minutes(4),
        written=(BEGIN + minutes(15),),
        final_due=BEGIN + minutes(165),
        final_at=BEGIN + minutes(100),
    )
    return replace(duty, **change)


def result_of(
    draft: LimitsDocument,
    *decisions: RecordedAttempt | RecordedDuty,
    documents: tuple[LimitsDocument, ...] = (PRESENT, REPORTS),
    chain: int = 3,
) -> PreviewResult:
    return preview(
        draft,
        LimitBook(documents),
        [item for item in decisions if isinstance(item, RecordedAttempt)],
        [item for item in decisions if isinstance(item, RecordedDuty)],
        lambda unit: chain,
        NOW,
    )


def case_of(result: PreviewResult, difference: Difference) -> PreviewCase:
    [case] = result.cases[difference]
    return case


def is_equal(counts: Counts) -> bool:
    """Return whether both sides are equal."""
    changed = (counts.earlier, counts.later, counts.newly_late, counts.no_longer_late)
    owed = (counts.newly_owed, counts.no_longer_owed)
    return not any((*changed, *owed, counts.more_calls, counts.fewer_calls)) and (
        counts.calls_before == counts.calls_after
    )


def test_an_act_in_time_would_be_late() -> None:
    result = result_of(limits_of(sign_s=240), an_attempt())
    case = case_of(result, Difference.NEWLY_LATE)
    assert (case.subject_id, case.thread, case.unit) == (f"asg-{TOWN}", "cmd-1", TOWN)
    assert case.change is not None
    assert (case.change.clock, case.change.is_met) == ("sign", True)
    assert case.change.before.due_at == BEGIN + minutes(10)
    assert case.change.after.due_at == BEGIN + minutes(4)
    total = result.total
    assert (total.clocks, total.earlier, total.later) == (2, 1, 0)
    assert (total.late_before, total.late_after, total.newly_late) == (0, 1, 1)
    assert (total.calls_before, total.calls_after) == (0, 1)


def test_a_late_act_would_be_in_time() -> None:
    late = an_attempt(signed_at=BEGIN + minutes(12))
    result = result_of(limits_of(sign_s=900), late)
    case_of(result, Difference.NO_LONGER_LATE)
    assert (result.total.late_before, result.total.late_after) == (1, 0)
    assert (result.total.calls_before, result.total.calls_after) == (2, 0)
    assert result.total.fewer_calls == 1


@pytest.mark.parametrize(("at", "late"), [(minutes(10), True), (minutes(9.99), False)])
def test_a_deadline_is_missed_from_its_moment_on(at: timedelta, late: bool) -> None:
    result = result_of(limits_of(), an_attempt(signed_at=BEGIN + at))
    assert result.total.late_before == result.total.late_after == int(late)


def test_what_nobody_has_done_is_late_up_to_now() -> None:
    open_attempt = an_attempt(signed_at=None, reported_at=None)
    far = result_of(limits_of(sign_s=30 * 86_400, finish_s=31 * 86_400), open_attempt)
    assert (far.total.late_before, far.total.no_longer_late) == (2, 2)
    ended = replace(open_attempt, ended_at=BEGIN + minutes(8))
    assert result_of(limits_of(sign_s=240), ended).total.newly_late == 1
    assert result_of(limits_of(sign_s=540), ended).total.newly_late == 0


def test_pauses_alone_change_the_calls_alone() -> None:
    late = an_attempt(signed_at=BEGIN + minutes(13))
    result = result_of(limits_of(pause_s=30), late)
    assert (result.total.earlier, result.total.later, result.total.newly_late) == (0, 0, 0)
    assert (result.total.calls_before, result.total.calls_after) == (3, 6)
    assert case_of(result, Difference.MORE_CALLS).change is not None


def test_a_unit_without_signature_is_called_for_the_signature_alone() -> None:
    silent = an_attempt(signed_at=None, reported_at=None, ended_at=BEGIN + minutes(63))
    result = result_of(limits_of(), silent, chain=100)
    assert result.total.late_before == 2
    assert result.total.calls_before == 53
    signed = replace(silent, signed_at=BEGIN + minutes(5))
    assert result_of(limits_of(), signed, chain=100).total.calls_before == 3


def test_a_mode_takes_its_share_of_the_draft_and_rows_of_the_mode_hold_as_written() -> None:
    emergency = an_attempt(mode=ResponseMode.EMERGENCY, signed_at=BEGIN + minutes(4))
    row = TierTime.model_construct(
        levels=tuple(Level), modes=(ResponseMode.EMERGENCY,), within_s=200, source="test"
    )
    change = case_of(result_of(limits_of(sign=(row,)), emergency), Difference.NEWLY_LATE).change
    assert change is not None
    assert change.after.due_at == BEGIN + timedelta(seconds=200)
    pause = LevelPause.model_construct(
        levels=tuple(Level), modes=(ResponseMode.STANDBY,), pause_s=30, source="test"
    )
    assert is_equal(result_of(limits_of(pauses=(pause,)), emergency).total)


def test_the_deadline_of_a_plan_stays_and_finishing_never_precedes_signing() -> None:
    planned = an_attempt(sign_by=BEGIN + minutes(7))
    result = result_of(limits_of(sign_s=60), planned)
    assert (result.total.fixed, result.total.earlier) == (1, 0)
    planned = an_attempt(finish_by=BEGIN + minutes(20), reported_at=BEGIN + minutes(25))
    result = result_of(limits_of(sign_s=1_800, finish_s=7_200), planned)
    assert result.total.fixed == 1
    later = [case.change for case in result.cases[Difference.NO_LONGER_LATE]]
    assert [change and change.after.due_at for change in later] == [BEGIN + minutes(30)]


def test_an_extension_stays_and_a_suspension_moves_both_sides() -> None:
    extended = an_attempt(extended=BEGIN + minutes(300))
    result = result_of(limits_of(finish_s=1_200), extended)
    assert (result.total.fixed, result.total.earlier) == (1, 0)
    moved = an_attempt(finish_moved=minutes(20))
    change = case_of(result_of(limits_of(finish_s=1_200), moved), Difference.EARLIER).change
    assert change is not None
    assert change.before.due_at == BEGIN + minutes(80)
    assert change.after.due_at == BEGIN + minutes(40)


def test_a_part_stays_within_its_whole() -> None:
    parent = an_attempt(signed_at=BEGIN + minutes(4))
    began = BEGIN + minutes(30)
    sign_by, finish_by = attempt_deadlines(began, 600, 3_600, parent.finish_by)
    part = an_attempt(
        VILLAGE,
        begun_at=began,
        sign_by=sign_by,
        finish_by=finish_by,
        signed_at=began + minutes(1),
        reported_at=began + minutes(12),
        parent_id=parent.assignment_id,
    )
    result = result_of(limits_of(sign_s=300, finish_s=2_400), part, parent)
    late = case_of(result, Difference.NEWLY_LATE).change
    assert late is not None
    assert late.clock == "finish"
    assert late.after.due_at == BEGIN + minutes(40)
    assert result.total.fixed == 0


def test_the_draft_of_a_unit_concerns_its_subtree_alone() -> None:
    draft = limits_of(sign_s=240).model_copy(
        update={"limits_id": "town", "version": 1, "unit": TOWN}
    )
    units = (TOWN, VILLAGE, GRID, ELSEWHERE, DISTRICT)
    result = result_of(draft, *(an_attempt(unit) for unit in units))
    assert {unit for (unit, _), counts in result.by_unit.items() if counts.newly_late} == {TOWN}
    assert result.by_unit[TOWN, Level.ORANGE].newly_late == 3
    assert result.by_level[Level.ORANGE].clocks == 10
    assert result.total.newly_late == 3


def test_a_nearer_document_keeps_its_units() -> None:
    own = a_document(assignment_limits(600, 3_600), limits_id="own", unit=TOWN)
    result = result_of(
        limits_of(sign_s=240),
        an_attempt(TOWN, own),
        an_attempt(DISTRICT),
        documents=(PRESENT, REPORTS, own),
    )
    assert [case.unit for case in result.cases[Difference.NEWLY_LATE]] == [DISTRICT]


def test_a_document_that_is_ended_gives_way_to_that_above() -> None:
    own = a_document(assignment_limits(240, 3_600), limits_id="own", unit=TOWN)
    late = an_attempt(TOWN, own)
    result = result_of(drafted(own, enabled=False), late, documents=(PRESENT, REPORTS, own))
    case_of(result, Difference.NO_LONGER_LATE)


def test_a_decision_without_a_known_document_is_counted_and_not_judged() -> None:
    result = result_of(limits_of(), an_attempt(limits=None), an_attempt(limits="gone:3"))
    assert (result.attempts, result.unjudged, result.total.clocks) == (2, 2, 0)


def test_reports_by_phone_in_writing_follow_ups_and_the_final_one() -> None:
    duty = a_duty(
        written=(BEGIN + minutes(15), BEGIN + minutes(40)),
        final_due=BEGIN + minutes(55) + minutes(120),
        final_at=BEGIN + minutes(70),
    )
    limits = report_limits(phone_s=180, written_s=840, follow_up_s=1_200, final_s=300)
    result = result_of(drafted(REPORTS, reports=limits), duty)
    changes = [case.change for case in result.cases[Difference.NEWLY_LATE]]
    late = {change.clock: change.after.due_at - BEGIN for change in changes if change is not None}
    assert late == {
        "report_phone": minutes(3),
        "report_written": minutes(14),
        "report_follow_up": minutes(35),
        "report_final": minutes(60),
    }
    assert result.total.clocks == 5
    assert result.total.newly_late == 4


def test_duties_appear_and_disappear_with_the_levels_that_skip_a_tier() -> None:
    limits = report_limits(600, 1_200, 3_600, 7_200)
    skipping = limits.model_copy(
        update={"skip": LevelChoice(levels=(Level.ORANGE,), source="test")}
    )
    draft = drafted(REPORTS, reports=skipping)
    assert result_of(draft, a_duty()).total.newly_owed == 1
    skipped = a_duty(skip_level=True, level=Level.RED)
    result = result_of(draft, skipped)
    assert (result.total.no_longer_owed, result.total.clocks) == (1, 0)
    assert case_of(result, Difference.NO_LONGER_OWED).change is None


def test_limits_of_several_levels_stay() -> None:
    raised = a_duty(phone_due=BEGIN + minutes(9), written_due=BEGIN + minutes(18))
    limits = report_limits(phone_s=60, written_s=120)
    result = result_of(drafted(REPORTS, reports=limits), raised)
    assert (result.total.clocks, result.total.fixed, result.total.newly_late) == (2, 2, 0)


def test_pauses_of_assignments_pace_the_calls_about_reports() -> None:
    late = a_duty(phone_at=None, written=(), final_due=None, final_at=None)
    late = replace(late, ended_at=BEGIN + minutes(12))
    result = result_of(limits_of(pause_s=30), late)
    assert (result.total.calls_before, result.total.calls_after) == (2, 4)


def test_cases_are_few_and_counts_have_all() -> None:
    attempts = [
        an_attempt(f"5001181182{number // 100:02}/grid/{number % 100:03}") for number in range(180)
    ]
    result = result_of(limits_of(sign_s=240), *attempts)
    assert result.total.newly_late == 180
    assert len(result.cases[Difference.NEWLY_LATE]) == MOST_CASES


MOMENTS = st.none() | st.integers(0, 30_000)


@given(
    signed=MOMENTS,
    reported=MOMENTS,
    ended=MOMENTS,
    moved=st.integers(0, 3_000),
    unit=st.sampled_from([CITY, DISTRICT, TOWN, VILLAGE, GRID]),
    level=st.sampled_from(Level),
    mode=st.sampled_from(ResponseMode),
)
def test_a_draft_that_changes_nothing_differs_in_nothing(
    signed: int | None,
    reported: int | None,
    ended: int | None,
    moved: int,
    unit: str,
    level: Level,
    mode: ResponseMode,
) -> None:
    moments = [
        None if seconds is None else BEGIN + timedelta(seconds=seconds)
        for seconds in (signed, reported, ended)
    ]
    standard, reports = shipped("assignments-standard"), shipped("reports-standard")
    attempt = an_attempt(
        unit,
        standard,
        level=level,
        mode=mode,
        signed_at=moments[0],
        reported_at=moments[1],
        ended_at=moments[2],
        finish_moved=timedelta(seconds=moved),
    )
    assert reports.reports is not None
    times = report_times(reports.reports, level, tier_of(unit), mode)
    duties = []
    if times is not None:
        duties = [
            a_duty(
                unit=unit,
                tier=tier_of(unit),
                level=level,
                mode=mode,
                phone_due=BEGIN + timedelta(seconds=times.phone_s),
                written_due=BEGIN + timedelta(seconds=times.written_s),
                limits=limits_key(reports),
                phone_at=moments[0],
                written=(),
                final_due=None,
                final_at=None,
                ended_at=moments[2],
            )
        ]
    for document in (standard, reports):
        result = result_of(drafted(document), attempt, *duties, documents=(standard, reports))
        assert is_equal(result.total)
        assert result.cases == {}
        assert result.total.fixed == 0
