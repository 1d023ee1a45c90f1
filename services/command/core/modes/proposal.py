"""A proposal of a mode as a value; each action returns the next value or raises RefusedProposal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.command.core.modes.states import INITIAL, OPEN, ProposalTrigger, State, step
from services.command.core.modes.triggers import DURATION, ModeTrigger
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import DataGrade, ResponseMode, Status
from shared.contracts.ids import content_id
from shared.contracts.modes import ModeRequest, ModeSignature
from shared.domain.response_modes import authority
from shared.domain.response_modes.authority import ModeActRefusal
from shared.domain.response_modes.effective import Modes
from shared.domain.response_modes.order import looser
from shared.domain.response_modes.period import LONGEST, is_end

DECIDE_WITHIN = timedelta(hours=2)
"""An open proposal expires after this time."""

_REASONS: dict[ModeActRefusal, str] = {
    ModeActRefusal.NOT_DECIDER: "the mode of a unit is decided there or above",
    ModeActRefusal.WRONG_POST: "this takes an A post or a commander",
    ModeActRefusal.SIGNED_ALREADY: "who has signed does not sign again: another person decides",
}


class RefusedProposal(Exception):
    """The action is not possible; nothing has changed."""

    def __init__(self, detail: str, reason: Reason = Reason.NOT_ALLOWED) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposal. `version` counts its published states; all times are times of the database.

    `proposed_by` is None for a proposal of the rule. `decided_version` is the version of the unit's
    mode that the proposal became.
    """

    proposal_id: str
    status: Status
    unit: str
    version: int
    state: State
    mode: ResponseMode
    until: datetime
    decide_by: datetime
    proposed_by: str | None
    alert_id: str | None
    trace_id: str
    signatures: tuple[ModeSignature, ...] = ()
    decided_version: int = 0
    actor: str | None = None
    reason: str = ""
    data_grade: DataGrade = DataGrade.GENERAL

    @property
    def signatories(self) -> tuple[str, ...]:
        """The ids of the officers who have signed."""
        return tuple(signature.officer_id for signature in self.signatures)


def propose_by_rule(trigger: ModeTrigger, now: datetime) -> Proposal:
    """Return the rule's proposal: one per alert, unit and mode, whatever happens in between."""
    alert = trigger.alert
    return Proposal(
        proposal_id=content_id("mod", alert.alert_id, trigger.unit, trigger.mode),
        status=trigger.status,
        unit=trigger.unit,
        version=1,
        state=INITIAL,
        mode=trigger.mode,
        until=now + DURATION,
        decide_by=now + DECIDE_WITHIN,
        proposed_by=None,
        alert_id=alert.alert_id,
        trace_id=alert.trace_id or alert.id,
        reason=alert.headline,
        data_grade=alert.data_grade,
    )


def propose_by_officer(
    request: ModeRequest, modes: Modes, now: datetime, acted_at: datetime
) -> Proposal:
    """Return an officer's proposal with the officer's signature; raise RefusedProposal.

    The officer proposed at `acted_at`; the time to decide begins now, when others learn of it.
    A mode that is looser than the inherited mode would have no effect, and is refused.
    """
    mode, until = request.mode, request.until
    if mode is None or until is None:
        raise RefusedProposal("a proposal needs mode and until", Reason.SCHEMA)
    if mode is ResponseMode.NORMAL:
        raise RefusedProposal(
            "back to normal is not proposed: end the mode in force", Reason.SCHEMA
        )
    if not is_end(until, acted_at):
        raise RefusedProposal(f"until lies ahead, at most {LONGEST.days} days")
    above = modes.inherited(request.status, request.unit)
    if looser(mode, above.mode):
        raise RefusedProposal(f"{mode} is looser than {above.mode}, which {above.unit} has decided")
    proposal = Proposal(
        proposal_id=request.proposal_id,
        status=request.status,
        unit=request.unit,
        version=1,
        state=INITIAL,
        mode=mode,
        until=until,
        decide_by=min(now + DECIDE_WITHIN, until),
        proposed_by=request.officer_id,
        alert_id=None,
        trace_id=request.trace_id or request.id,
        reason=request.reason,
        data_grade=request.data_grade,
    )
    return replace(sign(proposal, request, acted_at), version=1, reason=request.reason)


def sign(proposal: Proposal, request: ModeRequest, acted_at: datetime) -> Proposal:
    """Add a signature of `acted_at`; the last of them decides the proposal.

    Raises RefusedProposal.
    """
    if proposal.state in OPEN and acted_at >= proposal.decide_by:
        raise RefusedProposal(f"the time to decide was over at {proposal.decide_by.isoformat()}")
    unfit = authority.refusal_to_sign(
        proposal.unit, request.officer_id, request.origin_unit, request.post, proposal.signatories
    )
    last = len(proposal.signatures) + 1 == len(authority.SIGNATURES)
    updated = _moved(
        proposal, ProposalTrigger.DECIDE if last else ProposalTrigger.SIGN, request.officer_id
    )
    if unfit is not None:
        raise RefusedProposal(_REASONS[unfit])
    signature = ModeSignature(
        officer_id=request.officer_id,
        unit=request.origin_unit,
        post=request.post,
        signed_at=acted_at,
    )
    return replace(updated, signatures=(*proposal.signatures, signature))


def stop(proposal: Proposal, event: ProposalTrigger, request: ModeRequest) -> Proposal:
    """Reject or end a proposal by an officer; raise RefusedProposal."""
    # The proposer may withdraw an open proposal, but may not for that end a decision of two
    # officers.
    proposer = proposal.proposed_by if event is ProposalTrigger.REJECT else None
    unfit = authority.refusal_to_stop(
        proposal.unit, request.officer_id, request.origin_unit, request.post, proposer
    )
    if unfit is not None:
        raise RefusedProposal(_REASONS[unfit])
    return _moved(proposal, event, request.officer_id, request.reason)


def lapse(proposal: Proposal, event: ProposalTrigger, reason: str = "") -> Proposal:
    """Let a proposal expire or end by time, or because another decision replaces it (`reason`)."""
    return _moved(proposal, event, None, reason)


def _moved(
    proposal: Proposal, event: ProposalTrigger, actor: str | None, reason: str = ""
) -> Proposal:
    return replace(
        proposal,
        state=step(proposal.state, event),
        version=proposal.version + 1,
        actor=actor,
        reason=reason or proposal.reason,
    )
