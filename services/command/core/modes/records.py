"""Contract records of proposals and modes, built from the core's values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.command.core.modes.proposal import Proposal
from services.command.core.modes.states import OPEN
from services.command.core.records import Cause
from shared.contracts.fields import Post, ResponseMode, Status
from shared.contracts.ids import mode_id, transition_id
from shared.contracts.modes import ModeProposal, ResponseModeEvent
from shared.contracts.units import tier_of
from shared.domain.bilingual import Both
from shared.domain.response_modes.authority import next_posts
from shared.domain.response_modes.wording import WORDS


@dataclass(frozen=True, slots=True)
class Held:
    """What a unit has decided. `version` counts its decisions in this status, ends included."""

    status: Status
    unit: str
    version: int = 0
    mode: ResponseMode = ResponseMode.NORMAL
    proposal_id: str | None = None


def proposal_event(proposal: Proposal, name: str, cause: Cause, now: datetime) -> ModeProposal:
    """The proposal's present state; `name` is its unit's."""
    given = len(proposal.signatures)
    posts = next_posts(given) if proposal.state in OPEN else frozenset()
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
    held: Held, proposal: Proposal, name: str, cause: Cause, now: datetime
) -> ResponseModeEvent:
    """The unit's mode from now on: what `proposal` decided, or normal because it has ended."""
    in_force = held.proposal_id is not None
    return ResponseModeEvent(
        id=transition_id(mode_id(held.status, held.unit), held.version),
        status=held.status,
        occurred_at=cause.occurred_at,
        sent_at=now,
        origin_unit=cause.unit,
        tier=tier_of(cause.unit),
        areas=(held.unit,),
        references=(transition_id(proposal.proposal_id, proposal.version), cause.record_id),
        trace_id=proposal.trace_id,
        data_grade=proposal.data_grade,
        unit=held.unit,
        version=held.version,
        mode=held.mode,
        title=_title(name, held.mode),
        decided_by=proposal.signed if in_force else _those(proposal.actor),
        proposal_id=held.proposal_id,
        until=proposal.until if in_force else None,
        reason=proposal.reason,
    )


def _title(name: str, mode: ResponseMode) -> str:
    zh, en = WORDS[mode]
    return Both(f"{name} 转入{zh}状态", f"{name} goes into {en} mode").joined()


def _those(actor: str | None) -> tuple[str, ...]:
    return () if actor is None else (actor,)
