"""Alerts 预警: authorised by a body with power for that level and place."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.contracts.envelope import Envelope
from shared.contracts.fields import (
    Contract,
    Count,
    EventType,
    Identifier,
    IncidentGrade,
    Instant,
    Level,
    Line,
    Post,
    ResponseLevel,
    ResponseMode,
    Text,
    UnitId,
    Version,
)
from shared.contracts.modes import ModeVersion


class AlertState(StrEnum):
    """Lifecycle of an alert (our own design, docs/sources.md S39).

    verifying 核实中, verified (being assessed 研判), pending_approval 待签发, issued 发布, lifted 解除,
    expired 到期, recalled 撤回 (it should never have been issued), dismissed 误报, rejected 退回,
    merged 并入 (its evidence is in another alert, can be undone), absorbed 随并入的预警终结.
    """

    VERIFYING = "verifying"
    VERIFIED = "verified"
    PENDING_APPROVAL = "pending_approval"
    ISSUED = "issued"
    LIFTED = "lifted"
    EXPIRED = "expired"
    RECALLED = "recalled"
    DISMISSED = "dismissed"
    REJECTED = "rejected"
    MERGED = "merged"
    ABSORBED = "absorbed"


class AlertTransition(StrEnum):
    """What happened to an alert. `updated` is new evidence or a new proposal, not a new level.

    proposed: an officer asks for another level, or for more time. positioned: a body has said what it
    holds. ratified, debt_due: of an emergency authorisation. took_in, gave_back, split: its evidence
    became more or less by a person's decision; merged, unmerged, absorbed: of the other alert.
    flapping, steady: raises and clears too often to be told of each, and no longer.
    """

    OPENED = "opened"
    UPDATED = "updated"
    CORROBORATED = "corroborated"
    VERIFIED = "verified"
    ASSESSED = "assessed"
    SIGNED = "signed"
    ISSUED = "issued"
    ADJUSTED = "adjusted"
    LIFTED = "lifted"
    EXPIRED = "expired"
    RECALLED = "recalled"
    DISMISSED = "dismissed"
    REJECTED = "rejected"
    PROPOSED = "proposed"
    POSITIONED = "positioned"
    RATIFIED = "ratified"
    DEBT_DUE = "debt_due"
    MERGED = "merged"
    UNMERGED = "unmerged"
    TOOK_IN = "took_in"
    GAVE_BACK = "gave_back"
    SPLIT = "split"
    ABSORBED = "absorbed"
    FLAPPING = "flapping"
    STEADY = "steady"


class Signature(Contract):
    """Who signed which level, and when."""

    officer_id: Identifier
    unit: UnitId
    post: Post
    level: Level
    signed_at: Instant


class Assessment(Contract):
    """研判: what a body holds, on three scales that are never derived from each other."""

    level: Level | None = None
    incident_grade: IncidentGrade | None = None
    response_level: ResponseLevel | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Assessment:
        if (self.level, self.incident_grade, self.response_level) == (None, None, None):
            raise ValueError("an assessment names a level, an incident grade or a response level")
        return self


class Stance(Contract):
    """The assessment that a unit holds, and who said so when. Several stand side by side."""

    unit: UnitId
    officer_id: Identifier
    at: Instant
    assessment: Assessment


class Debt(Contract):
    """紧急授权: issued by an officer below the gate; `unit` still owes `approvals` signatures.

    `level_before` comes back when it is annulled (None = the alert is recalled). `chased` counts the
    pages to the debtor since `due_at`, `next_at` is when the next one is due.
    """

    unit: UnitId
    approvals: Annotated[int, Field(ge=1, le=4)]
    by_officer: Identifier
    by_unit: UnitId
    level_before: Level | None = None
    due_at: Instant
    next_at: Instant
    chased: Count = 0


class Callee(Contract):
    """Whose duty desk is to be called because of a change: the holder of `post`, None = the desk."""

    unit: UnitId
    post: Post | None = None


class AlertEvent(Envelope):
    """The `version`-th state of an alert, complete: a reader needs no earlier record.

    The newest version holds, whatever the order of arrival. `level` is what has been issued (None
    before); `proposed_level` what evidence or an officer asks for (None = lift it), `proposed_until`
    how long it shall hold where that is asked for. `approver_unit` is where the authority for the
    proposal lies, `authority_unit` where that for the level in force does. `incident_grade` and `response_level` are those of the highest body in `positions`.
    The last `signed` of the `signatures` are of the present proposal, the others put `level` in force.
    `calls`: to be called because of this change, beside those who always are. While it is `flapping`,
    `mode`, `mode_version` and `mode_unit` are the response mode that its repeat window goes by.
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
    authority_unit: UnitId | None = None
    proposed_until: Instant | None = None
    expires_at: Instant | None = None
    debt: Debt | None = None
    incident_grade: IncidentGrade | None = None
    response_level: ResponseLevel | None = None
    positions: Annotated[tuple[Stance, ...], Field(max_length=16)] = ()
    flapping: bool = False
    mode: ResponseMode = ResponseMode.NORMAL
    mode_version: ModeVersion = 0
    mode_unit: UnitId | None = None
    merged_into: Identifier | None = None
    merged_ids: Annotated[tuple[Identifier, ...], Field(max_length=500)] = ()
    calls: Annotated[tuple[Callee, ...], Field(max_length=16)] = ()
    incident_id: Identifier
    alarm_ids: Annotated[tuple[Identifier, ...], Field(max_length=500)] = ()
    report_ids: Annotated[tuple[Identifier, ...], Field(max_length=500)] = ()
    distinct_sources: Count = 0
    score: Annotated[int, Field(ge=0, le=100)] = 0
    signatures: Annotated[tuple[Signature, ...], Field(max_length=16)] = ()
    signed: Annotated[int, Field(ge=0, le=16)] = 0
    headline: Line
    text: Text = ""
    actor: Identifier | None = None


