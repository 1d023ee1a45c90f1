"""Contract in, row of the read model out. Keys are the columns of deploy/migrations/sql/4?_console_*.sql."""

from __future__ import annotations

import json
from typing import Any

from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertEvent
from shared.contracts.commands import (
    Acknowledgement,
    AssignmentEvent,
    CommandEvent,
    SupervisionEvent,
    SupervisionKind,
)
from shared.contracts.duty import DutyCoverage, DutyEntry
from shared.contracts.modes import ModeProposal, ResponseModeEvent
from shared.contracts.pages import Answer, Page
from shared.contracts.readings import SensorHealth
from shared.contracts.reports import Report, ReportDuty
from shared.contracts.silences import SilenceEvent
from shared.domain.roster.timeline import over_at

Row = dict[str, Any]
_GRAVITY = {kind: rank for rank, kind in enumerate(SupervisionKind)}


def alarm(event: AlarmEvent) -> Row:
    """A row of `alarm`. One over several sources has no sensor."""
    return {
        "alarm_id": event.alarm_id,
        "status": event.status,
        "version": event.version,
        "place": event.place,
        "sensor_id": event.sensor_id,
        "rule_id": event.rule_id,
        "kind": event.kind,
        "transition": event.transition,
        "level": event.level,
        "score": event.score,
        "parts": None if event.parts is None else event.parts.model_dump_json(),
        "headline": event.headline,
        "evidence": event.evidence.model_dump_json(exclude_none=True),
        "retrospective": event.retrospective,
        "withdrawn": event.withdrawn,
        "started_at": event.started_at or event.occurred_at,
        "occurred_at": event.occurred_at,
        "data_grade": event.data_grade,
        "sent_at": event.sent_at,
    }


def alert(event: AlertEvent) -> Row:
    """A row of `alert`."""
    former = len(event.signatures) - event.signed
    signatures = [
        {**signature.model_dump(mode="json"), "present": number >= former}
        for number, signature in enumerate(event.signatures)
    ]
    return {
        "alert_id": event.alert_id,
        "status": event.status,
        "version": event.version,
        "state": event.state,
        "event_type": event.event_type,
        "place": event.place,
        "areas": list(event.areas),
        "level": event.level,
        "proposed_level": event.proposed_level,
        "approver_unit": event.approver_unit,
        "approvals_needed": event.approvals_needed,
        "authority_unit": event.authority_unit,
        "proposed_until": event.proposed_until,
        "expires_at": event.expires_at,
        "debt": None if event.debt is None else event.debt.model_dump_json(exclude_none=True),
        "incident_grade": event.incident_grade,
        "response_level": event.response_level,
        "positions": json.dumps(
            [position.model_dump(mode="json", exclude_none=True) for position in event.positions]
        ),
        "flapping": event.flapping,
        "merged_into": event.merged_into,
        "merged_ids": list(event.merged_ids),
        "incident_id": event.incident_id,
        "alarm_ids": list(event.alarm_ids),
        "report_ids": list(event.report_ids),
        "distinct_sources": event.distinct_sources,
        "score": event.score,
        "signatures": json.dumps(signatures),
        "headline": event.headline,
        "body": event.text,
        "transition": event.transition,
        "data_grade": event.data_grade,
        "occurred_at": event.occurred_at,
        "trace_id": event.trace_id or event.id,
        "sent_at": event.sent_at,
    }


def silence(event: SilenceEvent) -> Row:
    """A row of `silence`; `place` is the subtree that it covers."""
    return {
        "silence_id": event.silence_id,
        "status": event.status,
        "version": event.version,
        "kind": event.kind,
        "place": event.matcher.place or event.unit,
        "event_type": event.matcher.event_type,
        "rule_id": event.matcher.rule_id,
        "sensor_id": event.matcher.sensor_id,
        "unit": event.unit,
        "owner": event.owner,
        "reason": event.reason,
        "begin_at": event.begin_at,
        "end_at": event.end_at,
        "ended_at": event.ended_at,
        "silenced": event.silenced,
        "still_firing": event.still_firing,
        "trace_id": event.trace_id or event.id,
        "sent_at": event.sent_at,
    }


