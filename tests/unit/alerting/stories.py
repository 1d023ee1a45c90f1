"""An alert with what happens to it, told step by step; a test says only what it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.alerting.core.alert import Flap, graded
from services.alerting.core.decisions import decide
from services.alerting.core.grouping import new_alert
from services.alerting.core.lifecycle import take_alarm, take_report
from services.alerting.core.outcome import Change, Refusal, RefusalReason
from services.alerting.core.records import origin_of, records
from services.alerting.rows import report_seen
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertDecision, AlertEvent, AlertTransition, DecisionVerb
from shared.contracts.authority import AUTHORITY
from shared.contracts.fields import Level
from shared.contracts.reports import Report
from tests.unit.alerting.builders import DISTRICT, TOWN, a_decision, an_alarm, at, merged

_PROPOSED = object()


class Story:
    """An alert with what happened to it."""

    def __init__(self, first: AlarmEvent | Report) -> None:
        self.alert = new_alert(first)
        self.transitions: list[AlertTransition] = []
        self.events: list[AlertEvent] = []
        self.notices: list[Any] = []
        self.sees(first)

    def sees(self, event: AlarmEvent | Report, flap: Flap | None = None) -> Story:
        areas, home = (event.place, *event.areas), self.alert.alert_id
        existing_alert = graded(self.alert, event.data_grade)
        if isinstance(event, Report):
            change = take_report(existing_alert, report_seen(event), event.headline, areas)
        else:
            before = {alarm.alarm_id: alarm for alarm in self.alert.alarms}.get(event.alarm_id)
            alarm = replace(merged(event, before), home=home)
            change = take_alarm(existing_alert, alarm, event.headline, areas, flap)
        return self.goes_on(change, event)

    def decides(self, verb: DecisionVerb, unit: str = DISTRICT, **changes: Any) -> Story:
        decision = self.decision(verb, unit, **changes)
        outcome = decide(self.alert, decision, changes.get("occurred_at", at(1)))
        assert isinstance(outcome, Change), outcome
        return self.goes_on(outcome, decision)

    def refuses(
        self, why: RefusalReason, verb: DecisionVerb, unit: str = DISTRICT, **changes: Any
    ) -> None:
        decision = self.decision(verb, unit, **changes)
        outcome = decide(self.alert, decision, changes.get("occurred_at", at(1)))
        assert isinstance(outcome, Refusal), outcome
        assert outcome.reason is why
        assert outcome.text

    def decision(
        self, verb: DecisionVerb, unit: str, level: Any = _PROPOSED, **changes: Any
    ) -> AlertDecision:
        wanted = self.alert.proposed_level if level is _PROPOSED else level
        return a_decision(self.alert.alert_id, verb, wanted, unit, **changes)

    def goes_on(self, change: Change, cause: AlarmEvent | Report | AlertDecision) -> Story:
        assert change.alert.version == self.alert.version + 1
        self.alert = change.alert
        self.transitions.append(change.transition)
        out = records(change, origin_of(cause), at(1))
        self.events.append(out.event)
        if out.notice is not None:
            self.notices.append(out.notice)
        return self


def pending(level: Level = Level.YELLOW) -> Story:
    """Verified and assessed; the signatures are missing."""
    story = Story(an_alarm(level=level))
    return story.decides(DecisionVerb.VERIFY, TOWN).decides(DecisionVerb.ASSESS)


def issued(level: Level = Level.YELLOW) -> Story:
    """Signed by as many as it takes."""
    story = pending(level)
    for number in range(AUTHORITY[level].approvals):
        story.decides(DecisionVerb.APPROVE, story.alert.needs.unit, officer=f"signer-{number}")
    assert story.alert.level is level
    return story