class DecisionVerb(StrEnum):
    """What an officer can decide about an alert; whether he may is alerting's matter."""

    VERIFY = "verify"
    ASSESS = "assess"
    DISMISS = "dismiss"
    APPROVE = "approve"
    REJECT = "reject"
    ADJUST = "adjust"
    LIFT = "lift"
    RECALL = "recall"
    AUTHORISE_EMERGENCY = "authorise_emergency"
    RATIFY = "ratify"
    ANNUL = "annul"
    MERGE = "merge"
    UNMERGE = "unmerge"
    SPLIT = "split"


class AlertDecision(Envelope):
    """An officer's decision on an alert, a request until alerting has applied it.

    `approve` signs the level now proposed (`level`; None = lift); a decision on another proposal
    than the present one is refused, so that nobody signs what he did not see. `adjust` and `lift`
    make the officer's own proposal (`level`, `valid_until`) and go through the same gate; so does
    more time: an `adjust` to the level in force. `recall`, `ratify`, `annul` name the level in force.
    `merge` puts the alert into `into`, `unmerge` takes it out again, `split` makes an alert of the
    alarms and reports in `evidence_ids`. `assessment` goes with `assess`.
    """

    type: Literal["alert_decision"] = "alert_decision"
    alert_id: Identifier
    verb: DecisionVerb
    level: Level | None = None
    valid_until: Instant | None = None
    assessment: Assessment | None = None
    into: Identifier | None = None
    evidence_ids: Annotated[tuple[Identifier, ...], Field(max_length=500)] = ()
    officer_id: Identifier
    post: Post
    reason: Text = ""


class PublicNotice(Envelope):
    """公众信息发布: exists only for an alert that has been issued; `level` None = it is over."""

    type: Literal["public_notice"] = "public_notice"
    notice_id: Identifier
    alert_id: Identifier
    level: Level | None = None
    headline: Line
    text: Text = ""
