"""Merge, unmerge, split: whatever people do in whatever order, no alarm is lost or counted twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.alerting.core.alert import Alert, graded
from services.alerting.core.grouping import new_alert
from services.alerting.core.lifecycle import take_alarm
from services.alerting.core.merging import Regrouping, follow, merge, split, unmerge
from services.alerting.core.outcome import Refusal, RefusalReason
from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import AlertState, DecisionVerb
from shared.contracts.fields import DataGrade, Level, Status
from tests.unit.alerting.builders import (
    DISTRICT,
    OTHER_TOWN,
    TOWN,
    a_decision,
    a_report,
    an_alarm,
    at,
    merged,
)
from tests.unit.alerting.stories import Story, issued, pending

MERGE, UNMERGE, SPLIT = DecisionVerb.MERGE, DecisionVerb.UNMERGE, DecisionVerb.SPLIT


def both(one: Alert, other: Alert, unit: str = DISTRICT) -> tuple[Alert, Alert]:
    result = merge(one, other, a_decision(one.alert_id, MERGE, None, unit))
    assert isinstance(result, Regrouping), result
    gone, change = result.changes
    return gone.alert, change.alert


def back(one: Alert, holder: Alert) -> tuple[Alert, Alert]:
    result = unmerge(one, holder, a_decision(one.alert_id, UNMERGE, None))
    assert isinstance(result, Regrouping), result
    change, rest = result.changes
    return change.alert, rest.alert


def evidence(alert: Alert) -> set[str]:
    return {alarm.alarm_id for alarm in alert.alarms} | {
        report.report_id for report in alert.reports
    }


def test_a_merge_moves_the_evidence_and_undoing_it_restores_both() -> None:
    one = pending(Level.ORANGE).alert
    other_alert = Story(an_alarm("alm-9", event_type="11A01", level=Level.BLUE)).alert
    gone, taken = both(one, other_alert)
    assert (gone.state, gone.merged_into, evidence(gone)) == ("merged", other_alert.alert_id, set())
    assert evidence(taken) == {"alm-1", "alm-9"}
    assert {alarm.home for alarm in taken.alarms} == {one.alert_id, other_alert.alert_id}
    assert (taken.proposed_level, taken.sources) == (Level.ORANGE, 2)
    restored, rest = back(gone, taken)
    assert replace(restored, version=one.version) == one
    assert (evidence(rest), rest.proposed_level, rest.sources) == ({"alm-9"}, Level.BLUE, 1)


def test_an_alarm_that_ended_meanwhile_comes_back_ended() -> None:
    one, other_alert = Story(an_alarm()).alert, Story(an_alarm("alm-9", event_type="11A01")).alert
    gone, taken = both(one, other_alert)
    home = next(alarm for alarm in taken.alarms if alarm.alarm_id == "alm-1")
    over = an_alarm(version=2, transition=AlarmTransition.CLEARED, occurred_at=at(4))
    change = take_alarm(taken, merged(over, home), "x", ())
    restored, rest = back(gone, change.alert)
    assert restored.state is AlertState.DISMISSED
    assert evidence(rest) == {"alm-9"}


def test_what_came_graded_while_it_was_merged_keeps_its_grade() -> None:
    one, other_alert = Story(an_alarm()).alert, Story(an_alarm("alm-9", event_type="11A01")).alert
    gone, taken = both(one, other_alert)
    restored, rest = back(gone, graded(taken, DataGrade.CORE))
    assert (restored.grade, rest.grade) == (DataGrade.CORE, DataGrade.CORE)


def test_what_asks_for_nothing_is_not_split_off() -> None:
    story = Story(an_alarm()).sees(an_alarm("alm-2", occurred_at=at(1)))
    story.sees(an_alarm("alm-2", 2, AlarmTransition.CLEARED, occurred_at=at(2)))
    result = split(
        story.alert, a_decision(story.alert.alert_id, SPLIT, None, evidence_ids=("alm-2",))
    )
    assert isinstance(result, Refusal)
    assert result.reason is RefusalReason.OTHER_EVIDENCE


def test_a_tree_of_merges_is_undone_branch_by_branch() -> None:
    a, b, c = (Story(an_alarm(f"alm-{n}", event_type=f"11A0{n}")).alert for n in range(3))
    a, b = both(a, b)
    b, c = both(b, c)
    assert evidence(c) == {"alm-0", "alm-1", "alm-2"}
    b, c = back(b, c)
    assert (evidence(b), evidence(c)) == ({"alm-0", "alm-1"}, {"alm-2"})
    a, b = back(a, b)
    assert (evidence(a), evidence(b)) == ({"alm-0"}, {"alm-1"})


@pytest.mark.parametrize(
    ("one", "other", "unit", "reason"),
    [
        (issued().alert, pending().alert, DISTRICT, RefusalReason.OTHER_ALERT),
        (
            issued().alert,
            Story(an_alarm("x", event_type="11A01")).alert,
            DISTRICT,
            RefusalReason.ILLEGAL_STEP,
        ),
        (
            pending().alert,
            Story(an_alarm("x", event_type="11A01")).alert,
            OTHER_TOWN,
            RefusalReason.NOT_ENTITLED,
        ),
        (
            pending().alert,
            Story(an_alarm("x", place=OTHER_TOWN)).alert,
            TOWN,
            RefusalReason.NOT_ENTITLED,
        ),
        (
            pending().alert,
            Story(an_alarm("x", status=Status.EXERCISE)).alert,
            DISTRICT,
            RefusalReason.OTHER_STATUS,
        ),
    ],
)
def test_what_is_not_merged(one: Alert, other: Alert, unit: str, reason: RefusalReason) -> None:
    result = merge(one, other, a_decision(one.alert_id, MERGE, None, unit))
    assert isinstance(result, Refusal)
    assert result.reason is reason


def test_what_is_split_off_is_an_alert_of_its_own_and_goes_back_by_a_merge() -> None:
    story = Story(an_alarm()).sees(an_alarm("alm-2", level=Level.RED, occurred_at=at(1)))
    whole = story.alert
    result = split(whole, a_decision(whole.alert_id, SPLIT, None, evidence_ids=("alm-2",)))
    assert isinstance(result, Regrouping)
    part, rest = (change.alert for change in result.changes)
    assert (evidence(part), part.proposed_level, part.state) == ({"alm-2"}, Level.RED, "verifying")
    assert (evidence(rest), rest.proposed_level, rest.sources) == ({"alm-1"}, Level.YELLOW, 1)
    assert (part.place, part.event_type, part.status) == (whole.place, whole.event_type, "Actual")
    _, again = both(part, rest)
    assert (evidence(again), again.proposed_level) == (evidence(whole), Level.RED)


@pytest.mark.parametrize("ids", [(), ("alm-1",), ("alm-1", "nothing"), ("nothing",)])
def test_a_split_names_some_of_the_evidence_and_not_all(ids: tuple[str, ...]) -> None:
    alert = Story(an_alarm()).alert
    result = split(alert, a_decision(alert.alert_id, SPLIT, None, evidence_ids=ids))
    assert isinstance(result, Refusal)
    assert result.reason is RefusalReason.OTHER_EVIDENCE


class People(RuleBasedStateMachine):
    """Merges, their undoing and splits, while alarms go on changing."""

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
                alarm = replace(merged(event, None), home=alert.alert_id)
                alert = take_alarm(alert, alarm, "x", ()).alert
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
        if not alert.open_or_merged:
            for child, _ in alert.merged:
                self.alerts[child] = follow(self.alerts[child]).alert

    def _holder(self, alert: Alert) -> Alert:
        while alert.merged_into is not None:
            alert = self.alerts[alert.merged_into]
        return alert

    @rule(data=st.data())
    def merges(self, data: st.DataObject) -> None:
        alert, other_alert = self._pick(data), self._pick(data)
        result = merge(alert, other_alert, a_decision(alert.alert_id, MERGE, None))
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
        if not alert.open_or_merged or not alert.alarms:
            return
        before = data.draw(st.sampled_from(alert.alarms))
        self.versions[before.alarm_id] += 1
        event = an_alarm(
            before.alarm_id, self.versions[before.alarm_id], transition, level, occurred_at=at(5)
        )
        change = take_alarm(alert, merged(event, before), "x", ())
        self.alerts[alert.alert_id] = change.alert
        self._close(change.alert)

    @rule(data=st.data())
    def everything_is_undone(self, data: st.DataObject) -> None:
        """Newest or oldest first: every merge that is still open can be taken back."""
        for _ in range(len(self.alerts)):
            open_ones = [
                alert for alert in self.alerts.values() if alert.state is AlertState.MERGED
            ]
            if not open_ones:
                break
            one = data.draw(st.sampled_from(open_ones))
            result = unmerge(one, self._holder(one), a_decision(one.alert_id, UNMERGE, None))
            assert isinstance(result, Regrouping)
            self._put(result)
        for alert in self.alerts.values():
            if alert.open_or_merged:
                assert {alarm.home for alarm in alert.alarms} <= {alert.alert_id}

    @invariant()
    def every_alarm_is_in_exactly_one_alert(self) -> None:
        found = [alarm.alarm_id for alert in self.alerts.values() for alarm in alert.alarms]
        assert sorted(found) == sorted(self.all)

    @invariant()
    def the_newest_state_of_every_alarm_is_the_one_that_counts(self) -> None:
        for alert in self.alerts.values():
            assert all(alarm.version == self.versions[alarm.alarm_id] for alarm in alert.alarms)
            if alert.state is AlertState.MERGED:
                assert alert.alarms == ()
                assert alert.alert_id in {child for child, _ in self._holder(alert).merged}


TestPeople = People.TestCase
TestPeople.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)


def test_a_report_moves_like_an_alarm() -> None:
    report = a_report()
    one = Story(report).alert
    other_alert = Story(an_alarm("alm-9", event_type="11A01")).alert
    gone, taken = both(one, other_alert)
    assert report.id in evidence(taken)
    assert gone.reports == ()
