"""An alert with its history of evidence and decisions, step by step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.alerting.core.alerts.alert import FlappingState, with_grade
from services.alerting.core.alerts.decisions import decide
from services.alerting.core.alerts.grouping import evidence_of_report, new_alert
from services.alerting.core.alerts.lifecycle import apply_alarm, apply_report
from services.alerting.core.alerts.outcome import AlertChange, DecisionRefusal, RefusalReason
from services.alerting.core.alerts.records import origin_of, records_of
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertDecision, AlertEvent, AlertTransition, DecisionVerb
from shared.contracts.authority import AUTHORITY
from shared.contracts.fields import Level
from shared.contracts.reports import Report
from tests.unit.alerting.builders import DISTRICT, TOWN, a_decision, an_alarm, at, evidence_after

_PROPOSED = object()


class AlertHistory:
    """An alert with all transitions, events and notices so far."""

    def __init__(self, first: AlarmEvent | Report) -> None:
        self.alert = new_alert(first)
        self.transitions: list[AlertTransition] = []
        self.events: list[AlertEvent] = []
        self.notices: list[Any] = []
        self.add_evidence(first)

    def add_evidence(
        self, event: AlarmEvent | Report, flap: FlappingState | None = None
    ) -> AlertHistory:
        areas, home = (event.place, *event.areas), self.alert.alert_id
        existing_alert = with_grade(self.alert, event.data_grade)
        if isinstance(event, Report):
            change = apply_report(existing_alert, evidence_of_report(event), event.headline, areas)
        else:
            before = {alarm.alarm_id: alarm for alarm in self.alert.alarms}.get(event.alarm_id)
            alarm = replace(evidence_after(event, before), origin_alert_id=home)
            change = apply_alarm(existing_alert, alarm, event.headline, areas, flap)
        return self.append_change(change, event)

    def decide(self, verb: DecisionVerb, unit: str = DISTRICT, **changes: Any) -> AlertHistory:
        decision = self.decision(verb, unit, **changes)
        outcome = decide(self.alert, decision, changes.get("occurred_at", at(1)))
        assert isinstance(outcome, AlertChange), outcome
        return self.append_change(outcome, decision)

    def expect_refusal(
        self, why: RefusalReason, verb: DecisionVerb, unit: str = DISTRICT, **changes: Any
    ) -> None:
        decision = self.decision(verb, unit, **changes)
        outcome = decide(self.alert, decision, changes.get("occurred_at", at(1)))
        assert isinstance(outcome, DecisionRefusal), outcome
        assert outcome.reason is why
        assert outcome.text

    def decision(
        self, verb: DecisionVerb, unit: str, level: Any = _PROPOSED, **changes: Any
    ) -> AlertDecision:
        proposed = self.alert.proposed_level if level is _PROPOSED else level
        return a_decision(self.alert.alert_id, verb, proposed, unit, **changes)

    def append_change(
        self, change: AlertChange, cause: AlarmEvent | Report | AlertDecision
    ) -> AlertHistory:
        assert change.alert.version == self.alert.version + 1
        self.alert = change.alert
        self.transitions.append(change.transition)
        out = records_of(change, origin_of(cause), at(1))
        self.events.append(out.event)
        if out.notice is not None:
            self.notices.append(out.notice)
        return self


def pending_history(level: Level = Level.YELLOW) -> AlertHistory:
    """Return the history of an alert that waits for its signatures."""
    history = AlertHistory(an_alarm(level=level))
    return history.decide(DecisionVerb.VERIFY, TOWN).decide(DecisionVerb.ASSESS)


def issued_history(level: Level = Level.YELLOW) -> AlertHistory:
    """Return the history of an issued alert."""
    history = pending_history(level)
    for number in range(AUTHORITY[level].approvals):
        history.decide(
            DecisionVerb.APPROVE, history.alert.requirement.unit, officer=f"signer-{number}"
        )
    assert history.alert.level is level
    return history
