"""Records for the tests of audit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from services.audit.core.trail.chain import GENESIS, EntryDraft, seal_all
from shared.contracts.alarms import AlarmEvent, AlarmTransition, Evidence
from shared.contracts.alerts import (
    AlertDecision,
    AlertEvent,
    AlertState,
    AlertTransition,
    DecisionVerb,
    PublicNotice,
)
from shared.contracts.assignments import Acknowledgement, AssignmentEvent, AssignmentState, Step
from shared.contracts.audit import AuditEntry, AuditOutcome
from shared.contracts.authors import Author
from shared.contracts.catalog_requests import CatalogRequest, RetireEntries
from shared.contracts.commands import CommandEvent, CommandRequest, CommandState
from shared.contracts.fields import Level, Post, ResponseMode, Status
from shared.contracts.gaps import GapAcceptance
from shared.contracts.ids import assignment_id, transition_id
from shared.contracts.limits_acts import LimitsAct, LimitsVerb
from shared.contracts.modes import ResponseModeEvent
from shared.contracts.pages import Answer, AnswerVerb
from shared.contracts.refusals import Refusal, RefusedFor
from shared.contracts.silences import SilenceRequest
from shared.contracts.units import tier_of
from shared.definitions.publication import D

CITY, DISTRICT, TOWN, VILLAGE = "500000000000", "500118000000", "500118118000", "500118118201"
T0 = datetime(2020, 8, 19, 6, 0, tzinfo=UTC)
_numbers = count(1)


def _head(unit: str, status: Status) -> dict[str, object]:
    return {
        "id": f"rec-{next(_numbers)}",
        "status": status,
        "occurred_at": T0,
        "sent_at": T0,
        "origin_unit": unit,
        "tier": tier_of(unit),
    }


def a_draft(cause: str, reason: str = "", status: Status = Status.ACTUAL) -> EntryDraft:
    return EntryDraft(
        cause_id=cause,
        actor="o-1",
        action="alert.verify",
        subject_id="alt-1",
        outcome=AuditOutcome.ACCEPTED,
        status=status,
        occurred_at=T0,
        origin_unit=TOWN,
        reason=reason,
    )


def a_chain(length: int) -> list[AuditEntry]:
    drafts = [a_draft(f"rec-{n}", reason=f"第{n}次") for n in range(length)]
    return seal_all(drafts, GENESIS, T0 + timedelta(seconds=1))


def an_alarm(alarm: str = "alm-1", version: int = 1) -> AlarmEvent:
    return AlarmEvent.model_validate(
        {
            **_head(TOWN, Status.ACTUAL),
            "alarm_id": alarm,
            "version": version,
            "transition": AlarmTransition.RAISED,
            "rule_id": "r1",
            "rule_version": 1,
            "kind": "threshold",
            "sensor_id": "s1",
            "place": TOWN,
            "event_type": "11A01",
            "level": Level.BLUE,
            "score": 10,
            "evidence": Evidence(metric="level", value=1.0, unit="m", limit=1.0, event_id="e1"),
            "headline": "水位",
        }
    )


def an_alert(
    alert: str = "alt-1",
    version: int = 1,
    status: Status = Status.ACTUAL,
    actor: str | None = None,
) -> AlertEvent:
    return AlertEvent.model_validate(
        {
            **_head(DISTRICT, status),
            "alert_id": alert,
            "version": version,
            "transition": AlertTransition.OPENED if version == 1 else AlertTransition.VERIFIED,
            "state": AlertState.VERIFYING,
            "event_type": "11A01",
            "place": TOWN,
            "proposed_level": Level.BLUE,
            "approver_unit": DISTRICT,
            "incident_id": "inc-1",
            "headline": "水位超警",
            "actor": actor,
        }
    )


def a_decision(alert: str = "alt-1", status: Status = Status.ACTUAL) -> AlertDecision:
    return AlertDecision.model_validate(
        {
            **_head(TOWN, status),
            "alert_id": alert,
            "verb": DecisionVerb.APPROVE,
            "level": Level.RED,
            "officer_id": "o-town",
            "post": Post.B,
            "reason": "现场核实",
        }
    )


def a_refusal(**more: Any) -> Refusal:
    fields: dict[str, Any] = {
        "actor": "o-town",
        "action": "POST /api/alerts/{alert_id}/decisions approve",
        "reason": RefusedFor.NOT_APPROVER,
        "place": VILLAGE,
        "subject_id": "alt-1",
        "address": "10.0.0.7",
        "count": 3,
        "until": T0,
    }
    return Refusal.model_validate({**_head(TOWN, Status.ACTUAL), **fields, **more})


def a_notice(status: Status = Status.ACTUAL) -> PublicNotice:
    return PublicNotice.model_validate(
        {
            **_head(DISTRICT, status),
            "notice_id": "ntc-1",
            "alert_id": "alt-1",
            "level": Level.BLUE,
            "headline": "注意",
        }
    )


def a_command(
    command: str = "cmd-1", recipients: int = 2, status: Status = Status.ACTUAL, version: int = 1
) -> CommandEvent:
    return CommandEvent.model_validate(
        {
            **_head(DISTRICT, status),
            "command_id": command,
            "version": version,
            "state": CommandState.ISSUED,
            "alert_id": "alt-1",
            "event_type": "11A01",
            "level": Level.BLUE,
            "root": TOWN,
            "title": "巡查",
            "instruction": "巡查堤防",
            "recipients": recipients,
            "sign_by": T0,
            "finish_by": T0,
        }
    )


def an_assignment(
    unit: str = VILLAGE,
    command: str = "cmd-1",
    version: int = 1,
    status: Status = Status.ACTUAL,
    state: AssignmentState = AssignmentState.DELIVERED,
) -> AssignmentEvent:
    number = assignment_id(command, unit)
    return AssignmentEvent.model_validate(
        {
            **_head(DISTRICT, status),
            "id": transition_id(number, version),
            "assignment_id": number,
            "command_id": command,
            "alert_id": "alt-1",
            "version": version,
            "unit": unit,
            "unit_tier": tier_of(unit),
            "parent_unit": None,
            "state": state,
            "level": Level.BLUE,
            "event_type": "11A01",
            "title": "巡查",
            "issuer_unit": DISTRICT,
            "sign_by": T0,
            "finish_by": T0,
        }
    )


def an_acknowledgement(unit: str = VILLAGE, command: str = "cmd-1") -> Acknowledgement:
    return Acknowledgement.model_validate(
        {
            **_head(unit, Status.ACTUAL),
            "assignment_id": assignment_id(command, unit),
            "command_id": command,
            "unit": unit,
            "step": Step.SIGN,
            "officer_id": "o-village",
            "officer_unit": unit,
            "post": Post.B,
        }
    )


def a_request() -> CommandRequest:
    return CommandRequest.model_validate(
        {
            **_head(DISTRICT, Status.ACTUAL),
            "verb": "check",
            "command_id": "cmd-1",
            "officer_id": "o-district",
            "post": Post.B,
        }
    )


def an_answer(verb: AnswerVerb = AnswerVerb.COMING) -> Answer:
    return Answer.model_validate(
        {
            **_head(TOWN, Status.ACTUAL),
            "page_id": "pag-1",
            "officer_id": "o-town",
            "verb": verb,
        }
    )


def a_mode() -> ResponseModeEvent:
    return ResponseModeEvent.model_validate(
        {
            **_head(DISTRICT, Status.ACTUAL),
            "unit": DISTRICT,
            "version": 1,
            "mode": ResponseMode.EMERGENCY,
            "title": "永川区 转入急时状态",
            "decided_by": ("o-district",),
        }
    )


def an_acceptance() -> GapAcceptance:
    """Return an operator's acceptance of a gap."""
    return GapAcceptance(
        id="gac-1",
        occurred_at=T0,
        sent_at=T0,
        origin_unit=CITY,
        tier=tier_of(CITY),
        service="alerting",
        topic="alarm.events.v1",
        partition=1,
        gap_id="gap-1",
        officer_id="operator",
        reason="power cut",
    )


