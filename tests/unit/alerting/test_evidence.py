"""Grouping, routing, the count of sources, and the score."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerting.core.alarms.inhibition import inhibitors_first
from services.alerting.core.alarms.snapshot import snapshot_of
from services.alerting.core.alerts.alert import AlarmEvidence, FlappingState, ReportEvidence
from services.alerting.core.alerts.grouping import (
    AlarmRecord,
    Disposition,
    evidence_of_report,
    group_key,
    new_alert,
    scope_of,
)
from services.alerting.core.alerts.routing import disposition_of_alarm, disposition_of_report
from services.alerting.core.alerts.score import score
from services.alerting.core.alerts.source_count import Observation, SourceCount, count_sources
from shared.contracts.alarms import AlarmTransition
from shared.contracts.fields import Level, Status
from shared.contracts.reports import ReporterRole, ReportKind
from tests.unit.alerting.alert_history import AlertHistory
from tests.unit.alerting.builders import (
    CITY,
    DISTRICT,
    GRID,
    OTHER_TOWN,
    T0,
    TOWN,
    VILLAGE,
    a_report,
    an_alarm,
    at,
    evidence_after,
)

RAISED, UPGRADED = AlarmTransition.RAISED, AlarmTransition.UPGRADED
DOWNGRADED, CLEARED = AlarmTransition.DOWNGRADED, AlarmTransition.CLEARED


@pytest.mark.parametrize(
    ("place", "scope"),
    [
        (GRID, TOWN),
        (GRID + "/02", TOWN),
        (VILLAGE, TOWN),
        (TOWN, TOWN),
        (DISTRICT, DISTRICT),
        (DISTRICT + "/water", DISTRICT + "/water"),
        (CITY, CITY),
    ],
)
def test_an_incident_is_as_wide_as_a_town(place: str, scope: str) -> None:
    assert scope_of(place) == scope


def test_status_and_kind_of_event_and_town_make_the_key() -> None:
    alarm = an_alarm()
    assert group_key(alarm) == group_key(a_report())
    for change in (
        {"status": Status.EXERCISE},
        {"event_type": "11A01"},
        {"place": OTHER_TOWN},
    ):
        assert group_key(an_alarm(**change)) != group_key(alarm)


def a_record(level: Level, alert_id: str | None, disposition: Disposition) -> AlarmRecord:
    fact = snapshot_of(an_alarm(level=level), None)
    return AlarmRecord(AlarmEvidence("alm-1", 1, "s", level, T0, T0), fact, alert_id, disposition)


IN_CLOSED = a_record(Level.YELLOW, "alt-1", Disposition.OPENED)
HEALTH = a_record(Level.NOTICE, None, Disposition.SENSOR_HEALTH)


@pytest.mark.parametrize(
    ("transition", "level", "before", "disposition"),
    [
        (RAISED, Level.BLUE, None, None),
        (UPGRADED, Level.RED, None, None),
        (RAISED, Level.NOTICE, None, Disposition.SENSOR_HEALTH),
        (UPGRADED, Level.BLUE, HEALTH, None),
        (CLEARED, Level.BLUE, None, Disposition.CLEARED_UNSEEN),
        (CLEARED, Level.RED, HEALTH, Disposition.CLEARED_UNSEEN),
        (UPGRADED, Level.ORANGE, IN_CLOSED, None),
        (UPGRADED, Level.YELLOW, IN_CLOSED, Disposition.AFTER_CLOSE),
        (DOWNGRADED, Level.BLUE, IN_CLOSED, Disposition.AFTER_CLOSE),
        (CLEARED, Level.ORANGE, IN_CLOSED, Disposition.AFTER_CLOSE),
    ],
)
def test_disposition_of_an_alarm(
    transition: AlarmTransition,
    level: Level,
    before: AlarmRecord | None,
    disposition: Disposition | None,
) -> None:
    event = an_alarm(version=2, transition=transition, level=level)
    assert disposition_of_alarm(event, before, in_open_alert=False) is disposition


def test_an_absence_alarm_concerns_the_sensor_at_every_level() -> None:
    event = an_alarm(kind="absence", level=Level.RED)
    assert disposition_of_alarm(event, None, in_open_alert=False) is Disposition.SENSOR_HEALTH


def test_an_alarm_stays_in_its_open_alert_whatever_happens_to_it() -> None:
    for transition in AlarmTransition:
        event = an_alarm(version=2, transition=transition, level=Level.NOTICE)
        assert disposition_of_alarm(event, IN_CLOSED, in_open_alert=True) is Disposition.OPENED


def test_a_final_report_opens_no_alert() -> None:
    assert disposition_of_report(a_report(kind=ReportKind.FINAL)) is Disposition.NOTHING_OPEN
    assert disposition_of_report(a_report(kind=ReportKind.FOLLOW_UP)) is None


def test_a_clearing_is_no_observation() -> None:
    raised = evidence_after(an_alarm(), None)
    over = evidence_after(an_alarm(version=2, transition=CLEARED, occurred_at=at(50)), raised)
    assert (over.raised_at, over.last_danger_at, over.cleared_at) == (T0, T0, at(50))
    assert raised.asks_for_alert
    assert not over.asks_for_alert


def observation(source: str, minutes: float, kind: str = "sensor") -> Observation:
    return Observation(source, kind, at(minutes))


@pytest.mark.parametrize(
    ("observations", "expected"),
    [
        ([], SourceCount(0, 0)),
        ([observation("a", 0)], SourceCount(1, 1)),
        ([observation("a", 0), observation("a", 1), observation("a", 2)], SourceCount(1, 1)),
        ([observation("a", 0), observation("b", 30)], SourceCount(2, 1)),
        ([observation("a", 0), observation("b", 30.1)], SourceCount(1, 1)),
        (
            [observation("a", 0), observation("p", 5, "hotline"), observation("b", 10)],
            SourceCount(3, 2),
        ),
        (
            [observation("a", 0), observation("b", 20), observation("c", 40), observation("d", 60)],
            SourceCount(2, 1),
        ),
        ([observation("p", 0, "hotline"), observation("p", 5, "grid_worker")], SourceCount(1, 2)),
    ],
)
def test_count_of_sources(observations: list[Observation], expected: SourceCount) -> None:
    assert count_sources(observations) == expected
    if len(observations) <= 4:
        assert {count_sources(permutation) for permutation in permutations(observations)} == {
            expected
        }


OBSERVATIONS = st.lists(
    st.builds(
        observation,
        st.sampled_from("abcde"),
        st.integers(0, 120),
        st.sampled_from(["sensor", "hotline", "grid_worker"]),
    ),
    max_size=12,
)


@given(OBSERVATIONS, OBSERVATIONS)
def test_more_evidence_never_counts_for_less(
    some: list[Observation], more: list[Observation]
) -> None:
    few, all_ = count_sources(some), count_sources([*more, *some])
    assert few.sources <= all_.sources
    assert few.kinds <= all_.kinds
    windows = [
        [b for b in some if timedelta(0) <= b.at - a.at <= timedelta(minutes=30)] for a in some
    ]
    assert few.sources == max((len({b.source for b in window}) for window in windows), default=0)
    assert few.kinds == max((len({b.kind for b in window}) for window in windows), default=0)


MINUTES = st.integers(0, 45)
ALARMS = st.lists(
    st.builds(
        lambda number, sensor, raised, last_danger: AlarmEvidence(
            f"alm-{number}", 1, sensor, Level.BLUE, at(raised), at(last_danger)
        ),
        st.integers(0, 99),
        st.sampled_from(["a", "b", "c", None]),
        MINUTES,
        MINUTES,
    ),
    max_size=6,
)
REPORTS = st.lists(
    st.builds(
        lambda reporter, role, kind, minute, is_repeat, warning: replace(
            evidence_of_report(
                a_report(
                    reporter,
                    reporter_role=role,
                    kind=kind,
                    occurred_at=at(minute),
                    warning_id=warning,
                )
            ),
            repeats_known=is_repeat,
        ),
        st.sampled_from("abc"),
        st.sampled_from(ReporterRole),
        st.sampled_from(ReportKind),
        MINUTES,
        st.booleans(),
        st.sampled_from([None, "a", "wrn-1"]),
    ),
    max_size=6,
)


@given(ALARMS, REPORTS)
def test_the_source_count_of_an_alert_equals_that_of_its_observations(
    alarms: list[AlarmEvidence], reports: list[ReportEvidence]
) -> None:
    alert = replace(new_alert(an_alarm()), alarms=tuple(alarms), reports=tuple(reports))
    assert alert.source_count == count_sources(alert.observations)


@pytest.mark.parametrize(
    ("reports", "sources"),
    [
        ([("o-1", "wrn-1")], 1),
        ([("o-1", "wrn-1"), ("o-2", "wrn-1")], 1),
        ([("o-1", "wrn-1"), ("o-1", "wrn-2")], 2),
        ([("o-1", "wrn-1"), ("o-1", None)], 2),
        ([("o-1", None), ("o-1", None)], 1),
    ],
)
@pytest.mark.parametrize("apart", [1, 60])
def test_officers_who_report_because_of_one_warning_are_one_source(
    reports: list[tuple[str, str | None]], sources: int, apart: int
) -> None:
    evidence = tuple(
        evidence_of_report(a_report(officer, warning_id=warning, occurred_at=at(number % 2)))
        for number, (officer, warning) in enumerate(reports)
    )
    old = evidence_of_report(
        a_report(reports[0][0], warning_id=reports[0][1], occurred_at=at(-apart))
    )
    alert = replace(new_alert(a_report()), reports=(old, *evidence))
    assert alert.source_count == count_sources(alert.observations)
    assert alert.source_count.sources == sources


def test_the_score_stays_between_0_and_100_and_never_falls_with_more() -> None:
    levels = [None, *Level]
    for sources in range(8):
        for kinds in range(6):
            row = [score(level, sources, kinds) for level in levels]
            assert all(0 <= value <= 100 for value in row)
            assert all(low <= high for low, high in pairwise(row))
            assert row[-1] <= score(Level.RED, sources + 1, kinds)
            assert row[-1] <= score(Level.RED, sources, kinds + 1)
    assert score(Level.RED, 5, 4) == 100


def test_an_alarm_of_a_drill_moves_no_real_message() -> None:
    """An inhibited alarm of a drill would move a later alarm of its rule forward."""
    first, higher = an_alarm("a"), an_alarm("b", rule_id="gas.high")
    drill = an_alarm("c", status=Status.EXERCISE, inhibited_by=("gas.high",))
    assert inhibitors_first([drill, first, higher]) == [drill, first, higher]
    real = drill.model_copy(update={"status": Status.ACTUAL})
    assert inhibitors_first([real, first, higher]) == [higher, real, first]


def test_while_flapping_the_highest_level_stays() -> None:
    until = at(30)
    history = AlertHistory(an_alarm(level=Level.YELLOW))
    history.add_evidence(
        an_alarm("alm-2", level=Level.YELLOW, occurred_at=at(1)), FlappingState(Level.YELLOW, until)
    )
    history.add_evidence(
        an_alarm("alm-3", level=Level.BLUE, occurred_at=at(2)), FlappingState(Level.BLUE, until)
    )
    for number, alarm in enumerate(("alm-1", "alm-2", "alm-3"), 3):
        history.add_evidence(an_alarm(alarm, 2, AlarmTransition.CLEARED, occurred_at=at(number)))
    assert history.alert.proposed_level is Level.YELLOW
    assert history.alert.is_open_or_merged
