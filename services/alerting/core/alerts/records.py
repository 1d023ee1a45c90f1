"""The records of an alert's change: the lifecycle event and the public notice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.alerting.core.alerts.alert import Alert
from services.alerting.core.alerts.authority import gate
from services.alerting.core.alerts.outcome import AlertChange
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertDecision, AlertEvent, AlertTransition, PublicNotice
from shared.contracts.fields import DataGrade, Status, is_sensitive
from shared.contracts.ids import content_id, transition_id
from shared.contracts.reports import Report
from shared.contracts.units import tier_of
from shared.contracts.wordings import AlertWording
from shared.domain.bilingual import LINE_CHARACTERS, Bilingual, bilingual_of
from shared.domain.measures import LIMIT, measured
from shared.domain.response_modes.effective import UNDECIDED
from shared.domain.shortening import shorten
from shared.domain.wording import LEVELS

MOST_IDS = 500
MOST_SIGNATURES = 16
RESTRICTED_HEADLINE = Bilingual("限制知悉的事件报告", "Restricted report").joined()
GRADED_NOTICE = "请按属地政府通知防范应对"
"""The headline of a public notice in place of the words of a graded alert."""
_WITHOUT_VALUE = frozenset({"composite", "corroboration", "baseline"})
_PUBLIC: dict[AlertTransition, Bilingual] = {
    AlertTransition.ISSUED: Bilingual("发布{level}预警：", "{level} alert issued: "),
    AlertTransition.ADJUSTED: Bilingual("调整为{level}预警：", "Now a {level} alert: "),
    AlertTransition.LIFTED: Bilingual("解除{level}预警：", "{level} alert lifted: "),
    AlertTransition.EXPIRED: Bilingual("{level}预警到期失效：", "{level} alert expired: "),
    AlertTransition.RECALLED: Bilingual(
        "撤回{level}预警，此前发布有误：", "{level} alert recalled, issued in error: "
    ),
}
_IN_FORCE = frozenset({AlertTransition.ISSUED, AlertTransition.ADJUSTED})
_CAP_ALERT = frozenset({AlertTransition.OPENED, AlertTransition.ISSUED})


@dataclass(frozen=True, slots=True)
class ChangeOrigin:
    """The record or timer that changed an alert; `at` is event time.

    `officer_id` is the officer who decided, if a decision changed the alert, and `alarm` the alarm,
    if an alarm did.
    """

    id: str
    at: datetime
    unit: str
    trace_id: str
    officer_id: str | None = None
    text: str = ""
    alarm: AlarmEvent | None = None


def origin_of(cause: AlarmEvent | Report | AlertDecision) -> ChangeOrigin:
    """Return a record as the origin of a change."""
    decision = cause if isinstance(cause, AlertDecision) else None
    text = decision.reason if decision else ""
    if isinstance(cause, AlarmEvent):
        text = _measured(cause)
    return ChangeOrigin(
        id=cause.id,
        at=cause.occurred_at,
        unit=cause.origin_unit,
        trace_id=cause.trace_id or cause.id,
        officer_id=decision.officer_id if decision else None,
        text=text,
        alarm=cause if isinstance(cause, AlarmEvent) else None,
    )


def _measured(alarm: AlarmEvent) -> str:
    """Return the measured value beside its limit, as text; empty for several sources together."""
    evidence = alarm.evidence
    if evidence.note is not None:
        return evidence.note
    if alarm.kind in _WITHOUT_VALUE:
        return ""
    name = LIMIT if evidence.limit_name is None else bilingual_of(evidence.limit_name)
    words = measured(evidence.metric, evidence.value, evidence.limit, evidence.unit, name)
    return words.joined()


def origin_of_timer(
    kind: str, subject: str, due_at: datetime, unit: str, trace_id: str
) -> ChangeOrigin:
    """Return a timer as the origin of a change, at the time when it was due."""
    identifier = content_id("tmr", kind, subject, due_at.isoformat())
    return ChangeOrigin(identifier, due_at, unit, trace_id)


@dataclass(frozen=True, slots=True)
class AlertRecords:
    """The records that one change publishes; drills and unissued alerts have no notice."""

    event: AlertEvent
    notice: PublicNotice | None


def headline_of(cause: AlarmEvent | Report) -> str:
    """Return the headline of the event; what is restricted or sensitive is not repeated."""
    if is_sensitive(cause.event_type) or (isinstance(cause, Report) and cause.restricted):
        return RESTRICTED_HEADLINE
    return cause.headline


def areas_of(cause: AlarmEvent | Report) -> tuple[str, ...]:
    """Return the places that an alert takes over from its evidence."""
    return (cause.place, *cause.areas)


def records_of(change: AlertChange, origin: ChangeOrigin, now: datetime) -> AlertRecords:
    """Return the records of a change that `origin` caused; `now` is the time of sending."""
    event = alert_event(change, origin, now)
    is_public = event.status is Status.ACTUAL and event.transition in _PUBLIC
    return AlertRecords(event, public_notice(event) if is_public else None)


def alert_event(change: AlertChange, origin: ChangeOrigin, now: datetime) -> AlertEvent:
    """Return the event with the complete state of the alert after the change."""
    alert, transition, leading = change.alert, change.transition, change.alert.leading_assessment
    mode = alert.flapping.mode if alert.flapping is not None else UNDECIDED
    previous = (transition_id(alert.alert_id, alert.version - 1),) if alert.version > 1 else ()
    return AlertEvent(
        id=transition_id(alert.alert_id, alert.version),
        status=alert.status,
        occurred_at=origin.at,
        sent_at=now,
        origin_unit=origin.unit,
        tier=tier_of(origin.unit),
        areas=alert.areas,
        references=(*previous, origin.id),
        trace_id=origin.trace_id,
        data_grade=alert.grade,
        alert_id=alert.alert_id,
        version=alert.version,
        transition=transition,
        state=alert.state,
        msg_type=_msg_type(change),
        event_type=alert.event_type,
        place=alert.place,
        level=alert.level,
        proposed_level=alert.proposed_level,
        approver_unit=alert.requirement.unit,
        approvals_needed=alert.requirement.approvals,
        authority_unit=None if alert.level is None else gate(alert.place, alert.level),
        proposed_until=alert.proposed_until,
        expires_at=alert.expires_at,
        debt=alert.pending_ratification,
        incident_grade=leading.incident_grade if leading else None,
        response_level=leading.response_level if leading else None,
        began_at=alert.began_at,
        positions=alert.positions,
        flapping=alert.flapping is not None,
        mode=mode.mode,
        mode_version=mode.version,
        mode_unit=mode.unit,
        merged_into=alert.merged_into,
        merged_ids=tuple(child for child, _ in alert.merged_alerts)[-MOST_IDS:],
        calls=change.calls,
        incident_id=alert.incident_id,
        alarm_ids=tuple(alarm.alarm_id for alarm in alert.alarms)[-MOST_IDS:],
        report_ids=tuple(report.report_id for report in alert.reports)[-MOST_IDS:],
        distinct_sources=alert.sources,
        score=alert.score,
        signatures=(*alert.issuing_signatures, *alert.signatures)[-MOST_SIGNATURES:],
        signed=min(len(alert.signatures), MOST_SIGNATURES),
        headline=alert.headline,
        situation=_situation(alert, origin.alarm),
        text=origin.text,
        wording=alert.wording,
        issued_wording=alert.issued_wording,
        actor=origin.officer_id,
    )


def _situation(alert: Alert, alarm: AlarmEvent | None) -> str | None:
    """Return the situation of the alarm, unless another one asks for the level of the alert."""
    leads = alarm is not None and alarm.level is alert.requested_level
    return alarm.situation if alarm is not None and leads else None


def _msg_type(change: AlertChange) -> Literal["Alert", "Update", "Cancel"]:
    if not change.alert.is_open_or_merged:
        return "Cancel"
    return "Alert" if change.transition in _CAP_ALERT else "Update"


def public_notice(event: AlertEvent) -> PublicNotice:
    """Return the public notice 公众信息发布 of an alert; its `level` is None when the alert is over.

    The words of a graded alert are not published: its level and areas are.
    """
    assert event.level is not None, "only an issued alert has a notice"
    is_over = event.transition not in _IN_FORCE
    words = event.issued_wording if event.data_grade is DataGrade.GENERAL else None
    notice_id = content_id("ntc", event.id)
    return PublicNotice(
        id=notice_id,
        status=event.status,
        occurred_at=event.occurred_at,
        sent_at=event.sent_at,
        origin_unit=event.origin_unit,
        tier=event.tier,
        areas=event.areas if words is None else words.areas,
        references=(event.id,),
        trace_id=event.trace_id,
        notice_id=notice_id,
        alert_id=event.alert_id,
        msg_type=event.msg_type,
        level=None if is_over else event.level,
        headline=_public_headline(event, words, is_over=is_over),
        text=_public_text(event, words, is_over=is_over),
        instruction="" if words is None or is_over else words.instruction,
        contact=None if words is None else words.contact or None,
        polygon=() if words is None else words.polygon,
        valid_until=None if is_over else event.expires_at,
    )


def _public_headline(event: AlertEvent, words: AlertWording | None, *, is_over: bool) -> str:
    """Return the approved headline; an end names its kind before the headline."""
    if words is not None and not is_over:
        return words.headline
    assert event.level is not None, "only an issued alert has a notice"
    prefix, level = _PUBLIC[event.transition], LEVELS[event.level]
    zh = prefix.zh.format(level=level.zh)
    if words is None:
        general = event.data_grade is DataGrade.GENERAL
        public = bilingual_of(event.headline).zh if general else GRADED_NOTICE
        return shorten(zh + public, LINE_CHARACTERS)
    headline = bilingual_of(words.headline)
    en = prefix.en.format(level=level.en.capitalize())
    return Bilingual(zh + headline.zh, en + headline.en).joined()


def _public_text(event: AlertEvent, words: AlertWording | None, *, is_over: bool) -> str:
    """Return the approved description; the reason of a decision where no words were approved."""
    if words is not None:
        return "" if is_over else words.description
    return bilingual_of(event.text).zh if event.data_grade is DataGrade.GENERAL else ""