def command(event: CommandEvent) -> Row:
    """A row of `command`; the roll-up is counted from the assignments, not copied."""
    return {
        "command_id": event.command_id,
        "status": event.status,
        "version": event.version,
        "state": event.state,
        "alert_id": event.alert_id,
        "event_type": event.event_type,
        "level": event.level,
        "root": event.root,
        "issuer_unit": event.issuer_unit or event.origin_unit,
        "title": event.title,
        "instruction": event.instruction,
        "recipients": event.recipients,
        "sign_by": event.sign_by,
        "finish_by": event.finish_by,
        "occurred_at": event.occurred_at,
        "data_grade": event.data_grade,
        "trace_id": event.trace_id or event.id,
        "sent_at": event.sent_at,
    }


def assignment(event: AssignmentEvent) -> Row:
    """A row of `assignment`."""
    part, asked, extension = event.part, event.asked, event.extension
    return {
        "assignment_id": event.assignment_id,
        "command_id": event.command_id,
        "alert_id": event.alert_id,
        "status": event.status,
        "version": event.version,
        "unit": event.unit,
        "unit_tier": event.unit_tier,
        "role": event.role,
        "state": event.state,
        "level": event.level,
        "event_type": event.event_type,
        "title": event.title,
        "instruction": event.instruction,
        "issuer_unit": event.issuer_unit,
        "sign_by": event.sign_by,
        "finish_by": event.finish_by,
        "attempt": event.attempt,
        "signed_at": event.signed_at,
        "reported_at": event.reported_at,
        "done_at": event.done_at,
        "late": event.late,
        "synthetic": event.synthetic,
        "reason": event.reason,
        "parent_assignment_id": part.parent_assignment_id if part else None,
        "mandatory": part is None or part.mandatory,
        "release_unit": part.release_unit if part else None,
        "reassigned_from": event.reassigned_from,
        "asked_step": asked and asked.step,
        "asked_until": asked and asked.until,
        "asked_text": asked.text if asked else None,
        "suspended_until": event.suspended_until,
        "extensions": extension.times if extension else 0,
        "original_finish_by": extension.original_finish_by if extension else None,
        "children": event.children and event.children.model_dump_json(),
        "data_grade": event.data_grade,
        "trace_id": event.trace_id or event.id,
        "sent_at": event.sent_at,
    }


def acknowledgement(event: Acknowledgement) -> Row:
    """A row of `acknowledgement`."""
    return {
        "id": event.id,
        "assignment_id": event.assignment_id,
        "status": event.status,
        "step": event.step,
        "attempt": event.attempt,
        "officer_id": event.officer_id,
        "officer_unit": event.officer_unit,
        "post": event.post,
        "body": event.text,
        "sent_at": event.sent_at,
    }


def supervision(event: SupervisionEvent) -> Row:
    """A row of `supervision`; `gravity` orders firings that fall due at the same moment."""
    return {
        "subject_id": event.subject_id,
        "clock": event.clock,
        "status": event.status,
        "kind": event.kind,
        "gravity": _GRAVITY[event.kind] * 100 + event.rung,
        "command_id": event.command_id,
        "unit": event.unit,
        "rung": event.rung,
        "target_unit": event.target_unit,
        "target_post": event.target_post,
        "due_at": event.due_at,
        "late_by_s": event.late_by_s,
        "level": event.level,
        "title": event.title,
        "data_grade": event.data_grade,
        "sent_at": event.sent_at,
    }


_PAGE = (
    "page_id", "status", "version", "officer_id", "unit", "post", "channel", "round", "rung", "state",
    "level", "headline", "subject_kind", "subject_id", "alert_id", "command_id", "assignment_id",
    "answer_by", "resend", "reason", "data_grade", "occurred_at", "sent_at",
)  # fmt: skip


def page(event: Page) -> Row:
    """A row of `page`."""
    same = {name: getattr(event, name) for name in _PAGE}
    return {**same, "body": event.text, "trace_id": event.trace_id or event.id}


def answer(event: Answer) -> Row:
    """A row of `answer`."""
    return {
        "page_id": event.page_id,
        "status": event.status,
        "officer_id": event.officer_id,
        "verb": event.verb,
        "body": event.text,
        "sent_at": event.sent_at,
    }


