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
    PairOfTexts,
    Position,
    Post,
    ResponseLevel,
    ResponseMode,
    Text,
    UnitId,
    Version,
)
from shared.contracts.modes import ModeVersion
from shared.contracts.wordings import AlertWording, WordingText


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
    """The change that an alert event reports.

    `updated`: new evidence or a new proposal, no new level.

    proposed: an officer asks for another level or for more time. worded: an officer has written
    the words that the signatures are to put in force. positioned: a body has stated its
    assessment. ratified, debt_due: steps of an emergency authorisation. took_in, gave_back, split:
    evidence was added or removed by a person's decision; merged, unmerged, absorbed: the same
    decision, reported by the other alert. flapping: alarms rise and clear too often to report each
    change; steady: the flapping has ended.
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
    WORDED = "worded"
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
    """The signature of an officer under a level."""

    officer_id: Identifier
    unit: UnitId
    post: Post
    level: Level
    signed_at: Instant


class Assessment(Contract):
    """研判: the judgement of a body, on three scales; none is derived from another."""

    level: Level | None = None
    incident_grade: IncidentGrade | None = None
    response_level: ResponseLevel | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Assessment:
        if (self.level, self.incident_grade, self.response_level) == (None, None, None):
            raise ValueError("an assessment names a level, an incident grade or a response level")
        return self


class Stance(Contract):
    """The assessment of a unit, its officer and its time. Assessments of several units coexist."""

    unit: UnitId
    officer_id: Identifier
    at: Instant
    assessment: Assessment


class Debt(Contract):
    """紧急授权: issued by an officer below the gate; `unit` still owes `approvals` signatures.

    An annulment restores `level_before` (None = the alert is recalled). `chased` counts the pages
    to the unit since `due_at`; the next page is due at `next_at`.
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
    """A duty desk to call because of a change: the holder of `post`, None = the desk."""

    unit: UnitId
    post: Post | None = None


class AlertEvent(Envelope):
    """The `version`-th state of an alert, complete: a reader needs no earlier record.

    The newest version holds, whatever the order of arrival. `level` is the issued level (None
    before the issue). `proposed_level` is the level that evidence or an officer asks for (None =
    lift), and `proposed_until` the end of validity asked for. `approver_unit` has the authority for
    the proposal, `authority_unit` the authority for the level in force. `incident_grade` and
    `response_level` are those of the highest body in `positions`. The last `signed` of the
    `signatures` belong to the present proposal; the others put `level` in force. `calls` are the
    desks to call because of this change, beside the usual ones. `began_at` is the begin of the
    oldest evidence. `situation` is that of the alarm behind this change, if it asks for the level.
    `wording` are the words of the present proposal, `issued_wording` those in force. `mode`,
    `mode_version` and `mode_unit` are the response mode that determines the repeat window of a
    `flapping` alert.
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
    began_at: Instant | None = None
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
    situation: Line | None = None
    text: Text = ""
    wording: AlertWording | None = None
    issued_wording: AlertWording | None = None
    actor: Identifier | None = None


class DecisionVerb(StrEnum):
    """The decisions of officers on alerts; alerting checks their authority."""

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
    WORD = "word"


class AlertDecision(Envelope):
    """An officer's decision on an alert, a request until alerting has applied it.

    `approve` signs the proposed level (`level`; None = lift). A decision on an outdated proposal is
    refused, so that nobody signs an unseen text. `adjust` and `lift` are proposals of the officer
    (`level`, `valid_until`) and pass the same gate; a request for more time is an `adjust` to the
    level in force. `recall`, `ratify`, `annul` name the level in force. `merge` puts the alert into
    `into`, `unmerge` reverses this, `split` makes an alert of the alarms and reports in
    `evidence_ids`. `assessment` belongs to `assess`. `word` replaces the words of the proposal and
    makes its signatures void. `wording` of `approve` and `authorise_emergency` are the words that
    the officer signs: other words than those of the proposal are refused.
    """

    type: Literal["alert_decision"] = "alert_decision"
    alert_id: Identifier
    verb: DecisionVerb
    level: Level | None = None
    valid_until: Instant | None = None
    assessment: Assessment | None = None
    wording: AlertWording | None = None
    into: Identifier | None = None
    evidence_ids: Annotated[tuple[Identifier, ...], Field(max_length=500)] = ()
    officer_id: Identifier
    post: Post
    reason: Text = ""


class PublicNotice(Envelope):
    """公众信息发布: a notice of an issued alert to the public; `level` None = the alert has ended.

    All notices of one alert are one thread: `msg_type` says whether it is the first, an update or
    the end. With an approved wording the words are in both languages (shared/domain/bilingual.py).
    """

    type: Literal["public_notice"] = "public_notice"
    notice_id: Identifier
    alert_id: Identifier
    msg_type: Literal["Alert", "Update", "Cancel"] = "Alert"
    level: Level | None = None
    headline: Line
    text: PairOfTexts = ""
    instruction: WordingText = ""
    contact: Line | None = None
    polygon: Annotated[tuple[Position, ...], Field(max_length=100)] = ()
    valid_until: Instant | None = None
