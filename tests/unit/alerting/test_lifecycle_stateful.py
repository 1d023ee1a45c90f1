"""The invariants of an alert under any sequence of evidence and decisions (hypothesis).

The model keeps its own ledger of entitled signatures and knows nothing of the core's.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.alerting.core.alerts.alert import AlarmEvidence, Alert
from services.alerting.core.alerts.decisions import decide
from services.alerting.core.alerts.grouping import evidence_of_report, new_alert
from services.alerting.core.alerts.lifecycle import apply_alarm, apply_report
from services.alerting.core.alerts.outcome import AlertChange, DecisionRefusal
from services.alerting.core.alerts.records import origin_of, records_of
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.alerts import AlertDecision, AlertEvent, AlertState, DecisionVerb
from shared.contracts.fields import LEVEL_ORDER, Level, Post, Status
from shared.contracts.reports import Report, ReportKind
from shared.runtime.outbound_records import encode
from tests.unit.alerting.builders import (
    CITY,
    DISTRICT,
    OTHER_TOWN,
    T0,
    TOWN,
    VILLAGE,
    a_decision,
    a_report,
    an_alarm,
    at,
    evidence_after,
)

LEVELS = st.sampled_from([Level.RED, Level.ORANGE, Level.RED, Level.YELLOW, Level.BLUE])
STATUSES = [Status.ACTUAL, Status.EXERCISE]
TWO_ALERTS = {DecisionVerb.MERGE, DecisionVerb.UNMERGE, DecisionVerb.SPLIT}
VERBS = [verb for verb in DecisionVerb if verb not in TWO_ALERTS]
OWN_LEVEL = {DecisionVerb.ADJUST, DecisionVerb.LIFT, DecisionVerb.RECALL}
OWED = {DecisionVerb.RATIFY, DecisionVerb.ANNUL}
CITY_LEVELS = (Level.ORANGE, Level.RED)


class Lifecycle(RuleBasedStateMachine):
    """One alert of each status under random messages."""

    def __init__(self) -> None:
        super().__init__()
        self.alerts: dict[Status, Alert] = {}
        self.events: dict[Status, list[AlertEvent]] = {status: [] for status in STATUSES}
        self.signers: dict[Status, set[str]] = {status: set() for status in STATUSES}
        self.verified: set[Status] = set()
        self.versions: dict[str, int] = {}
        self.minutes = 0

    @initialize(level=LEVELS)
    def open_both(self, level: Level) -> None:
        for status in STATUSES:
            first = an_alarm(f"{status}-0", level=level, status=status)
            self.alerts[status] = new_alert(first)
            self._alarm(first, None)

    @rule(
        status=st.sampled_from(STATUSES),
        number=st.integers(0, 2),
        level=LEVELS,
        transition=st.sampled_from(list(AlarmTransition)),
    )
    def alarm(self, status: Status, number: int, level: Level, transition: AlarmTransition) -> None:
        alert = self.alerts[status]
        if not alert.is_open_or_merged:
            return
        alarm_id = f"{status}-{number}"
        version = self.versions.get(alarm_id, 1) + 1
        self.versions[alarm_id] = version
        self.minutes += 1
        event = an_alarm(
            alarm_id, version, transition, level, status=status, occurred_at=at(self.minutes)
        )
        before = {alarm.alarm_id: alarm for alarm in alert.alarms}.get(alarm_id)
        self._alarm(event, before)

    @rule(
        status=st.sampled_from(STATUSES),
        reporter=st.sampled_from(["r1", "r2"]),
        kind=st.sampled_from(list(ReportKind)),
        minutes=st.integers(0, 90),
    )
    def report(self, status: Status, reporter: str, kind: ReportKind, minutes: int) -> None:
        alert = self.alerts[status]
        if not alert.is_open_or_merged:
            return
        event = a_report(
            reporter, kind=kind, status=status, incident_id="inc-1", occurred_at=at(minutes)
        )
        self._record_change(
            apply_report(alert, evidence_of_report(event), event.headline, (event.place,)), event
        )

    @rule(
        status=st.sampled_from(STATUSES),
        decision_status=st.sampled_from(STATUSES),
        verb=st.sampled_from(VERBS),
        unit=st.sampled_from([CITY, DISTRICT, TOWN, VILLAGE, OTHER_TOWN]),
        officer=st.sampled_from(["o1", "o2", "o3"]),
        level=st.none() | LEVELS,
    )
    def wild_decision(
        self,
        status: Status,
        decision_status: Status,
        verb: DecisionVerb,
        unit: str,
        officer: str,
        level: Level | None,
    ) -> None:
        decision = a_decision(
            self.alerts[status].alert_id, verb, level, unit, officer, decision_status
        )
        self._decide(status, decision)

    @rule(
        status=st.sampled_from(STATUSES),
        verb=st.sampled_from(VERBS),
        unit=st.sampled_from([CITY, DISTRICT, TOWN, OTHER_TOWN]),
        officer=st.sampled_from(["o1", "o2", "o3"]),
    )
    def decision_of_any_unit(
        self, status: Status, verb: DecisionVerb, unit: str, officer: str
    ) -> None:
        alert = self.alerts[status]
        decision = a_decision(alert.alert_id, verb, alert.proposed_level, unit, officer, status)
        self._decide(status, decision)

    @rule(
        status=st.sampled_from(STATUSES),
        unit=st.sampled_from([DISTRICT, TOWN, CITY, OTHER_TOWN]),
        post=st.sampled_from(list(Post)),
        officer=st.sampled_from(["o1", "o2", "o3"]),
    )
    def emergency(self, status: Status, unit: str, post: Post, officer: str) -> None:
        alert = self.alerts[status]
        verb = DecisionVerb.AUTHORISE_EMERGENCY
        decision = a_decision(
            alert.alert_id, verb, alert.proposed_level, unit, officer, status, post=post
        )
        self._decide(status, decision)

    @rule(
        status=st.sampled_from(STATUSES),
        verb=st.sampled_from([*OWN_LEVEL, *OWED]),
        unit=st.sampled_from([CITY, DISTRICT, TOWN]),
        officer=st.sampled_from(["o1", "o2", "o3"]),
        level_asked=LEVELS,
    )
    def about_what_is_in_force(
        self, status: Status, verb: DecisionVerb, unit: str, officer: str, level_asked: Level
    ) -> None:
        alert = self.alerts[status]
        level = {DecisionVerb.ADJUST: level_asked, DecisionVerb.LIFT: None}.get(verb, alert.level)
        self._decide(status, a_decision(alert.alert_id, verb, level, unit, officer, status))

    @rule(status=st.sampled_from(STATUSES), officer=st.sampled_from(["o1", "o2", "o3"]))
    def the_next_sound_step(self, status: Status, officer: str) -> None:
        """Take the next legal step, since random steps hardly ever issue an alert."""
        alert = self.alerts[status]
        verb = {
            AlertState.VERIFYING: DecisionVerb.VERIFY,
            AlertState.VERIFIED: DecisionVerb.ASSESS,
        }.get(alert.state, DecisionVerb.APPROVE)
        decision = a_decision(
            alert.alert_id, verb, alert.proposed_level, alert.requirement.unit, officer, status
        )
        self._decide(status, decision)

    @rule(status=st.sampled_from(STATUSES), level=LEVELS)
    def the_next_alert(self, status: Status, level: Level) -> None:
        if self.alerts[status].is_open_or_merged:
            return
        number = len(self.versions) + 10
        first = an_alarm(f"{status}-{number}", level=level, status=status)
        self.versions[first.alarm_id] = 1
        self.alerts[status] = new_alert(first)
        self.events[status] = []
        self.signers[status] = set()
        self.verified.discard(status)
        self._alarm(first, None)

    @invariant()
    def the_alert_agrees_with_its_last_record(self) -> None:
        for status, alert in self.alerts.items():
            event = self.events[status][-1]
            assert (event.status, event.version) == (status, alert.version)
            assert (event.level, event.state) == (alert.level, alert.state)
            assert all(alarm.alarm_id.startswith(status) for alarm in alert.alarms)
            assert (
                alert.issuing_signatures
                if alert.level is not None
                else not alert.issuing_signatures
            )
            assert alert.is_issued == (alert.state is AlertState.ISSUED)

    def _alarm(self, event: AlarmEvent, before: AlarmEvidence | None) -> None:
        alert = self.alerts[event.status]
        areas = (event.place, *event.areas)
        change = apply_alarm(alert, evidence_after(event, before), event.headline, areas)
        assert change.alert.level is alert.level, "evidence never changes what is issued"
        self._record_change(change, event)

    def _decide(self, status: Status, decision: AlertDecision) -> None:
        before = self.alerts[status]
        outcome = decide(before, decision, T0)
        if isinstance(outcome, DecisionRefusal):
            assert outcome.text
            return
        after = outcome.alert
        assert decision.status is status, "an exercise never touches the real thing"
        if decision.verb in OWN_LEVEL | OWED:
            assert decision.level in (None, before.level) or decision.verb is DecisionVerb.ADJUST
        else:
            assert decision.level is before.proposed_level
        assert decision.origin_unit != OTHER_TOWN, "a stranger decides nothing"
        if decision.verb is DecisionVerb.VERIFY:
            self.verified.add(status)
        if decision.verb is DecisionVerb.APPROVE:
            assert decision.officer_id not in self.signers[status]
            self.signers[status].add(decision.officer_id)
        if decision.verb is DecisionVerb.AUTHORISE_EMERGENCY:
            self._in_an_emergency(status, before, after, decision)
        elif decision.verb in OWED:
            self._settled(before, after, decision)
        elif decision.verb is DecisionVerb.RECALL:
            assert after.state is AlertState.RECALLED
            assert after.pending_ratification is None
        elif after.level is not before.level or after.state is AlertState.LIFTED:
            self._entitled(status, before, after, decision)
        self._record_change(outcome, decision)

    def _in_an_emergency(
        self, status: Status, before: Alert, after: Alert, decision: AlertDecision
    ) -> None:
        assert before.pending_ratification is None
        assert decision.level is not None
        assert after.level is decision.level
        assert LEVEL_ORDER[after.level] > (LEVEL_ORDER[before.level] if before.level else 0)
        high = after.level in CITY_LEVELS
        assert decision.origin_unit in ((DISTRICT, TOWN) if high else (TOWN,))
        assert decision.post in ("A", "commander")
        assert after.pending_ratification is not None
        assert after.pending_ratification.unit == (CITY if high else DISTRICT)
        assert after.pending_ratification.approvals == (2 if after.level is Level.RED else 1)
        assert after.pending_ratification.level_before is before.level
        self.verified.add(status)

    def _settled(self, before: Alert, after: Alert, decision: AlertDecision) -> None:
        assert before.pending_ratification is not None
        assert decision.origin_unit == before.pending_ratification.unit
        if decision.verb is DecisionVerb.RATIFY:
            assert after.level is before.level
            signers = {signature.officer_id for signature in after.issuing_signatures}
            assert decision.officer_id in signers
            assert (after.pending_ratification is None) == (
                len(signers) == before.pending_ratification.approvals + 1
            )
        elif before.pending_ratification.level_before is None:
            assert after.state is AlertState.RECALLED
        else:
            assert after.level is before.pending_ratification.level_before

    def _entitled(
        self, status: Status, before: Alert, after: Alert, decision: AlertDecision
    ) -> None:
        level = decision.level
        assert decision.verb is DecisionVerb.APPROVE
        lower = before.level is not None and (
            level is None or LEVEL_ORDER[level] < LEVEL_ORDER[before.level]
        )
        judged = before.level if lower else level
        assert decision.origin_unit == (CITY if judged in CITY_LEVELS else DISTRICT)
        assert len(self.signers[status]) >= (2 if level is Level.RED and not lower else 1)
        assert {signature.officer_id for signature in after.issuing_signatures} == self.signers[
            status
        ]
        if level in CITY_LEVELS:
            assert status in self.verified

    def _record_change(
        self, change: AlertChange, cause: AlarmEvent | Report | AlertDecision
    ) -> None:
        status = cause.status
        before, after = self.alerts[status], change.alert
        assert after.version == before.version + 1
        assert after.alert_id == before.alert_id
        if (
            after.proposed_level is not before.proposed_level
            or after.issued_round != before.issued_round
        ) or change.transition in ("rejected", "proposed"):
            self.signers[status] = set()
        out = records_of(change, origin_of(cause), T0)
        assert AlertEvent.model_validate_json(encode(out.event)) == out.event
        assert out.event.status is status
        assert (out.notice is not None) == (
            status is Status.ACTUAL
            and change.transition in ("issued", "adjusted", "lifted", "recalled")
        )
        self.events[status].append(out.event)
        self.alerts[status] = after


TestLifecycle = Lifecycle.TestCase
TestLifecycle.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
