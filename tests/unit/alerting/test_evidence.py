"""Grouping, corroboration and score: what belongs together, who counts, what never falls."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerting.core.alert import Alarm, Flap, ReportSeen
from services.alerting.core.corroborate import Sighting, Support, support
from services.alerting.core.facts import fact_of
from services.alerting.core.grouping import (
    Disposition,
    Known,
    key_of,
    new_alert,
    place_alarm,
    place_report,
    scope_of,
)
from services.alerting.core.inhibit import higher_first
from services.alerting.core.score import score
from services.alerting.rows import report_seen
from shared.contracts.alarms import AlarmTransition
from shared.contracts.fields import Level, Status
from shared.contracts.reports import ReporterRole, ReportKind
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
    merged,
)
from tests.unit.alerting.stories import Story

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
    assert key_of(alarm) == key_of(a_report())
    for change in (
        {"status": Status.EXERCISE},
        {"event_type": "11A01"},
        {"place": OTHER_TOWN},
    ):
        assert key_of(an_alarm(**change)) != key_of(alarm)


def known(level: Level, alert_id: str | None, disposition: Disposition) -> Known:
    fact = fact_of(an_alarm(level=level), None)
    return Known(Alarm("alm-1", 1, "s", level, T0, T0), fact, alert_id, disposition)


IN_CLOSED = known(Level.YELLOW, "alt-1", Disposition.OPENED)
HEALTH = known(Level.NOTICE, None, Disposition.SENSOR_HEALTH)


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
def test_where_an_alarm_goes(
    transition: AlarmTransition, level: Level, before: Known | None, disposition: Disposition | None
) -> None:
    event = an_alarm(version=2, transition=transition, level=level)
    assert place_alarm(event, before, in_open_alert=False) is disposition


def test_silence_is_a_matter_of_the_sensor_whatever_its_level() -> None:
    event = an_alarm(kind="absence", level=Level.RED)
    assert place_alarm(event, None, in_open_alert=False) is Disposition.SENSOR_HEALTH


def test_an_alarm_stays_in_its_open_alert_whatever_happens_to_it() -> None:
    for transition in AlarmTransition:
        event = an_alarm(version=2, transition=transition, level=Level.NOTICE)
        assert place_alarm(event, IN_CLOSED, in_open_alert=True) is Disposition.OPENED


def test_a_final_report_opens_nothing() -> None:
    assert place_report(a_report(kind=ReportKind.FINAL)) is Disposition.NOTHING_OPEN
    assert place_report(a_report(kind=ReportKind.FOLLOW_UP)) is None


def test_a_clearing_is_no_sighting() -> None:
    raised = merged(an_alarm(), None)
    over = merged(an_alarm(version=2, transition=CLEARED, occurred_at=at(50)), raised)
    assert (over.raised_at, over.seen_at, over.cleared_at) == (T0, T0, at(50))
    assert raised.asks
    assert not over.asks


def seen(source: str, minutes: float, kind: str = "sensor") -> Sighting:
    return Sighting(source, kind, at(minutes))


@pytest.mark.parametrize(
    ("sightings", "expected"),
    [
        ([], Support(0, 0)),
        ([seen("a", 0)], Support(1, 1)),
        ([seen("a", 0), seen("a", 1), seen("a", 2)], Support(1, 1)),
        ([seen("a", 0), seen("b", 30)], Support(2, 1)),
        ([seen("a", 0), seen("b", 30.1)], Support(1, 1)),
        ([seen("a", 0), seen("p", 5, "hotline"), seen("b", 10)], Support(3, 2)),
        ([seen("a", 0), seen("b", 20), seen("c", 40), seen("d", 60)], Support(2, 1)),
        ([seen("p", 0, "hotline"), seen("p", 5, "grid_worker")], Support(1, 2)),
    ],
)
def test_who_counts(sightings: list[Sighting], expected: Support) -> None:
    assert support(sightings) == expected
    if len(sightings) <= 4:
        assert {support(permutation) for permutation in permutations(sightings)} == {expected}


SIGHTINGS = st.lists(
    st.builds(
        seen,
        st.sampled_from("abcde"),
        st.integers(0, 120),
        st.sampled_from(["sensor", "hotline", "grid_worker"]),
    ),
    max_size=12,
)


@given(SIGHTINGS, SIGHTINGS)
def test_more_evidence_never_counts_for_less(some: list[Sighting], more: list[Sighting]) -> None:
    few, all_ = support(some), support([*more, *some])
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
        lambda number, sensor, raised, seen_: Alarm(
            f"alm-{number}", 1, sensor, Level.BLUE, at(raised), at(seen_)
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
        lambda who, role, kind, minute, echo: replace(
            report_seen(a_report(who, reporter_role=role, kind=kind, occurred_at=at(minute))),
            echo=echo,
        ),
        st.sampled_from("abc"),
        st.sampled_from(ReporterRole),
        st.sampled_from(ReportKind),
        MINUTES,
        st.booleans(),
    ),
    max_size=6,
)


@given(ALARMS, REPORTS)
def test_who_supports_an_alert_are_those_who_have_seen_it(
    alarms: list[Alarm], reports: list[ReportSeen]
) -> None:
    alert = replace(new_alert(an_alarm()), alarms=tuple(alarms), reports=tuple(reports))
    assert alert.support == support(alert.sightings)


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


def test_a_drill_moves_nothing_real_out_of_its_order() -> None:
    """Its inhibited alarm would fetch the rule it names from further back in the batch."""
    first, higher = an_alarm("a"), an_alarm("b", rule_id="gas.high")
    drill = an_alarm("c", status=Status.EXERCISE, inhibited_by=("gas.high",))
    assert higher_first([drill, first, higher]) == [drill, first, higher]
    real = drill.model_copy(update={"status": Status.ACTUAL})
    assert higher_first([real, first, higher]) == [higher, real, first]


def test_while_it_flaps_it_stays_at_the_gravest_level_of_any_flip() -> None:
    until = at(30)
    story = Story(an_alarm(level=Level.YELLOW))
    story.sees(an_alarm("alm-2", level=Level.YELLOW, occurred_at=at(1)), Flap(Level.YELLOW, until))
    story.sees(an_alarm("alm-3", level=Level.BLUE, occurred_at=at(2)), Flap(Level.BLUE, until))
    for number, alarm in enumerate(("alm-1", "alm-2", "alm-3"), 3):
        story.sees(an_alarm(alarm, 2, AlarmTransition.CLEARED, occurred_at=at(number)))
    assert story.alert.proposed_level is Level.YELLOW
    assert story.alert.open_or_merged