def mode(event: ResponseModeEvent) -> Row:
    """A row of `mode`."""
    return {
        "status": event.status,
        "unit": event.unit,
        "version": event.version,
        "mode": event.mode,
        "decided_by": list(event.decided_by),
        "proposal_id": event.proposal_id,
        "until": event.until,
        "reason": event.reason,
        "sent_at": event.sent_at,
    }


def mode_proposal(event: ModeProposal) -> Row:
    """A row of `mode_proposal`."""
    signatures = [signature.model_dump(mode="json") for signature in event.signatures]
    return {
        "proposal_id": event.proposal_id,
        "status": event.status,
        "version": event.version,
        "state": event.state,
        "unit": event.unit,
        "mode": event.mode,
        "until": event.until,
        "decide_by": event.decide_by,
        "proposed_by": event.proposed_by,
        "signatures": json.dumps(signatures),
        "next_posts": list(event.next_posts),
        "alert_id": event.alert_id,
        "reason": event.reason,
        "trace_id": event.trace_id or event.id,
        "sent_at": event.sent_at,
    }


def sensor(event: SensorHealth) -> Row:
    """A row of `sensor`."""
    return {
        "sensor_id": event.sensor_id,
        "status": event.status,
        "version": event.version,
        "state": event.state,
        "unit": event.origin_unit,
        "last_seen_at": event.last_seen_at,
        "detail": event.detail,
        "sent_at": event.sent_at,
    }


def duty_entry(event: DutyEntry) -> Row:
    """A row of `duty_entry`."""
    return {
        "unit": event.unit,
        "entry_id": event.entry_id,
        "version": event.version,
        "place": event.place,
        "cancelled": event.cancelled,
        "over_at": over_at(event),
        "rule": event.rule.model_dump_json(exclude_none=True),
        "actor": event.actor,
        "sent_at": event.sent_at,
    }


def duty_coverage(event: DutyCoverage) -> Row:
    """A row of `duty_coverage`."""
    gaps = [gap.model_dump(mode="json") for gap in event.gaps]
    return {
        "unit": event.unit,
        "post": event.post,
        "gaps": json.dumps(gaps),
        "gap_count": len(gaps),
        "headline": event.headline,
        "begins_at": event.begin,
        "ends_at": event.end,
        "sent_at": event.sent_at,
    }


def report(event: Report) -> Row:
    """A row of `report`."""
    facts = event.facts.model_dump_json(exclude_none=True) if event.facts else "{}"
    return {
        "id": event.id,
        "incident_id": event.incident_id,
        "status": event.status,
        "kind": event.kind,
        "number": event.number,
        "means": event.means,
        "from_unit": event.from_unit,
        "to_unit": event.to_unit,
        "origin_unit": event.origin_unit,
        "place": event.place,
        "event_type": event.event_type,
        "reporter_role": event.reporter_role,
        "headline": event.headline,
        "body": event.text,
        "restricted": event.restricted,
        "follows": event.follows,
        "facts": facts,
        "occurred_at": event.occurred_at,
        "sent_at": event.sent_at,
    }


def report_duty(event: ReportDuty) -> Row:
    """A row of `report_duty`."""
    return {
        "duty_id": event.duty_id,
        "status": event.status,
        "version": event.version,
        "alert_id": event.alert_id,
        "incident_id": event.incident_id,
        "event_type": event.event_type,
        "place": event.place,
        "unit": event.unit,
        "to_unit": event.to_unit,
        "skip_level": event.skip_level,
        "level": event.level,
        "title": event.title,
        "state": event.state,
        "started_at": event.started_at,
        "phone_due": event.phone_due,
        "phone_at": event.phone_at,
        "written_due": event.written_due,
        "written_at": event.written_at,
        "follow_up_due": event.follow_up_due,
        "follow_ups": event.follow_ups,
        "follow_ups_late": event.follow_ups_late,
        "final_due": event.final_due,
        "final_at": event.final_at,
        "reason": event.reason,
        "counted": json.dumps([counted_report.model_dump() for counted_report in event.counted]),
        "sent_at": event.sent_at,
    }
