"""Models of the responses with response modes."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from services.console.web.response_models import RecordedAction, ResponseModel
from shared.contracts.fields import Post, ResponseMode, Status
from shared.contracts.modes import ModeSignature, ModeVerb, ProposalState


class EffectiveMode(ResponseModel):
    """The mode of a unit, and the unit that has decided it."""

    unit: str
    unit_name: str
    mode: ResponseMode
    version: int
    decided_at: str | None
    decided_at_name: str | None
    own: ResponseMode


class ModeChange(ResponseModel):
    """The mode of a unit now and after a decision, in words of both languages."""

    present_mode: ResponseMode = Field(alias="from")
    to: ResponseMode
    inherited: ResponseMode
    zh: str
    en: str


class ModeProposalView(ResponseModel):
    """A proposal of a mode, the verbs that the officer may use, and its effect."""

    contract = "ModeProposal"

    proposal_id: str
    status: Status
    version: int
    state: ProposalState
    unit: str
    unit_name: str
    mode: ResponseMode
    until: datetime
    decide_by: datetime | None
    proposed_by: str | None
    signatures: list[ModeSignature]
    next_posts: list[Post]
    alert_id: str | None
    reason: str
    sent_at: datetime
    may: list[ModeVerb]
    preview: ModeChange


class ModeOverview(EffectiveMode):
    """The modes of a unit and of the units below that have decided, with the open proposals."""

    status: Status
    below: list[EffectiveMode]
    proposals: list[ModeProposalView]


class RecordedModeProposal(RecordedAction):
    """Kafka has the proposal of a mode."""

    proposal_id: str
    preview: ModeChange


class RecordedModeDecision(RecordedAction):
    """Kafka has the decision on a proposal."""

    preview: ModeChange
