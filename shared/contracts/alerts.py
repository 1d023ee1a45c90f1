"""Alerts 预警: authorised by a body with power for that level and place."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import Envelope
from shared.contracts.fields import (
    Contract,
    EventType,
    Identifier,
    IncidentGrade,
    Instant,
    Level,
    Line,
    Post,
    ResponseLevel,
    Text,
    UnitId,
    Version,
)


class AlertState(StrEnum):
    """Lifecycle of an alert (domain reference 5.3).

    verifying 核实中, verified (being assessed 研判), pending_approval 待签发, issued 发布, lifted 解除,
    dismissed 误报, rejected 退回.
    """

    VERIFYING = "verifying"
    VERIFIED = "verified"
    PENDING_APPROVAL = "pending_approval"
    ISSUED = "issued"
    LIFTED = "lifted"
    DISMISSED = "dismissed"
    REJECTED = "rejected"


class AlertTransition(StrEnum):
    """What happened to an alert. `updated` is new evidence or a new proposal, not a new level."""

    OPENED = "opened"
    UPDATED = "updated"
    CORROBORATED = "corroborated"
    VERIFIED = "verified"
    ASSESSED = "assessed"
    SIGNED = "signed"
    ISSUED = "issued"
    ADJUSTED = "adjusted"
    LIFTED = "lifted"
    DISMISSED = "dismissed"
    REJECTED = "rejected"


class Signature(Contract):
    """Who signed which level, and when."""

    officer_id: Identifier
    unit: UnitId
    post: Post
    level: Level
    signed_at: Instant


class AlertEvent(Envelope):
    """The `version`-th state of an alert, complete: a reader needs no earlier record.

    `level` is what has been issued (None before); `proposed_level` what evidence asks for (None =
    lift it). `approver_unit` is where the authority for `proposed_level` lies.
    """

    type: Literal["alert"] = "alert"
    alert_id: Identifier
    version: Version
    transition: AlertTransition
    state: AlertState
    msg_type: Literal["Alert", "Update", "Cancel"] = "Alert"
    event_type: EventType
    place: UnitId
    level: Level | None = None
    proposed_level: Level | None = None
    approver_unit: UnitId
    approvals_needed: Annotated[int, Field(ge=0, le=4)] = 0
    incident_grade: IncidentGrade | None = None
    response_level: ResponseLevel | None = None
    incident_id: Identifier
    alarm_ids: Annotated[tuple[Identifier, ...], Field(max_length=500)] = ()
    report_ids: Annotated[tuple[Identifier, ...], Field(max_length=500)] = ()
    distinct_sources: Annotated[int, Field(ge=0)] = 0
    score: Annotated[int, Field(ge=0, le=100)] = 0
    signatures: Annotated[tuple[Signature, ...], Field(max_length=16)] = ()
    headline: Line
    text: Text = ""
    actor: Identifier | None = None


class DecisionVerb(StrEnum):
    """What an entitled officer can decide about an alert."""

    VERIFY = "verify"
    ASSESS = "assess"
    DISMISS = "dismiss"
    APPROVE = "approve"
    REJECT = "reject"


class AlertDecision(Envelope):
    """An officer's decision on an alert, a request until alerting has applied it.

    `approve` signs the level now proposed (`level`; None = lift); a decision on another proposal
    than the present one is refused, so that nobody signs what he did not see.
    """

    type: Literal["alert_decision"] = "alert_decision"
    alert_id: Identifier
    verb: DecisionVerb
    level: Level | None = None
    officer_id: Identifier
    post: Post
    reason: Text = ""


class PublicNotice(Envelope):
    """公众信息发布: exists only for an alert that has been issued."""

    type: Literal["public_notice"] = "public_notice"
    notice_id: Identifier
    alert_id: Identifier
    level: Level | None = None
    headline: Line
    text: Text = ""
