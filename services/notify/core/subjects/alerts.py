"""Alerts: the calls that a version of an alert causes or ends, and the recall of an alert."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from services.notify.core.escalation import reasons
from services.notify.core.escalation.engine import EscalationEngine
from services.notify.core.escalation.escalation import Escalation, Purpose
from services.notify.core.escalation.next_call import at_or_after, calling_order
from services.notify.core.escalation.states import EscalationState, EscalationTrigger
from services.notify.core.subjects.snapshots import AlertSnapshot
from services.notify.core.working_set import WorkingSet
from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition
from shared.contracts.fields import DataGrade, Level, Post, highest_grade
from shared.contracts.lifecycles.alert import OPEN
from shared.contracts.pages import SubjectKind
from shared.domain.page_texts import alerts as wording
from shared.domain.page_texts.graded import GRADED_ALERT
from shared.domain.page_texts.names import Names
from shared.domain.roster.post_holders import PostHolder, first_unit

_ENDED = frozenset(AlertState) - OPEN
_ANNOUNCED = frozenset(
    {
        AlertTransition.ISSUED,
        AlertTransition.ADJUSTED,
        AlertTransition.LIFTED,
        AlertTransition.EXPIRED,
        AlertTransition.RECALLED,
    }
)
_ASK_AGAIN = frozenset(
    {AlertTransition.PROPOSED, AlertTransition.UNMERGED, AlertTransition.FLAPPING}
)
"""Transitions after which a decision is asked for again, even when the level is unchanged."""


@dataclass(frozen=True, slots=True)
class CallDecision:
    """The calls that a version of an alert causes.

    - `announced`: officers are informed; otherwise they are asked to decide.
    - `call_everyone`: the place and the approver are called.
    - `decision_owed`: an officer still has to decide or sign.
    - `ended`: the alert is not open any more.
    """

    announced: bool
    call_everyone: bool
    decision_owed: bool
    ended: bool

    @property
    def purpose(self) -> Purpose:
        """The act that the called officers are asked for."""
        return Purpose.INFORM if self.announced else Purpose.DECIDE


def call_decision(alert: AlertEvent, previous: AlertSnapshot | None) -> CallDecision:
    """Return the calls that this version causes; `previous` is the last known version."""
    ended = alert.state in _ENDED
    longer_validity = alert.proposed_until is not None
    other_words = alert.wording is not None and alert.wording != alert.issued_wording
    pending = not ended and (alert.proposed_level != alert.level or longer_validity or other_words)
    worded = alert.transition is AlertTransition.WORDED
    is_correction = worded and other_words and alert.level is not None
    changed = previous is None or previous.proposed_level != alert.proposed_level
    announced = alert.transition in _ANNOUNCED
    return CallDecision(
        announced=announced,
        call_everyone=announced
        or (pending and (changed or is_correction or alert.transition in _ASK_AGAIN)),
        decision_owed=pending or (not ended and alert.debt is not None),
        ended=ended,
    )


def call_about_alert(alert: AlertEvent, engine: EscalationEngine) -> None:
    """Call the officers of the place and the approver when there is something new to them."""
    working_set = engine.working_set
    previous = working_set.alerts.get(alert.alert_id)
    if previous is not None and alert.version <= previous.version:
        return
    working_set.update_alert(
        AlertSnapshot(
            alert.alert_id,
            alert.status,
            alert.version,
            alert.level,
            alert.proposed_level,
            recalled=alert.transition is AlertTransition.RECALLED,
        )
    )
    escalations = working_set.of_alert(alert.alert_id)
    for escalation in escalations:
        engine.promise_kept(escalation, alert.actor)
        if raise_grade(escalation, alert, engine.names):
            working_set.mark_changed(escalation)
    decision = call_decision(alert, previous)
    if decision.call_everyone or alert.calls:
        _call(alert, decision, previous, escalations, engine)
        return
    for escalation in escalations:
        moot = not decision.decision_owed and escalation.purpose is Purpose.DECIDE
        if decision.ended or moot:
            working_set.end_calls(escalation, EscalationTrigger.SETTLED, reasons.SETTLED)


def was_recalled(alert_id: str | None, working_set: WorkingSet) -> bool:
    """Return True for a recalled alert: nobody is called because of it any more.

    The records that end its assignments may be still to come.
    """
    snapshot = working_set.alerts.get(alert_id or "")
    return snapshot is not None and snapshot.recalled


def raise_grade(escalation: Escalation, alert: AlertEvent, names: Names) -> bool:
    """Raise the escalation's grade to the alert's; return False when it is not lower.

    The officers who are called from now on read no word of the alert.
    """
    grade = highest_grade(escalation.data_grade, alert.data_grade)
    if grade is escalation.data_grade:
        return False
    escalation.data_grade, escalation.headline = grade, GRADED_ALERT
    to_decide = escalation.purpose is Purpose.DECIDE
    escalation.text = wording.of_alert(alert, names, to_decide=to_decide)
    return True


def _call(
    alert: AlertEvent,
    decision: CallDecision,
    previous: AlertSnapshot | None,
    escalations: list[Escalation],
    engine: EscalationEngine,
) -> None:
    """Call the place and the approver, if decided, and the posts that the alert names.

    A recall also ends all calls because of the alert, and calls every officer who was paged for
    any.
    """
    roster, working_set = engine.roster, engine.working_set
    # The new calls continue where the present ones are. Otherwise an alert that keeps changing
    # would never reach the upper tier.
    running = {
        escalation.start_unit: replace(escalation)
        for escalation in escalations
        if escalation.state is EscalationState.OPEN
        and escalation.purpose is decision.purpose is Purpose.DECIDE
    }
    named_units = {first_unit(roster, callee.unit) for callee in alert.calls}
    for escalation in escalations:
        if decision.call_everyone or escalation.start_unit in named_units:
            working_set.end_calls(escalation, EscalationTrigger.SETTLED, reasons.REPLACED)
    recalled = alert.transition is AlertTransition.RECALLED
    if recalled:
        _end_calls_because_of(alert.alert_id, working_set)
    template = _escalation(alert, decision.purpose, previous, engine.names, working_set.now)
    called: set[str] = {alert.actor} if alert.actor and decision.announced else set()
    units = (alert.place, alert.approver_unit) if decision.call_everyone else ()
    targets: list[tuple[str, Post | None]] = [(unit, None) for unit in units]
    targets += [(callee.unit, callee.post) for callee in alert.calls]
    for unit, post in targets:
        start = first_unit(roster, unit)
        holders = calling_order(roster, start)
        first = holders[0] if holders else None
        if post is not None:
            first = at_or_after(holders, start, start, post) or first
        if first is not None and first.officer_id in called:
            continue
        called.update({first.officer_id} if first is not None else ())
        named_after = first.officer_id if first is not None and post is not None else None
        engine.open(
            replace(template, start_unit=start),
            holders,
            running.get(start),
            first,
            named_after,
            recalled=recalled,
        )
    if recalled:
        _recall(template, called, engine)


def _recall(template: Escalation, called: set[str], engine: EscalationEngine) -> None:
    """Call every officer who was paged because of the alert, on the post that they hold now."""
    working_set, alert_id = engine.working_set, template.subject_id
    paged_now = {
        (page_row.page.unit, page_row.page.post, page_row.page.officer_id)
        for page_row in working_set.new_pages.values()
        if page_row.page.alert_id == alert_id
    }
    paged = working_set.paged_officers.get(alert_id, set()) | paged_now
    for unit, post, officer_id in sorted(paged):
        if officer_id in called:
            continue
        called.add(officer_id)
        posts = [
            holder for holder in engine.roster.holders(unit) if holder.officer_id == officer_id
        ]
        holder = posts[0] if posts else PostHolder(unit, post, officer_id)
        recall = replace(template, purpose=Purpose.RECALL, start_unit=unit)
        engine.open(recall, [holder], first=holder, named_after=officer_id, recalled=True)


def _end_calls_because_of(alert_id: str, working_set: WorkingSet) -> None:
    for escalation in list(working_set.escalations.values()):
        if escalation.alert_id == alert_id and escalation.state is not EscalationState.CLOSED:
            working_set.end_calls(escalation, EscalationTrigger.SETTLED, reasons.RECALLED)


def _escalation(
    alert: AlertEvent,
    purpose: Purpose,
    previous: AlertSnapshot | None,
    names: Names,
    now: datetime,
) -> Escalation:
    """Return the escalation about an alert; the caller fills in the start unit."""
    general = alert.data_grade is DataGrade.GENERAL
    levels = (alert.proposed_level, alert.level, previous.level if previous else None)
    return Escalation(
        escalation_id="",
        cause_id=alert.id,
        trace_id=alert.trace_id or alert.id,
        subject_kind=SubjectKind.ALERT,
        subject_id=alert.alert_id,
        purpose=purpose,
        status=alert.status,
        level=next((level for level in levels if level is not None), Level.NOTICE),
        place=alert.place,
        start_unit="",
        headline=alert.situation or alert.headline if general else GRADED_ALERT,
        text=wording.of_alert(alert, names, to_decide=purpose is Purpose.DECIDE),
        data_grade=alert.data_grade,
        occurred_at=alert.occurred_at,
        opened_at=now,
        alert_id=alert.alert_id,
    )
