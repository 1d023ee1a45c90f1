"""What a record means to the auditor: how it counts, whose act it is, which world it belongs to."""

from __future__ import annotations

from dataclasses import replace

from services.audit.core.trail import Act
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertDecision, AlertEvent, PublicNotice
from shared.contracts.audit import AuditOutcome
from shared.contracts.cases import CaseReview
from shared.contracts.commands import (
    Acknowledgement,
    AssignmentEvent,
    CommandEvent,
    CommandRequest,
    SupervisionEvent,
)
from shared.contracts.dead_letter import DeadLetter, Reason
from shared.contracts.duty import DutyRequest
from shared.contracts.envelope import Envelope
from shared.contracts.fields import Status
from shared.contracts.modes import ModeProposal, ModeRequest, ResponseModeEvent
from shared.contracts.pages import Answer, AnswerVerb, Page
from shared.contracts.reachability import ContactTestRequest
from shared.contracts.refusals import Refusal
from shared.contracts.reports import Report, ReporterRole
from shared.contracts.silences import SilenceRequest

FIRST = "first"
"""Counted beside a record's own label when it is the first version of its aggregate."""

_RECEIPTS = frozenset({AnswerVerb.DELIVERED, AnswerVerb.READ})


def labels(message: Envelope) -> list[str]:
    """Under which labels the record counts within its topic; a closed set per topic."""
    match message:
        case AlarmEvent() | AlertEvent():
            label = str(message.transition)
        case AssignmentEvent():
            label = f"{message.unit_tier}:{message.state}"
        case CommandEvent() | Page() | ModeProposal():
            label = str(message.state)
        case AlertDecision() | CommandRequest() | Answer() | ModeRequest() | SilenceRequest():
            label = str(message.verb)
        case Acknowledgement():
            label = str(message.step)
        case SupervisionEvent():
            label = f"{message.kind}:{message.rung}"
        case ResponseModeEvent():
            label = str(message.mode)
        case Refusal():
            label = str(message.reason)
        case _:
            label = "record"
    return [label, FIRST] if getattr(message, "version", 0) == 1 else [label]


def act_of(message: Envelope) -> Act | None:
    """The entry that a record calls for: a person's act, its refusal, its effect on alert or command.

    `accepted` says that the act is in the log; whether it then had an effect is the effect's entry.
    """
    match message:
        case AlertDecision():
            level = f" {message.level}" if message.level else ""
            return _act(
                message,
                message.officer_id,
                f"alert.{message.verb}{level}",
                message.alert_id,
                message.reason,
            )
        case CommandRequest():
            return _act(message, message.officer_id, f"command.{message.verb}", message.command_id)
        case Acknowledgement():
            return _act(
                message,
                message.officer_id,
                f"assignment.{message.step}",
                message.assignment_id,
                message.text,
            )
        case Answer() if message.verb not in _RECEIPTS:
            return _act(
                message, message.officer_id, f"page.{message.verb}", message.page_id, message.text
            )
        case SilenceRequest():
            return _act(
                message,
                message.officer_id,
                f"silence.{message.verb}",
                message.silence_id,
                message.reason,
            )
        case ContactTestRequest():
            return _act(message, message.officer_id, "contact_test.start", message.unit)
        case CaseReview():
            return _act(message, message.officer_id, "case.review", message.case_id)
        case DutyRequest():
            return _act(message, message.officer_id, f"duty.{message.verb}", message.unit)
        case Report() if message.reporter_role is ReporterRole.OFFICER:
            return _act(message, message.reporter_id, "report", message.incident_id)
        case ModeRequest():
            return _act(
                message,
                message.officer_id,
                f"mode.{message.verb}",
                message.proposal_id,
                message.reason,
            )
        case Refusal():
            return _refused(message)
        case ResponseModeEvent() if message.decided_by:
            return _act(
                message,
                message.decided_by[0],
                f"effect.mode.{message.mode}",
                message.unit,
                message.reason,
            )
        case AlertEvent() if message.actor is not None:
            return _act(
                message, message.actor, f"effect.alert.{message.transition}", message.alert_id
            )
        case CommandEvent() if message.actor is not None:
            return _act(
                message, message.actor, f"effect.command.{message.state}", message.command_id
            )
        case _:
            return None


def _act(message: Envelope, actor: str, action: str, subject: str, reason: str = "") -> Act:
    return Act(
        cause_id=message.id,
        actor=actor,
        action=action,
        subject_id=subject,
        outcome=AuditOutcome.ACCEPTED,
        status=message.status,
        occurred_at=message.occurred_at,
        origin_unit=message.origin_unit,
        reason=reason,
        trace_id=message.trace_id,
    )


def _refused(message: Refusal) -> Act:
    where = f" from {message.address}" if message.address else ""
    act = _act(
        message, message.actor, message.action, message.subject_id, f"{message.reason}{where}"
    )
    return replace(act, outcome=AuditOutcome.REFUSED, place=message.place, count=message.count)


def refused(letter: DeadLetter, message: Envelope) -> Act | None:
    """The entry of an act that is in the log but whose owner refused it: nobody had the right to it.

    `message` is what the dead letter holds. One entry for each owner that refused it.
    """
    act = act_of(message)
    if letter.reason is not Reason.NOT_ALLOWED or act is None:
        return None
    return replace(
        act,
        cause_id=f"{letter.id}.{letter.service}",
        outcome=AuditOutcome.REFUSED,
        occurred_at=letter.refused_at,
        reason=f"{letter.service}: {letter.detail}",
    )


def subjects(message: Envelope) -> list[str]:
    """The alerts and commands that the record belongs to; all their records share one status."""
    match message:
        case AlertEvent() | PublicNotice():
            return [message.alert_id]
        case AlertDecision():
            return [message.alert_id, *([message.into] if message.into is not None else [])]
        case CommandEvent() | AssignmentEvent() | Page():
            return [name for name in (message.alert_id, message.command_id) if name is not None]
        case CommandRequest() | Acknowledgement():
            return [message.command_id]
        case SupervisionEvent():
            return [] if message.command_id is None else [message.command_id]
        case _:
            return []


def is_public_drill(message: Envelope) -> bool:
    """A public notice that is not Actual: a drill that has left the house."""
    return isinstance(message, PublicNotice) and message.status is not Status.ACTUAL
