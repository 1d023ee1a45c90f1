"""A data grade goes along with what it is about and never falls; the words go no further than the
house.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerting.core.alerts.alert import Alert
from services.alerting.core.alerts.merging import Regrouping, merge, split, unmerge
from services.alerting.core.alerts.records import GRADED_NOTICE, public_notice
from services.alerting.core.alerts.validity import follow_up_alert
from services.alerting.core.multi_source.corroboration import evaluate_corroboration
from services.alerting.core.multi_source.source_pool import Sighting, SourcePool
from services.command.core.reporting.obligations import observe_alert
from services.scoring.core.state.stored_state import StoredState
from shared.contracts.alerts import AlertEvent, DecisionVerb, PublicNotice
from shared.contracts.assignments import AssignmentEvent
from shared.contracts.commands import CommandEvent
from shared.contracts.conditions import CorroborationRule, SourceClass
from shared.contracts.fields import DataGrade, Language, Level, highest_grade
from shared.contracts.modes import ModeProposal, ResponseModeEvent
from shared.contracts.pages import Page
from shared.contracts.reports import ReportDuty
from shared.contracts.supervision import SupervisionEvent
from shared.domain.bilingual import in_language
from shared.domain.page_texts.graded import GRADED, GRADED_ALERT
from shared.domain.response_modes.effective import Modes
from tests.support.graded import a_graded_history, a_graded_report, an_alarm, chain
from tests.support.profiles import REPORTS
from tests.support.scoring import Feed, a_reading, a_rule, a_threshold_rule
from tests.unit.alerting.alert_history import AlertHistory
from tests.unit.alerting.builders import a_decision, a_report, at
from tests.unit.alerting.builders import an_alarm as plain_alarm
from tests.unit.command.builders import NOW, TOWN
from tests.unit.notify.builders import full_roster
from tests.unit.notify.core_harness import a_core, a_working_set

GENERAL, IMPORTANT, CORE = DataGrade
WORDS = "举报人称尾矿坝渗漏"
grades = st.sampled_from(DataGrade)


def rank(grade: DataGrade) -> int:
    return list(DataGrade).index(grade)


def test_every_record_that_follows_has_the_highest_grade_of_the_evidence() -> None:
    result = chain(WORDS)
    kinds = {type(envelope) for envelope in result}
    assert kinds >= {
        AlertEvent, PublicNotice, CommandEvent, AssignmentEvent, SupervisionEvent, ReportDuty,
        ModeProposal, ResponseModeEvent, Page,
    }  # fmt: skip
    alarm, opened, *later = result
    assert (alarm.data_grade, opened.data_grade) == (IMPORTANT, IMPORTANT)
    below = [envelope for envelope in later if envelope.data_grade is not CORE]
    # Notices are of the public: they have no words to be graded. Pages of the first version are
    # its.
    assert all(isinstance(envelope, PublicNotice | Page) for envelope in below)
    assert {envelope.data_grade for envelope in below if isinstance(envelope, Page)} <= {IMPORTANT}
    assert any(isinstance(envelope, Page) and envelope.data_grade is CORE for envelope in later)


def test_no_word_of_a_graded_record_leaves_the_services() -> None:
    result = chain(WORDS)
    outward = [envelope for envelope in result if isinstance(envelope, Page | PublicNotice)]
    assert not [record for record in outward if WORDS in record.to_wire().decode()]
    pages = [page for page in outward if isinstance(page, Page)]
    zh = in_language(GRADED_ALERT, Language.ZH)
    assert {zh, f"催办：{zh}"} <= {in_language(page.headline, Language.ZH) for page in pages}
    for language in Language:
        assert any(GRADED.of(language) in in_language(page.text, language) for page in pages)
    ungraded = a_graded_history(WORDS, (GENERAL, GENERAL))
    assert WORDS in public_notice(ungraded.events[-1]).headline
    assert ungraded.notices[-1].headline.endswith(
        in_language(ungraded.events[-1].headline, Language.ZH)
    )
    assert public_notice(a_graded_history(WORDS).events[-1]).headline.endswith(GRADED_NOTICE)


def test_an_alert_that_becomes_graded_goes_on_without_its_words() -> None:
    history = AlertHistory(an_alarm(WORDS, GENERAL))
    working_set = a_working_set(NOW)
    core = a_core(full_roster(), working_set)
    core.on_alert(history.events[0])
    assert any(WORDS in event.headline for event in working_set.events)
    count = len(working_set.events)
    history.add_evidence(a_graded_report(WORDS))
    core.on_alert(history.events[1])
    for escalation in list(working_set.escalations.values()):
        core.on_timer(escalation.escalation_id, "answer", escalation.step)
    new = [event for event in working_set.events[count:] if event.version == 1]
    assert {page.data_grade for page in new} == {CORE}
    assert not [page for page in new if WORDS in page.to_wire().decode()]


@given(st.lists(st.tuples(st.booleans(), grades), min_size=1, max_size=12))
def test_the_grade_of_an_alert_is_the_highest_so_far(
    evidence: list[tuple[bool, DataGrade]],
) -> None:
    def evidence_of(number: int, sensed: bool, grade: DataGrade):  # type: ignore[no-untyped-def]
        if sensed:
            return plain_alarm(f"alm-{number}", data_grade=grade)
        return a_report(f"w-{number}", data_grade=grade)

    first, *further = [evidence_of(number, *item) for number, item in enumerate(evidence)]
    history = AlertHistory(first)
    for item in further:
        history.add_evidence(item)
    expected = [
        highest_grade(*(grade for _, grade in evidence[: n + 1])) for n in range(len(evidence))
    ]
    assert [event.data_grade for event in history.events] == expected


@given(grades, grades)
def test_merging_splitting_undoing_and_opening_again_lower_nothing(
    grade: DataGrade, second_grade: DataGrade
) -> None:
    first = AlertHistory(plain_alarm("alm-1", data_grade=grade)).add_evidence(a_report("w-9")).alert
    right = AlertHistory(plain_alarm("alm-2", data_grade=second_grade)).alert
    top = highest_grade(grade, second_grade)

    def regrouped(outcome: object) -> list[Alert]:
        assert isinstance(outcome, Regrouping), outcome
        return [change.alert for change in outcome.changes]

    def decision(alert: Alert, verb: DecisionVerb, **more: Any):  # type: ignore[no-untyped-def]
        return a_decision(alert.alert_id, verb, None, **more)

    merged, into = regrouped(merge(right, first, decision(right, DecisionVerb.MERGE)))
    assert (rank(merged.grade), into.grade) == (rank(second_grade), top)
    back, remainder = regrouped(unmerge(merged, into, decision(merged, DecisionVerb.UNMERGE)))
    assert {back.grade, remainder.grade} == {top}
    report_ids = [report.report_id for report in first.reports]
    command = decision(first, DecisionVerb.SPLIT, evidence_ids=tuple(report_ids))
    part, stays = regrouped(split(first, command))
    assert {part.grade, stays.grade} == {grade}
    fresh = follow_up_alert(replace(first, expires_at=at(1)))
    assert fresh is not None
    assert fresh.alert.grade is grade


@given(
    st.lists(
        st.tuples(st.sampled_from(["sensor", "hotline", "agency"]), grades), min_size=2, max_size=6
    )
)
def test_an_alarm_of_several_sources_has_the_highest_grade_of_its_sources(
    sources: list[tuple[str, DataGrade]],
) -> None:
    sightings = [
        Sighting(
            f"s-{n}", f"r-{n}", f"{kind}:{n}", kind, "11A01", (TOWN,), NOW,
            at(3_600) if kind == "agency" else NOW,  # a warning counts while it is in force
            grade=grade,
        )
        for n, (kind, grade) in enumerate(sources)
    ]  # fmt: skip
    classes = tuple(SourceClass(source=kind, trust=1.0) for kind in ("sensor", "hotline", "agency"))
    body = CorroborationRule(sources=classes, need=2.0, window_s=3_600.0, level=Level.ORANGE)
    result = evaluate_corroboration(SourcePool(body, sightings), TOWN, NOW).result
    assert result is not None
    assert result.grade is highest_grade(*(grade for _, grade in sources))


def test_a_graded_sensor_stays_graded_and_only_its_state_stores_the_grade() -> None:
    rule = a_rule(a_threshold_rule(("orange", 205.0, 204.0)))
    feed, plain = Feed(rule), Feed(rule)
    feed.apply(a_reading(200.0, 0, data_grade=IMPORTANT))
    plain.apply(a_reading(200.0, 0))
    for reading in (feed, plain):
        reading.read_fast(206.0, 60)
    assert [alarm.data_grade for alarm in feed.alarms] == [IMPORTANT]
    assert [alarm.data_grade for alarm in plain.alarms] == [GENERAL]
    [state] = feed.engine.states.values()
    restored = StoredState(state.dump()).connect(state.sensor, state.rule_set)
    assert (restored.grade, restored.dump()) == (IMPORTANT, state.dump())
    feed.apply(a_reading(207.0, 120, data_grade=CORE))
    assert state.grade is CORE


def test_a_refused_reading_grades_nothing() -> None:
    feed = Feed(a_rule(a_threshold_rule(("orange", 205.0, 204.0))))
    feed.apply(a_reading(200.0, 10_000))
    feed.refusal(a_reading(206.0, 0, data_grade=CORE))
    [state] = feed.engine.states.values()
    assert state.grade is GENERAL


def test_a_case_of_reporting_keeps_the_highest_grade_whatever_comes_first() -> None:
    events = a_graded_history(WORDS).events
    for order in (events, events[::-1]):
        case = None
        for event in order:
            case = observe_alert(case, event, Modes(), REPORTS, NOW + timedelta(seconds=1))
        assert case is not None
        assert case.data_grade is CORE


@pytest.mark.parametrize("grade", DataGrade)
def test_the_helpers_hand_the_grade_on(grade: DataGrade) -> None:
    assert an_alarm(WORDS, grade).data_grade is grade
    assert a_graded_report(WORDS, grade).data_grade is grade
