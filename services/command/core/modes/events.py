"""Records of proposals and of modes, in the form of the contract."""

from __future__ import annotations

from datetime import datetime

from services.command.core.cause import Cause
from services.command.core.modes.proposal import Proposal
from services.command.core.modes.states import OPEN
from services.command.core.modes.unit_mode import UnitMode
from shared.contracts.fields import Post, ResponseMode
from shared.contracts.ids import mode_id, transition_id
from shared.contracts.modes import ModeProposal, ResponseModeEvent
from shared.contracts.units import tier_of
from shared.domain.bilingual import Bilingual
from shared.domain.response_modes.authority import next_posts
from shared.domain.response_modes.wording import WORDS


def proposal_event(proposal: Proposal, name: str, cause: Cause, now: datetime) -> ModeProposal:
    """Return the record of the proposal's present state; `name` is the name of its unit."""
    signatures = len(proposal.signatures)
    posts = next_posts(signatures) if proposal.state in OPEN else frozenset()
    return ModeProposal(
        id=transition_id(proposal.proposal_id, proposal.version),
        status=proposal.status,
        occurred_at=cause.occurred_at,
        sent_at=now,
        origin_unit=cause.unit,
        tier=tier_of(cause.unit),
        areas=(proposal.unit,),
        references=(cause.record_id,),
        trace_id=proposal.trace_id,
        data_grade=proposal.data_grade,
        proposal_id=proposal.proposal_id,
        version=proposal.version,
        state=proposal.state,
        unit=proposal.unit,
        mode=proposal.mode,
        title=_title(name, proposal.mode),
        until=proposal.until,
        decide_by=proposal.decide_by,
        proposed_by=proposal.proposed_by,
        signatures=proposal.signatures,
        next_posts=tuple(post for post in Post if post in posts),
        decided_version=proposal.decided_version,
        alert_id=proposal.alert_id,
        actor=proposal.actor,
        reason=proposal.reason,
    )


def mode_event(
    unit_mode: UnitMode, proposal: Proposal, name: str, cause: Cause, now: datetime
) -> ResponseModeEvent:
    """Return the record of the mode that `proposal` decided, or of normal mode at its end."""
    in_force = unit_mode.proposal_id is not None
    return ResponseModeEvent(
        id=transition_id(mode_id(unit_mode.status, unit_mode.unit), unit_mode.version),
        status=unit_mode.status,
        occurred_at=cause.occurred_at,
        sent_at=now,
        origin_unit=cause.unit,
        tier=tier_of(cause.unit),
        areas=(unit_mode.unit,),
        references=(transition_id(proposal.proposal_id, proposal.version), cause.record_id),
        trace_id=proposal.trace_id,
        data_grade=proposal.data_grade,
        unit=unit_mode.unit,
        version=unit_mode.version,
        mode=unit_mode.mode,
        title=_title(name, unit_mode.mode),
        decided_by=proposal.signatories if in_force else _actors(proposal.actor),
        proposal_id=unit_mode.proposal_id,
        until=proposal.until if in_force else None,
        reason=proposal.reason,
    )


def _title(name: str, mode: ResponseMode) -> str:
    zh, en = WORDS[mode]
    return Bilingual(f"{name} 转入{zh}状态", f"{name} goes into {en} mode").joined()


def _actors(actor: str | None) -> tuple[str, ...]:
    return () if actor is None else (actor,)
