"""Proposals of response modes: an officer is called for each missing signature."""

from __future__ import annotations

from services.notify.core.subjects.modes import call_about_proposal
from services.notify.unit_of_work import UnitOfWork
from shared.contracts.modes import ModeProposal
from shared.contracts.topics import MODE_PROPOSALS
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def load(proposal: ModeProposal, unit: UnitOfWork) -> None:
    """A proposal needs the escalations about it."""
    unit.need_subject(proposal.proposal_id)


@router.subscriber(MODE_PROPOSALS, load=load)
async def handle_proposal(proposal: ModeProposal, unit: UnitOfWork) -> None:
    """Call an officer who can sign next, or end the calls."""
    call_about_proposal(proposal, unit.engine)