def a_catalog_request() -> CatalogRequest:
    """Return the request of a district to retire two sensors."""
    return CatalogRequest(
        id="crq-1",
        occurred_at=T0,
        sent_at=T0,
        origin_unit=DISTRICT,
        tier=tier_of(DISTRICT),
        act=RetireEntries(keys=("sensor:gauge-1", "sensor:gauge-2")),
        reason="站点拆除",
        officer_id="o-district",
        post=Post.A,
    )


def a_limits_act(verb: LimitsVerb = LimitsVerb.SIGN, reason: str = "") -> LimitsAct:
    """Return the act of an officer on a draft for a district."""
    return LimitsAct(
        id=f"lma-{verb}",
        occurred_at=T0,
        sent_at=T0,
        origin_unit=CITY,
        tier=tier_of(CITY),
        verb=verb,
        draft_id="lmd-1",
        limits_id="assignments-district",
        limits_version=2,
        unit=DISTRICT,
        digest="5f" * 32,
        officer_id="o-city",
        post=Post.A,
        reason=reason,
    )


def a_silence() -> SilenceRequest:
    """Return the request of a town to end a silence."""
    return SilenceRequest(
        id="req-sil-1",
        occurred_at=T0,
        sent_at=T0,
        origin_unit=TOWN,
        tier=tier_of(TOWN),
        silence_id="sil-1",
        verb="end",
        officer_id="o-town",
        post=Post.B,
        reason="检修结束",
    )


def a_published(definition: D) -> D:
    """Return a rule or plan as an officer has published it."""
    author = Author(officer_id="o-city", post=Post.A, reason="会议纪要")
    return definition.model_copy(update={"author": author})
