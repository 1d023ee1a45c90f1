"""The entries of the trail that records call for: a person's action, a refusal, an effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.audit.core.trail.chain import EntryDraft
from shared.contracts.alerts import AlertDecision, AlertEvent
from shared.contracts.assignments import Acknowledgement
from shared.contracts.audit import AuditOutcome
from shared.contracts.authors import Author
from shared.contracts.cases import CaseReview
from shared.contracts.catalog import catalog_key
from shared.contracts.catalog_requests import CatalogRequest, MergeUnits, PutEntries
from shared.contracts.commands import CommandEvent, CommandRequest
from shared.contracts.dead_letter import DeadLetter, Reason
from shared.contracts.duty import DutyRequest
from shared.contracts.envelope import Envelope
from shared.contracts.gaps import GapAcceptance
from shared.contracts.letter_acts import LetterAct
from shared.contracts.limits_acts import LimitsAct
from shared.contracts.modes import ModeRequest, ResponseModeEvent
from shared.contracts.pages import Answer, AnswerVerb
from shared.contracts.plans import PlanDefinition
from shared.contracts.reachability import ContactTestRequest
from shared.contracts.refusals import Refusal, RefusedFor, SourceRefusal
from shared.contracts.reports import ExternalWarning, Report, ReporterRole
from shared.contracts.rules import RuleDefinition
from shared.contracts.silences import SilenceRequest

_REFUSALS_OF_ACTIONS = frozenset({Reason.NOT_ALLOWED, Reason.ID_CONFLICT})
"""Refusals about a person: they had no right, or somebody has used the id of their action."""
_RECEIPTS = frozenset({AnswerVerb.DELIVERED, AnswerVerb.READ})


def draft_of(message: Envelope) -> EntryDraft | None:
    """Return the entry that a record calls for, or None.

    Entries are made for the actions of people, for refused actions, and for effects on alerts,
    commands and modes. The outcome `accepted` says that the action is in the log; an effect of the
    action has an entry of its own.
    """
    match message:
        case AlertDecision():
            level = f" {message.level}" if message.level else ""
            return _draft(
                message,
                message.officer_id,
                f"alert.{message.verb}{level}",
                message.alert_id,
                message.reason,
            )
        case CommandRequest():
            origin = " ".join(message.references) if message.verb == "issue" else ""
            return _draft(
                message, message.officer_id, f"command.{message.verb}", message.command_id, origin
            )
        case Acknowledgement():
            return _draft(
                message,
                message.officer_id,
                f"assignment.{message.step}",
                message.assignment_id,
                message.text,
            )
        case Answer() if message.verb not in _RECEIPTS:
            return _draft(
                message, message.officer_id, f"page.{message.verb}", message.page_id, message.text
            )
        case SilenceRequest():
            return _draft(
                message,
                message.officer_id,
                f"silence.{message.verb}",
                message.silence_id,
                message.reason,
            )
        case ContactTestRequest():
            return _draft(message, message.officer_id, "contact_test.start", message.unit)
        case CaseReview():
            return _draft(message, message.officer_id, "case.review", message.case_id)
        case DutyRequest():
            return _draft(message, message.officer_id, f"duty.{message.verb}", message.unit)
        case CatalogRequest():
            return _catalog_request(message)
        case RuleDefinition(author=Author() as author):
            return _definition(message, author, "rule", message.rule_id)
        case PlanDefinition(author=Author() as author):
            return _definition(message, author, "plan", message.plan_id)
        case Report() if message.reporter_role is ReporterRole.OFFICER:
            return _draft(message, message.reporter_id, "report", message.incident_id)
        case ModeRequest():
            return _draft(
                message,
                message.officer_id,
                f"mode.{message.verb}",
                message.proposal_id,
                message.reason,
            )
        case GapAcceptance():
            place = f"{message.service} {message.topic}:{message.partition}"
            return _draft(message, message.officer_id, "gap.accept", place, message.reason)
        case Refusal():
            return _refused(message)
        case SourceRefusal() if message.reason is not RefusedFor.NOT_ACCEPTABLE:
            return _refused_at_door(message)
        case LetterAct():
            return _letter_act(message)
        case LimitsAct():
            return _limits_act(message)
        case ResponseModeEvent() if message.decided_by:
            return _draft(
                message,
                message.decided_by[0],
                f"effect.mode.{message.mode}",
                message.unit,
                message.reason,
            )
        case AlertEvent() if message.actor is not None:
            return _draft(
                message, message.actor, f"effect.alert.{message.transition}", message.alert_id
            )
        case CommandEvent() if message.actor is not None:
            return _draft(
                message, message.actor, f"effect.command.{message.state}", message.command_id
            )
        case _:
            return None


def _draft(
    message: Envelope, actor: str, action: str, subject: str, reason: str = ""
) -> EntryDraft:
    return EntryDraft(
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


def _catalog_request(request: CatalogRequest) -> EntryDraft:
    """Return the entry of a request; its subject is the first entry, `count` their number."""
    keys: Sequence[str]
    match request.act:
        case PutEntries(puts=puts):
            keys = [catalog_key(put.entry) for put in puts]
        case MergeUnits(unit=unit):
            keys = [f"unit:{unit}"]
        case act:
            keys = act.keys
    draft = _draft(
        request, request.officer_id, f"catalog.{request.act.op}", keys[0], request.reason
    )
    return replace(draft, count=len(keys))


def _definition(
    message: RuleDefinition | PlanDefinition, author: Author, word: str, name: str
) -> EntryDraft:
    """Return the entry of a version of a rule or plan."""
    verb = "off"
    if message.enabled:
        verb = "in_force" if message.shadow_of is None else "shadow"
    action = f"{word}.{verb} v{message.version}"
    return _draft(message, author.officer_id, action, name, author.reason)


def _letter_act(act: LetterAct) -> EntryDraft:
    """Return the entry of an act; its subject is the place of the first record."""
    subject = f"{act.topic}/{act.partition}@{act.offsets[0]}"[-200:]
    draft = _draft(act, act.actor, f"letter.{act.verb}", subject, act.reason)
    return replace(draft, count=len(act.offsets))


def _limits_act(act: LimitsAct) -> EntryDraft:
    """Return the entry of an act on a draft; its subject is the version of the document."""
    subject = f"{act.limits_id}:{act.limits_version}"
    reason = " ".join(text for text in (act.draft_id, act.reason) if text)
    draft = _draft(act, act.officer_id, f"limits.{act.verb}", subject, reason)
    return replace(draft, place=act.unit)


def _refused(message: Refusal) -> EntryDraft:
    address = f" from {message.address}" if message.address else ""
    draft = _draft(
        message, message.actor, message.action, message.subject_id, f"{message.reason}{address}"
    )
    return replace(draft, outcome=AuditOutcome.REFUSED, place=message.place, count=message.count)


def _refused_at_door(message: SourceRefusal) -> EntryDraft:
    draft = _draft(message, message.source, message.action, message.subject_id, message.reason)
    return replace(draft, outcome=AuditOutcome.REFUSED, count=message.count)


def _draft_of_source(message: Envelope) -> EntryDraft | None:
    """Return the entry of a record from outside, made only where another record has its id."""
    match message:
        case Report():
            return _draft(message, message.reporter_id, "report", message.incident_id)
        case ExternalWarning():
            return _draft(message, message.source_id, "warning", message.id)
        case _:
            return None


def refused_draft(letter: DeadLetter, message: Envelope) -> EntryDraft | None:
    """Return the entry of an action in the log that its owner has refused.

    `message` is the record inside the dead letter. Each owner that refuses the action has an entry.
    """
    draft = draft_of(message)
    if draft is None and letter.reason is Reason.ID_CONFLICT:
        draft = _draft_of_source(message)
    if letter.reason not in _REFUSALS_OF_ACTIONS or draft is None:
        return None
    return replace(
        draft,
        cause_id=f"{letter.id}.{letter.service}",
        outcome=AuditOutcome.REFUSED,
        occurred_at=letter.refused_at,
        reason=f"{letter.service}: {letter.detail}",
    )
