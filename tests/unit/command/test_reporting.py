"""Obligations to report: units, limits, and the reports that meet them (docs/reports.md)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.command.core.limits import CommandLimits
from services.command.core.reporting.model import CreditedReport, ReportClock
from services.command.core.reporting.obligations import obligation_of, routes, with_limits
from services.command.core.reporting.receiving import (
    ForeignReport,
    IncompleteReport,
    is_upward,
    received_report,
)
from shared.contracts.alerts import AlertState
from shared.contracts.fields import DataGrade, Level, ResponseMode, Status, Tier
from shared.contracts.reports import DutyState, Means, ReportKind
from shared.domain.response_modes.effective import Effective, Modes
from tests.support.limits import a_document, report_limits, shipped
from tests.support.profiles import REPORTS, report_profiles
from tests.unit.command.builders import CITY, DISTRICT, NOW, TOWN, VILLAGE
from tests.unit.command.reporting_builders import IncidentFiles, a_report, an_alert, at

PHONE, FOLLOW_UP, FINAL = Means.PHONE, ReportKind.FOLLOW_UP, ReportKind.FINAL


@pytest.mark.parametrize(
    ("level", "tier", "phone", "written"),
    [
        (Level.RED, Tier.TOWN, 15, 30),
        (Level.ORANGE, Tier.TOWN, 15, 30),
        (Level.YELLOW, Tier.TOWN, 20, 40),
        (Level.BLUE, Tier.TOWN, 20, 40),
        (Level.RED, Tier.DISTRICT, 15, 30),
        (Level.YELLOW, Tier.DISTRICT, 30, 60),
        (Level.BLUE, Tier.DISTRICT, 30, 60),
    ],
)
def test_limits_are_the_stricter_of_level_and_tier(
    level: Level, tier: Tier, phone: int, written: int
) -> None:
    result = REPORTS.everywhere.at_level(level, tier, ResponseMode.NORMAL)
    assert result is not None
    assert result.phone == timedelta(minutes=phone)
    assert result.written == timedelta(minutes=written)


def test_a_notice_and_a_village_owe_no_report() -> None:
    profile, normal = REPORTS.everywhere, ResponseMode.NORMAL
    assert profile.at_level(Level.NOTICE, Tier.TOWN, normal) is None
    assert profile.at_level(Level.RED, Tier.VILLAGE, normal) is None
    assert not IncidentFiles().read(0, an_alert(level=Level.NOTICE)).obligations()


def test_an_unconfirmed_alert_obliges_nobody_a_verified_one_the_town() -> None:
    files = IncidentFiles().read(0, an_alert(AlertState.VERIFYING))
    assert not files.obligations()
    files.read(5, an_alert(AlertState.VERIFIED, version=2))
    (town,) = files.obligations().values()
    assert (town.unit, town.to_unit, town.state) == (TOWN, DISTRICT, DutyState.OWED)
    assert (town.phone_due, town.written_due) == (at(25), at(45))


def test_the_district_owes_from_when_it_knows_by_the_town_or_by_what_was_issued() -> None:
    files = IncidentFiles().read(0, an_alert(AlertState.VERIFIED))
    assert (str(Status.ACTUAL), DISTRICT, CITY) not in files.obligations()
    files.read(10, a_report(means=PHONE))
    assert files.obligation(DISTRICT, CITY).phone_due == at(40)
    issued = IncidentFiles().read(0, an_alert(AlertState.VERIFIED)).read(7, an_alert(version=2))
    assert issued.obligation(DISTRICT, CITY).phone_due == at(37)


def test_red_also_goes_straight_to_the_city() -> None:
    files = IncidentFiles().read(0, an_alert(level=Level.ORANGE))
    assert len(files.obligations()) == 2
    files.read(10, an_alert(level=Level.RED, version=2))
    skip = files.obligation(TOWN, CITY)
    assert skip.skip_level
    assert (skip.phone_due, skip.written_due) == (at(25), at(40))
    files.read(12, a_report(TOWN, CITY))
    assert files.obligation(TOWN, CITY).state is DutyState.WRITTEN
    assert files.obligation(TOWN, DISTRICT).state is DutyState.OWED, (
        "越级 does not replace the way up"
    )


def test_the_first_call_then_the_first_writing_meet_their_clocks() -> None:
    files = IncidentFiles().read(0, an_alert()).read(5, a_report(means=PHONE))
    duty = files.obligation(TOWN, DISTRICT)
    assert (duty.state, duty.phone_at, duty.written_at) == (DutyState.PHONED, at(5), None)
    assert set(duty.running_clocks()) == {ReportClock.WRITTEN}
    duty = files.read(30, a_report()).obligation(TOWN, DISTRICT)
    assert (duty.state, duty.written_at, duty.follow_up_due) == (
        DutyState.WRITTEN,
        at(30),
        at(150),
    )


def test_a_written_report_says_at_least_what_a_call_says() -> None:
    duty = IncidentFiles().read(0, an_alert()).read(5, a_report()).obligation(TOWN, DISTRICT)
    assert (duty.state, duty.phone_at, duty.written_at) == (DutyState.WRITTEN, at(5), at(5))


def test_a_report_at_the_limit_is_late_and_counts() -> None:
    call = a_report(means=PHONE)
    duty = IncidentFiles().read(0, an_alert()).read(20, call).obligation(TOWN, DISTRICT)
    assert (duty.state, duty.phone_at, duty.phone_due) == (DutyState.PHONED, at(20), at(20))
    assert duty.credited_reports == (CreditedReport(call.id, True),)
    early = IncidentFiles().read(0, an_alert()).read(19.9, call).obligation(TOWN, DISTRICT)
    assert early.credited_reports == (CreditedReport(call.id, False),)


def test_a_report_that_came_before_its_alert_was_verified_counts() -> None:
    files = IncidentFiles().read(0, a_report()).read(10, an_alert())
    duty = files.obligation(TOWN, DISTRICT)
    assert (duty.state, duty.written_at) == (DutyState.WRITTEN, at(0))
    assert duty.follow_up_due == at(130), "the first follow-up is owed from when the alert stands"


def test_a_rise_makes_what_is_not_met_stricter_and_nothing_looser() -> None:
    files = IncidentFiles().read(0, an_alert(level=Level.BLUE))
    files.read(2, an_alert(level=Level.RED, version=2))
    assert files.obligation(TOWN, DISTRICT).phone_due == at(17)
    files.read(3, an_alert(level=Level.BLUE, version=3))
    assert files.obligation(TOWN, DISTRICT).phone_due == at(17)
    late_rise = IncidentFiles().read(0, an_alert(level=Level.BLUE))
    late_rise.read(19, an_alert(level=Level.RED, version=2))
    assert late_rise.obligation(TOWN, DISTRICT).phone_due == at(20), "the old limit is nearer"
    reported = IncidentFiles().read(0, an_alert(level=Level.BLUE)).read(19, a_report(means=PHONE))
    reported.read(19.5, an_alert(level=Level.RED, version=2))
    assert reported.obligation(TOWN, DISTRICT).credited_reports[0].late is False


def test_follow_ups_are_owed_again_and_again_and_a_late_one_is_counted() -> None:
    files = IncidentFiles().read(0, an_alert(level=Level.RED)).read(5, a_report())
    assert files.obligation(TOWN, DISTRICT).follow_up_due == at(35)
    files.read(30, a_report(kind=FOLLOW_UP))
    files.read(61, a_report(kind=FOLLOW_UP, number=2))
    duty = files.obligation(TOWN, DISTRICT)
    assert (duty.follow_ups, duty.follow_ups_late, duty.follow_up_due) == (2, 1, at(91))
    assert [report.late for report in duty.credited_reports] == [False, False, True]


@pytest.mark.parametrize(("before", "late"), [(0.1, False), (0, True)])
def test_follow_up_and_final_report_at_their_limit_are_late(before: float, late: bool) -> None:
    files = IncidentFiles().read(0, an_alert(level=Level.RED)).read(5, a_report())
    files.read(35 - before, a_report(kind=FOLLOW_UP))
    assert files.obligation(TOWN, DISTRICT).credited_reports[-1].late is late
    files.read(60, an_alert(AlertState.LIFTED, version=2))
    files.read(60 + 24 * 60 - before, a_report(kind=FINAL))
    duty = files.obligation(TOWN, DISTRICT)
    assert (duty.state, duty.credited_reports[-1].late) == (DutyState.DONE, late)


def test_of_several_levels_the_gravest_stands_with_the_strictest_mode_whatever_came_last() -> None:
    emergency = Effective(ResponseMode.EMERGENCY, 3, DISTRICT)
    files = IncidentFiles().read(0, an_alert(level=Level.BLUE))
    assert (
        files.obligation(TOWN, DISTRICT).level,
        files.obligation(TOWN, DISTRICT).mode_version,
    ) == ("blue", 0)
    files.modes.decide(Status.ACTUAL, emergency)
    files.read(1, an_alert(level=Level.RED, version=2))
    files.modes.decide(Status.ACTUAL, Effective(ResponseMode.NORMAL, 4, DISTRICT))
    files.read(2, an_alert(level=Level.YELLOW, version=3))
    duty = files.obligation(TOWN, DISTRICT)
    assert (duty.level, duty.mode, duty.mode_version) == ("red", "emergency", 3)
    assert duty.phone_due == at(1 + 7.5)


@pytest.mark.parametrize("turned", [False, True])
def test_a_case_is_as_restricted_as_its_most_restricted_version_in_any_order(turned: bool) -> None:
    versions = [
        an_alert(version=1, data_grade=DataGrade.CORE),
        an_alert(version=2, data_grade=DataGrade.GENERAL),
    ]
    files = IncidentFiles().read(0, *(reversed(versions) if turned else versions))
    (case,) = files.alerts.values()
    assert (case.version, case.data_grade) == (2, DataGrade.CORE)


def test_a_call_is_no_follow_up() -> None:
    files = IncidentFiles().read(0, an_alert(level=Level.RED)).read(5, a_report())
    files.read(6, a_report(means=PHONE, kind=FOLLOW_UP))
    assert files.obligation(TOWN, DISTRICT).follow_up_due == at(35)


def test_lifting_asks_for_the_final_report_of_who_has_reported() -> None:
    files = IncidentFiles().read(0, an_alert()).read(5, a_report())
    files.read(60, an_alert(AlertState.LIFTED, version=2))
    duty = files.obligation(TOWN, DISTRICT)
    assert (duty.state, duty.final_due) == (DutyState.CLOSING, at(60 + 24 * 60))
    assert set(duty.running_clocks()) == {ReportClock.FINAL}
    silent = files.obligation(DISTRICT, CITY)
    assert (silent.state, silent.reason, silent.running_clocks()) == (DutyState.ENDED, "lifted", {})
    files.read(90, a_report(means=PHONE, kind=FINAL))
    assert files.obligation(TOWN, DISTRICT).state is DutyState.CLOSING, (
        "the final one is in writing"
    )
    files.read(100, a_report(kind=FINAL))
    assert files.obligation(TOWN, DISTRICT).state is DutyState.DONE


def test_a_report_at_the_moment_of_lifting_still_counts_and_lifting_counts_once() -> None:
    files = IncidentFiles().read(0, an_alert())
    files.read(60, an_alert(AlertState.LIFTED, version=2), a_report())
    assert files.obligation(TOWN, DISTRICT).state is DutyState.CLOSING
    files.read(70, an_alert(AlertState.LIFTED, version=3))
    assert files.obligation(TOWN, DISTRICT).final_due == at(60 + 24 * 60)


@pytest.mark.parametrize("state", [AlertState.DISMISSED, AlertState.REJECTED])
def test_a_false_or_refused_alert_ends_duties_with_its_reason(state: AlertState) -> None:
    files = IncidentFiles().read(0, an_alert(AlertState.VERIFIED)).read(5, a_report())
    duty = files.read(30, an_alert(state, version=2)).obligation(TOWN, DISTRICT)
    assert (duty.state, duty.reason, duty.running_clocks()) == (DutyState.ENDED, state, {})
    assert duty.written_at == at(5)


def test_a_report_after_the_end_of_an_unreported_duty_is_kept_as_late() -> None:
    files = IncidentFiles().read(0, an_alert()).read(60, an_alert(AlertState.LIFTED, version=2))
    report = a_report()
    duty = files.read(61, report).obligation(TOWN, DISTRICT)
    assert (duty.state, duty.credited_reports) == (
        DutyState.ENDED,
        (CreditedReport(report.id, True),),
    )
    assert duty.written_at is None


def test_reports_of_a_closed_chapter_do_not_meet_a_new_alert_of_the_incident() -> None:
    files = IncidentFiles().read(0, an_alert()).read(5, a_report(), a_report(kind=FINAL))
    files.read(10, an_alert(AlertState.LIFTED, version=2))
    files.read(100, an_alert(alert="alt-2"))
    (case,) = [case for case in files.alerts.values() if case.alert_id == "alt-2"]
    duty = obligation_of(case, routes(TOWN)[0], list(files.reports.values()))
    assert duty is not None
    assert (duty.state, duty.phone_due) == (DutyState.OWED, at(120))


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (
            "510104021001",
            [
                ("510104021000", "510104000000", False),
                ("510104000000", "510100000000", False),
                ("510104021000", "510100000000", True),
            ],
        ),
        ("510104000000", [("510104000000", "510100000000", False)]),
        ("441900003001", [("441900003000", "441900000000", False)]),
        ("429004100000", [("429004100000", "429004000000", False)]),
        ("429004000000", []),
    ],
)
def test_the_routes_of_reports_follow_the_tiers_that_there_are(
    place: str, expected: list[tuple[str, str, bool]]
) -> None:
    assert [(way.unit, way.to_unit, way.skip_level) for way in routes(place)] == expected


def test_another_incident_unit_or_addressee_meets_nothing() -> None:
    files = IncidentFiles().read(0, an_alert())
    files.read(5, a_report(VILLAGE, TOWN), a_report(VILLAGE, DISTRICT), a_report(TOWN, CITY))
    assert files.obligation(TOWN, DISTRICT).state is DutyState.OWED


def test_a_drill_never_meets_the_real_thing_nor_the_other_way_round() -> None:
    for real, played in ((Status.ACTUAL, Status.EXERCISE), (Status.EXERCISE, Status.ACTUAL)):
        files = IncidentFiles().read(
            0, an_alert(status=real), an_alert(status=played, alert="alt-2")
        )
        files.read(5, a_report(status=played))
        assert files.obligation(TOWN, DISTRICT, real).state is DutyState.OWED
        assert files.obligation(TOWN, DISTRICT, played).state is DutyState.WRITTEN
        assert (
            files.obligation(TOWN, DISTRICT, real).obligation_id
            != files.obligation(TOWN, DISTRICT, played).obligation_id
        )


def test_who_may_write_what_down() -> None:
    report = a_report(means=PHONE, origin_unit=DISTRICT)
    assert received_report(report, NOW).unit == TOWN, "who took the call may write it down"
    with pytest.raises(ForeignReport):
        received_report(a_report(origin_unit=DISTRICT), NOW)
    with pytest.raises(ForeignReport):
        received_report(a_report(means=PHONE, origin_unit=CITY), NOW)


def test_a_report_goes_up() -> None:
    for unit, to_unit in ((DISTRICT, TOWN), (TOWN, TOWN), (TOWN, "500101000000")):
        with pytest.raises(IncompleteReport):
            received_report(a_report(unit, to_unit), NOW)
    with pytest.raises(IncompleteReport):
        received_report(a_report(means=None), NOW)
    plain = a_report().model_copy(update={"means": None, "from_unit": None, "to_unit": None})
    assert not is_upward(plain)
    assert is_upward(a_report())


def test_a_stricter_mode_gives_less_time_and_a_later_flip_changes_nothing() -> None:
    emergency = Effective(ResponseMode.EMERGENCY, 3, DISTRICT)
    files = IncidentFiles(modes=Modes([(Status.ACTUAL, emergency)]))
    files.read(0, an_alert(), an_alert(alert="alt-2", status=Status.EXERCISE))
    duty = files.obligation(TOWN, DISTRICT)
    assert (duty.phone_due, duty.written_due) == (at(10), at(20))
    assert (duty.mode, duty.mode_version, duty.mode_unit) == ("emergency", 3, DISTRICT)
    assert files.obligation(TOWN, DISTRICT, Status.EXERCISE).phone_due == at(20)
    files.modes.decide(Status.ACTUAL, Effective(ResponseMode.NORMAL, 4, DISTRICT))
    files.read(1, an_alert(version=2))
    assert files.obligation(TOWN, DISTRICT).phone_due == at(10)
    files.read(2, an_alert(level=Level.RED, version=3))
    assert files.obligation(TOWN, CITY).phone_due == at(17), (
        "what is new goes by the mode of its time"
    )


def test_a_later_document_moves_no_limit_that_was_set() -> None:
    files = IncidentFiles().read(0, an_alert())
    before = files.obligation(TOWN, DISTRICT)
    assert (before.limits_id, before.limits_version) == ("reports-standard", 1)
    later = a_document(report_limits(60, 120), limits_id="later", version=2)
    files.profiles = report_profiles(later)
    files.read(1, an_alert(version=2))
    assert files.obligation(TOWN, DISTRICT) == before
    files.read(2, an_alert(level=Level.RED, version=3))
    red = files.obligation(TOWN, DISTRICT)
    assert (red.phone_due, red.written_due) == (at(3), at(4)), "the new level has the new limits"
    assert (red.limits_id, red.limits_version) == ("later", 2)


def test_the_limits_of_the_reporting_unit_hold() -> None:
    own = a_document(report_limits(300, 600), limits_id="town", unit=TOWN)
    limits = CommandLimits([shipped("reports-standard"), own]).reports.at(NOW)
    assert limits is not None
    files = IncidentFiles(profiles=limits).read(0, an_alert())
    town, district = files.obligation(TOWN, DISTRICT), files.obligation(DISTRICT, CITY)
    assert (town.phone_due, town.limits_id) == (at(5), "town")
    assert (district.phone_due, district.limits_id) == (at(30), "reports-standard")


def test_an_alert_from_before_limits_were_stored_gets_those_of_now_and_its_mode_of_then() -> None:
    emergency = Effective(ResponseMode.EMERGENCY, 3, DISTRICT)
    files = IncidentFiles(modes=Modes([(Status.ACTUAL, emergency)])).read(0, an_alert())
    [case] = files.alerts.values()
    restored = with_limits(replace(case, limits_at_level={}), files.profiles)
    assert restored == case
    assert with_limits(case, report_profiles(a_document(report_limits(1, 2)))) is case
