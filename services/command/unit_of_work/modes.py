"""Proposals and modes of locked units; every change is written at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.command.core.cause import Cause
from services.command.core.modes import proposal as proposals
from services.command.core.modes.events import mode_event, proposal_event
from services.command.core.modes.proposal import Proposal, RefusedProposal
from services.command.core.modes.states import OPEN, ProposalTrigger, State
from services.command.core.modes.timers import ModeTimer
from services.command.core.modes.triggers import ModeTrigger, is_stricter
from services.command.core.modes.unit_mode import UnitMode
from services.command.store import modes as store
from services.command.unit_of_work.context import CommandContext
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import ResponseMode, Status
from shared.contracts.modes import ModeRequest, ModeVerb
from shared.contracts.topics import MODE_PROPOSALS, RESPONSE_MODES
from shared.runtime.database import Transaction
from shared.runtime.timers import Timer, arm, disarm

_REPLACED = "已有新的决定"
"""Reason of a proposal that ends because another one was decided."""


class ModeChanges:
    """The modes of named units, with their open and effective proposals."""

    def __init__(self, transaction: Transaction, context: CommandContext) -> None:
        self._transaction = transaction
        self._tree = context.tree
        self._units: set[store.UnitKey] = set()
        self._proposal_ids: set[str] = set()
        self._timer_ids: set[str] = set()
        self._unit_modes: dict[store.UnitKey, UnitMode] = {}
        self._proposals: dict[str, Proposal] = {}

    def need(self, status: Status, unit: str, proposal_id: str | None = None) -> None:
        """Name a unit whose mode is needed, and a proposal about it."""
        self._units.add((status, unit))
        if proposal_id is not None:
            self._proposal_ids.add(proposal_id)

    def need_timer(self, proposal_id: str) -> None:
        """Name a proposal with a due timer."""
        self._timer_ids.add(proposal_id)

    async def lock(self) -> None:
        """Lock the units of due timers, then their proposals."""
        if self._timer_ids:
            await self.load()

    async def load(self) -> None:
        """Lock and read the named units, then their proposals."""
        units, transaction = set(self._units), self._transaction
        if self._timer_ids:
            units |= await store.units_of(transaction, self._timer_ids)
        self._unit_modes = await store.lock_units(transaction, units)
        ids = self._proposal_ids | self._timer_ids
        self._proposals = await store.lock_proposals(transaction, units, ids)

    async def propose(self, trigger: ModeTrigger) -> None:
        """Open the rule's proposal, unless its mode is in force or proposed already."""
        modes = await store.load_modes(self._transaction)
        open_modes = [
            proposal.mode
            for proposal in self._live(trigger.status, trigger.unit)
            if proposal.state in OPEN
        ]
        proposal = proposals.propose_by_rule(trigger, self._transaction.now)
        if proposal.proposal_id in self._proposals:
            return
        if not is_stricter(trigger, modes, open_modes):
            return
        if await store.units_of(self._transaction, [proposal.proposal_id]):
            return  # The alert had this proposal before, and the proposal is over.
        await self._open(proposal, Cause(trigger.alert.id, trigger.alert.occurred_at, trigger.unit))

    async def apply(self, request: ModeRequest, acted_at: datetime) -> None:
        """Apply an officer's request of `acted_at`; raise RefusedProposal or IllegalStep.

        The time in which the others decide about a new proposal begins now.
        """
        now = self._transaction.now
        cause = Cause(request.id, request.occurred_at, request.origin_unit, request.officer_id)
        proposal = self._proposals.get(request.proposal_id)
        if request.verb is ModeVerb.PROPOSE:
            if proposal is not None:
                raise RefusedProposal(f"proposal {request.proposal_id} exists", Reason.ID_CONFLICT)
            modes = await store.load_modes(self._transaction)
            proposal = proposals.propose_by_officer(request, modes, now, acted_at)
            await self._open(proposal, cause)
            return
        if proposal is None or proposal.unit != request.unit:
            detail = f"no proposal {request.proposal_id} about {request.unit}"
            raise RefusedProposal(detail, Reason.UNKNOWN_SUBJECT)
        if proposal.status is not request.status:
            raise RefusedProposal(
                f"an act of {request.status} cannot change what is {proposal.status}"
            )
        match request.verb:
            case ModeVerb.APPROVE:
                updated = proposals.sign(proposal, request, acted_at)
                if updated.state is State.DECIDED:
                    await self._decide(updated, cause)
                else:
                    await self._change(updated, cause)
            case ModeVerb.REJECT:
                await self._change(proposals.stop(proposal, ProposalTrigger.REJECT, request), cause)
            case ModeVerb.END:
                await self._end(proposals.stop(proposal, ProposalTrigger.END, request), cause)

    async def expire(self, timers: Sequence[Timer]) -> None:
        """Let the proposals of these timers expire; a decided one stays."""
        for timer in timers:
            proposal = self._proposals[timer.subject_id]
            if proposal.state in OPEN:
                await self._change(
                    proposals.lapse(proposal, ProposalTrigger.EXPIRE), _cause(timer, proposal)
                )

    async def end(self, timers: Sequence[Timer]) -> None:
        """End the modes of these timers' proposals; a proposal that has ended stays."""
        for timer in timers:
            proposal = self._proposals[timer.subject_id]
            if proposal.state is State.DECIDED:
                await self._end(
                    proposals.lapse(proposal, ProposalTrigger.END), _cause(timer, proposal)
                )

    async def _open(self, proposal: Proposal, cause: Cause) -> None:
        await self._save(proposal, cause)
        due = proposal.decide_by
        await arm(self._transaction, [(proposal.proposal_id, ModeTimer.EXPIRE, 0, due)])

    async def _decide(self, proposal: Proposal, cause: Cause) -> None:
        """Put the mode in force; every other live proposal of the unit is over."""
        for live in self._live(proposal.status, proposal.unit):
            if live.proposal_id != proposal.proposal_id:
                event = (
                    ProposalTrigger.END if live.state is State.DECIDED else ProposalTrigger.EXPIRE
                )
                await self._change(proposals.lapse(live, event, _REPLACED), cause)
        unit_mode = await self._set_mode(proposal, proposal.mode, proposal.proposal_id)
        proposal = replace(proposal, decided_version=unit_mode.version)
        await self._change(proposal, cause)
        self._publish(unit_mode, proposal, cause)
        due = proposal.until
        await arm(self._transaction, [(proposal.proposal_id, ModeTimer.END, 0, due)])

    async def _end(self, proposal: Proposal, cause: Cause) -> None:
        unit_mode = await self._set_mode(proposal, ResponseMode.NORMAL, None)
        await self._change(proposal, cause)
        self._publish(unit_mode, proposal, cause)

    async def _set_mode(
        self, proposal: Proposal, mode: ResponseMode, proposal_id: str | None
    ) -> UnitMode:
        key = (proposal.status, proposal.unit)
        version = self._unit_modes[key].version + 1
        unit_mode = replace(
            self._unit_modes[key], version=version, mode=mode, proposal_id=proposal_id
        )
        self._unit_modes[key] = unit_mode
        await store.save_unit_mode(self._transaction, unit_mode)
        return unit_mode

    async def _change(self, updated: Proposal, cause: Cause) -> None:
        """Save a further state; a proposal that is no longer open loses its timer."""
        await self._save(updated, cause)
        if updated.state not in OPEN:
            await disarm(self._transaction, [updated.proposal_id])

    async def _save(self, proposal: Proposal, cause: Cause) -> None:
        self._proposals[proposal.proposal_id] = proposal
        await store.save_proposal(self._transaction, proposal)
        name = self._tree.name(proposal.unit)
        event = proposal_event(proposal, name, cause, self._transaction.now)
        self._transaction.publish(MODE_PROPOSALS, proposal.unit, event, event.id)

    def _publish(self, unit_mode: UnitMode, proposal: Proposal, cause: Cause) -> None:
        name = self._tree.name(unit_mode.unit)
        event = mode_event(unit_mode, proposal, name, cause, self._transaction.now)
        self._transaction.publish(
            RESPONSE_MODES, f"{unit_mode.status}:{unit_mode.unit}", event, event.id
        )

    def _live(self, status: str, unit: str) -> list[Proposal]:
        live_states = (*OPEN, State.DECIDED)
        return [
            proposal
            for proposal in self._proposals.values()
            if (proposal.status, proposal.unit) == (status, unit) and proposal.state in live_states
        ]


def _cause(timer: Timer, proposal: Proposal) -> Cause:
    return Cause(proposal.proposal_id, timer.due_at, proposal.unit)
