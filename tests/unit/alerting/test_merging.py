"""Merge, unmerge, split: in any order of decisions, no alarm is lost or counted twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.alerting.core.alerts.alert import Alert, with_grade
from services.alerting.core.alerts.grouping import new_alert
from services.alerting.core.alerts.lifecycle import apply_alarm
from services.alerting.core.alerts.merging import Regrouping, end_merged, merge, split, unmerge
from services.alerting.core.alerts.outcome import DecisionRefusal, RefusalReason
from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import AlertState, DecisionVerb
from shared.contracts.fields import DataGrade, Level, Status
from tests.unit.alerting.alert_history import AlertHistory, issued_history, pending_history
from tests.unit.alerting.builders import (
    DISTRICT,
    OTHER_TOWN,
    TOWN,
    a_decision,
    a_report,
    an_alarm,
    at,
    evidence_after,
)

MERGE, UNMERGE, SPLIT = DecisionVerb.MERGE, DecisionVerb.UNMERGE, DecisionVerb.SPLIT


def merged_pair(alert: Alert, target: Alert, unit: str = DISTRICT) -> tuple[Alert, Alert]:
    result = merge(alert, target, a_decision(alert.alert_id, MERGE, None, unit))
    assert isinstance(result, Regrouping), result
    emptied, change = result.changes
    return emptied.alert, change.alert


def unmerged_pair(alert: Alert, holder: Alert) -> tuple[Alert, Alert]:
    result = unmerge(alert, holder, a_decision(alert.alert_id, UNMERGE, None))
    assert isinstance(result, Regrouping), result
    change, reduced = result.changes
    return change.alert, reduced.alert


def evidence(alert: Alert) -> set[str]:
    return {alarm.alarm_id for alarm in alert.alarms} | {
        report.report_id for report in alert.reports
    }


def test_a_merge_moves_the_evidence_and_undoing_it_restores_both() -> None:
    alert = pending_history(Level.ORANGE).alert
    target = AlertHistory(an_alarm("alm-9", event_type="11A01", level=Level.BLUE)).alert
    emptied, holder = merged_pair(alert, target)
    assert (emptied.state, emptied.merged_into, evidence(emptied)) == (
        "merged",
        target.alert_id,
        set(),
    )
    assert evidence(holder) == {"alm-1", "alm-9"}
    assert {alarm.origin_alert_id for alarm in holder.alarms} == {alert.alert_id, target.alert_id}
    assert (holder.proposed_level, holder.sources) == (Level.ORANGE, 2)
    restored, reduced = unmerged_pair(emptied, holder)
    assert replace(restored, version=alert.version) == alert
    assert (evidence(reduced), reduced.proposed_level, reduced.sources) == (
        {"alm-9"},
        Level.BLUE,
        1,
    )


def test_an_alarm_that_ended_meanwhile_comes_back_ended() -> None:
    alert, target = (
        AlertHistory(an_alarm()).alert,
        AlertHistory(an_alarm("alm-9", event_type="11A01")).alert,
    )
    emptied, holder = merged_pair(alert, target)
    home = next(alarm for alarm in holder.alarms if alarm.alarm_id == "alm-1")
    over = an_alarm(version=2, transition=AlarmTransition.CLEARED, occurred_at=at(4))
    change = apply_alarm(holder, evidence_after(over, home), "x", ())
    restored, reduced = unmerged_pair(emptied, change.alert)
    assert restored.state is AlertState.DISMISSED
    assert evidence(reduced) == {"alm-9"}


def test_evidence_graded_during_a_merge_keeps_its_grade() -> None:
    alert, target = (
        AlertHistory(an_alarm()).alert,
        AlertHistory(an_alarm("alm-9", event_type="11A01")).alert,
    )
    emptied, holder = merged_pair(alert, target)
    restored, reduced = unmerged_pair(emptied, with_grade(holder, DataGrade.CORE))
    assert (restored.grade, reduced.grade) == (DataGrade.CORE, DataGrade.CORE)


def test_evidence_without_a_level_is_not_split_off() -> None:
    history = AlertHistory(an_alarm()).add_evidence(an_alarm("alm-2", occurred_at=at(1)))
    history.add_evidence(an_alarm("alm-2", 2, AlarmTransition.CLEARED, occurred_at=at(2)))
    result = split(
        history.alert, a_decision(history.alert.alert_id, SPLIT, None, evidence_ids=("alm-2",))
    )
    assert isinstance(result, DecisionRefusal)
    assert result.reason is RefusalReason.OTHER_EVIDENCE


def test_a_tree_of_merges_is_undone_branch_by_branch() -> None:
    a, b, c = (AlertHistory(an_alarm(f"alm-{n}", event_type=f"11A0{n}")).alert for n in range(3))
    a, b = merged_pair(a, b)
    b, c = merged_pair(b, c)
    assert evidence(c) == {"alm-0", "alm-1", "alm-2"}
    b, c = unmerged_pair(b, c)
    assert (evidence(b), evidence(c)) == ({"alm-0", "alm-1"}, {"alm-2"})
    a, b = unmerged_pair(a, b)
    assert (evidence(a), evidence(b)) == ({"alm-0"}, {"alm-1"})


@pytest.mark.parametrize(
    ("alert", "target", "unit", "reason"),
    [
        (issued_history().alert, pending_history().alert, DISTRICT, RefusalReason.OTHER_ALERT),
        (
            issued_history().alert,
            AlertHistory(an_alarm("x", event_type="11A01")).alert,
            DISTRICT,
            RefusalReason.ILLEGAL_STEP,
        ),
        (
            pending_history().alert,
            AlertHistory(an_alarm("x", event_type="11A01")).alert,
            OTHER_TOWN,
            RefusalReason.NOT_ENTITLED,
        ),
        (
            pending_history().alert,
            AlertHistory(an_alarm("x", place=OTHER_TOWN)).alert,
            TOWN,
            RefusalReason.NOT_ENTITLED,
        ),
        (
            pending_history().alert,
            AlertHistory(an_alarm("x", status=Status.EXERCISE)).alert,
            DISTRICT,
            RefusalReason.OTHER_STATUS,
        ),
    ],
)
def test_refused_merges(alert: Alert, target: Alert, unit: str, reason: RefusalReason) -> None:
    result = merge(alert, target, a_decision(alert.alert_id, MERGE, None, unit))
    assert isinstance(result, DecisionRefusal)
    assert result.reason is reason


def test_a_split_makes_an_alert_that_a_merge_returns() -> None:
    history = AlertHistory(an_alarm()).add_evidence(
        an_alarm("alm-2", level=Level.RED, occurred_at=at(1))
    )
    alert = history.alert
    result = split(alert, a_decision(alert.alert_id, SPLIT, None, evidence_ids=("alm-2",)))
    assert isinstance(result, Regrouping)
    part, reduced = (change.alert for change in result.changes)
    assert (evidence(part), part.proposed_level, part.state) == ({"alm-2"}, Level.RED, "verifying")
    assert (evidence(reduced), reduced.proposed_level, reduced.sources) == (
        {"alm-1"},
        Level.YELLOW,
        1,
    )
    assert (part.place, part.event_type, part.status) == (alert.place, alert.event_type, "Actual")
    _, rejoined = merged_pair(part, reduced)
    assert (evidence(rejoined), rejoined.proposed_level) == (evidence(alert), Level.RED)


@pytest.mark.parametrize("ids", [(), ("alm-1",), ("alm-1", "nothing"), ("nothing",)])
def test_a_split_names_some_of_the_evidence_and_not_all(ids: tuple[str, ...]) -> None:
    alert = AlertHistory(an_alarm()).alert
    result = split(alert, a_decision(alert.alert_id, SPLIT, None, evidence_ids=ids))
    assert isinstance(result, DecisionRefusal)
    assert result.reason is RefusalReason.OTHER_EVIDENCE


class People(RuleBasedStateMachine):
    """Merges, unmerges and splits while alarms change."""

    def __init__(self) -> None:
        super().__init__()
        self.alerts: dict[str, Alert] = {}
        self.all: set[str] = set()
        self.versions: dict[str, int] = {}
        self.splits_done = 0

    @initialize(count=st.integers(2, 4))
    def open_some(self, count: int) -> None:
        for n in range(count):
            first = an_alarm(f"alm-{n}-0", event_type=f"11A0{n}")
            alert = new_alert(first)
            for m in range(3):
                event = an_alarm(f"alm-{n}-{m}", event_type=f"11A0{n}")
                alarm = replace(evidence_after(event, None), origin_alert_id=alert.alert_id)
                alert = apply_alarm(alert, alarm, "x", ()).alert
                self.all.add(event.alarm_id)
                self.versions[event.alarm_id] = 1
            self.alerts[alert.alert_id] = alert

    def _pick(self, data: st.DataObject) -> Alert:
        return self.alerts[data.draw(st.sampled_from(sorted(self.alerts)))]

    def _put(self, regrouping: Regrouping) -> None:
        for change in regrouping.changes:
            self.alerts[change.alert.alert_id] = change.alert
        for change in regrouping.changes:
            self._close(change.alert)

    def _close(self, alert: Alert) -> None:
        if not alert.is_open_or_merged:
            for child, _ in alert.merged_alerts:
                self.alerts[child] = end_merged(self.alerts[child]).alert

    def _holder(self, alert: Alert) -> Alert:
        while alert.merged_into is not None:
            alert = self.alerts[alert.merged_into]
        return alert

    @rule(data=st.data())
    def merges(self, data: st.DataObject) -> None:
        alert, target = self._pick(data), self._pick(data)
        result = merge(alert, target, a_decision(alert.alert_id, MERGE, None))
        if isinstance(result, Regrouping):
            self._put(result)

    @rule(data=st.data())
    def unmerges(self, data: st.DataObject) -> None:
        alert = self._pick(data)
        result = unmerge(alert, self._holder(alert), a_decision(alert.alert_id, UNMERGE, None))
        assert isinstance(result, Regrouping) == (alert.state is AlertState.MERGED)
        if isinstance(result, Regrouping):
            self._put(result)

    @precondition(lambda self: len(self.alerts) < 8)
    @rule(data=st.data())
    def splits(self, data: st.DataObject) -> None:
        alert = self._pick(data)
        if len(alert.alarms) < 2:
            return
        ids = [alarm.alarm_id for alarm in alert.alarms]
        some = data.draw(st.lists(st.sampled_from(ids), min_size=1, unique=True))
        self.splits_done += 1
        number = f"dec-{self.splits_done}"
        decision = a_decision(alert.alert_id, SPLIT, None, evidence_ids=tuple(some), id=number)
        result = split(alert, decision)
        if isinstance(result, Regrouping):
            self._put(result)

    @rule(
        data=st.data(),
        transition=st.sampled_from([AlarmTransition.CLEARED, AlarmTransition.UPGRADED]),
        level=st.sampled_from([Level.BLUE, Level.RED]),
    )
    def an_alarm_changes(
        self, data: st.DataObject, transition: AlarmTransition, level: Level
    ) -> None:
        alert = self._pick(data)
        if not alert.is_open_or_merged or not alert.alarms:
            return
        before = data.draw(st.sampled_from(alert.alarms))
        self.versions[before.alarm_id] += 1
        event = an_alarm(
            before.alarm_id, self.versions[before.alarm_id], transition, level, occurred_at=at(5)
        )
        change = apply_alarm(alert, evidence_after(event, before), "x", ())
        self.alerts[alert.alert_id] = change.alert
        self._close(change.alert)

    @rule(data=st.data())
    def everything_is_undone(self, data: st.DataObject) -> None:
        """Undo the merges in a random order: each that has not ended can be undone."""
        for _ in range(len(self.alerts)):
            mergers = [alert for alert in self.alerts.values() if alert.state is AlertState.MERGED]
            if not mergers:
                break
            alert = data.draw(st.sampled_from(mergers))
            result = unmerge(alert, self._holder(alert), a_decision(alert.alert_id, UNMERGE, None))
            assert isinstance(result, Regrouping)
            self._put(result)
        for alert in self.alerts.values():
            if alert.is_open_or_merged:
                assert {alarm.origin_alert_id for alarm in alert.alarms} <= {alert.alert_id}

    @invariant()
    def every_alarm_is_in_exactly_one_alert(self) -> None:
        alarm_ids = [alarm.alarm_id for alert in self.alerts.values() for alarm in alert.alarms]
        assert sorted(alarm_ids) == sorted(self.all)

    @invariant()
    def the_newest_state_of_every_alarm_is_the_one_that_counts(self) -> None:
        for alert in self.alerts.values():
            assert all(alarm.version == self.versions[alarm.alarm_id] for alarm in alert.alarms)
            if alert.state is AlertState.MERGED:
                assert alert.alarms == ()
                assert alert.alert_id in {child for child, _ in self._holder(alert).merged_alerts}


TestPeople = People.TestCase
TestPeople.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)


def test_a_report_moves_like_an_alarm() -> None:
    report = a_report()
    alert = AlertHistory(report).alert
    target = AlertHistory(an_alarm("alm-9", event_type="11A01")).alert
    emptied, holder = merged_pair(alert, target)
    assert report.id in evidence(holder)
    assert emptied.reports == ()
