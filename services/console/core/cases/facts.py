"""Contract in, fact of a case out: one row of `case_event` per record, whatever arrives in which order.

A fact belongs to a thread: an alert, its incident (upward reports and the calls for those that are missing),
a command, such a call (its pages), a page (answers know no more) or a unit (modes). Which threads make a case is asked when somebody reads it, so nothing has to have arrived before. `part` tells
apart what has the same name: the attempt of an assignment or step, clock and rung of a call. `at` is when
the owner of the record told it, by the database's clock where a service has one: the event time of an
assignment is that of its cause, an hour-old reading perhaps.
"""

from __future__ import annotations

import json
from typing import Any

from shared.contracts.alerts import AlertEvent
from shared.contracts.cases import CaseReview
from shared.contracts.commands import (
    Acknowledgement,
    AssignmentEvent,
    CommandEvent,
    SupervisionEvent,
)
from shared.contracts.fields import DataGrade
from shared.contracts.modes import ModeProposal, ResponseModeEvent
from shared.contracts.pages import Answer, AnswerVerb, Page, SubjectKind
from shared.contracts.reports import Report
from shared.contracts.units import tier_of

Row = dict[str, Any]

_RECEIPTS = frozenset({AnswerVerb.DELIVERED, AnswerVerb.READ})


def fact_of(message: object) -> Row | None:
    """The fact that a record tells, or None when it tells a case nothing."""
    match message:
        case AlertEvent():
            return _fact(
                message,
                "alert",
                message.alert_id,
                message.transition,
                message.alert_id,
                message.place,
                version=message.version,
                actor=message.actor,
                headline=message.headline,
                state=message.state,
                level=message.level,
                proposed=message.proposed_level,
            )
        case CommandEvent():
            return _fact(
                message,
                "command",
                message.command_id,
                message.state,
                message.command_id,
                message.root,
                version=message.version,
                actor=message.actor,
                headline=message.title,
                level=message.level,
                recipients=message.recipients,
            )
        case AssignmentEvent():
            return _fact(
                message,
                "assignment",
                message.command_id,
                message.state,
                message.assignment_id,
                message.unit,
                part=str(message.attempt),
                version=message.version,
                actor=message.actor,
                late=message.late,
                text=message.reason,
                given=message.part is not None or message.reassigned_from is not None,
            )
        case Acknowledgement():
            return _fact(
                message,
                "acknowledgement",
                message.command_id,
                message.step,
                message.assignment_id,
                message.unit,
                part=str(message.attempt),
                actor=message.officer_id,
                post=message.post,
                text=message.text,
            )
        case SupervisionEvent(command_id=str(thread)) | SupervisionEvent(incident_id=str(thread)):
            return _fact(
                message,
                "supervision",
                thread,
                message.kind,
                message.subject_id,
                message.unit,
                part=f"{message.clock}:{message.rung}",
                target_unit=message.target_unit,
                target_post=message.target_post,
                late_by_s=message.late_by_s,
            )
        case Page():
            return _fact(
                message,
                "page",
                # Of a call for a missing report the call itself is the thread, though an alert is why.
                message.command_id
                or (None if message.subject_kind is SubjectKind.SUPERVISION else message.alert_id)
                or message.subject_id,
                message.state,
                message.page_id,
                message.unit,
                version=message.version,
                actor=message.officer_id,
                post=message.post,
                channel=message.channel,
                rung=message.rung,
            )
        case Answer() if message.verb not in _RECEIPTS:
            return _fact(
                message,
                "answer",
                message.page_id,
                message.verb,
                message.page_id,
                message.origin_unit,
                actor=message.officer_id,
                text=message.text,
            )
        case CaseReview():
            return _fact(
                message,
                "review",
                message.case_id,
                "written",
                message.id,
                message.origin_unit,
                actor=message.officer_id,
                findings=len(message.findings),
            )
        case Report():
            return _fact(
                message,
                "report",
                message.incident_id,
                message.kind,
                message.id,
                message.place,
                version=message.number,
                actor=message.reporter_id,
                means=message.means,
                to_unit=message.to_unit,
                # Who may read a restricted report is asked where it is read (reporting), not here.
                headline="" if message.restricted else message.headline,
            )
        case ModeProposal():
            return _fact(
                message,
                "mode",
                message.alert_id or message.unit,
                message.state,
                message.proposal_id,
                message.unit,
                version=message.version,
                actor=message.actor,
                mode=message.mode,
                headline=message.title,
            )
        case ResponseModeEvent():
            return _fact(
                message,
                "mode",
                message.unit,
                "in_force",
                message.proposal_id or message.id,
                message.unit,
                version=message.version,
                mode=message.mode,
                headline=message.title,
            )
        case _:
            return None


def _fact(
    message: Any,
    kind: str,
    thread: str,
    what: str,
    subject_id: str,
    unit: str,
    *,
    part: str = "",
    version: int = 0,
    actor: str | None = None,
    late: bool = False,
    **told: Any,
) -> Row:
    if message.data_grade is not DataGrade.GENERAL:
        told["grade"] = message.data_grade
    return {
        "thread": thread,
        "at": message.sent_at,
        "event_id": message.id,
        "status": message.status,
        "kind": kind,
        "what": what,
        "part": part,
        "subject_id": subject_id,
        "version": version,
        "unit": unit,
        "tier": tier_of(unit),
        "actor": actor,
        "late": late,
        "told": json.dumps(
            {name: value for name, value in told.items() if value}, ensure_ascii=False
        ),
    }
