"""Acts, alerts and due timers in; proposals, modes, their timers and their records out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from services.command.core.modes import proposal as acts
from services.command.core.modes.proposal import Proposal, Refused
from services.command.core.modes.records import Held, mode_event, proposal_event
from services.command.core.modes.states import OPEN, Event, IllegalStep, State
from services.command.core.modes.triggers import Wanted, is_news, wanted
from services.command.core.records import Cause
from services.command.modes import store
from shared.contracts.alerts import AlertEvent
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import ResponseMode
from shared.contracts.modes import ModeRequest, ModeVerb
from shared.contracts.topics import MODE_PROPOSALS, MODES
from shared.domain.selection.tree import UnitTree
from shared.runtime.database import Transaction
from shared.runtime.errors import Reject
from shared.runtime.timers import Timer, arm, disarm


class ModeTimer(StrEnum):
    """Kinds of timers of a proposal: one armed while it is open, one while it is in force."""

    EXPIRE = "mode_expire"
    END = "mode_end"


class ModeDesk:
    """Lock and Fire (shared.runtime.timers) of proposals, and what the consumer hands over."""

    def __init__(self, tree: UnitTree) -> None:
        self._tree = tree

    async def take(
        self, work: Transaction, alerts: Sequence[AlertEvent], requests: Sequence[ModeRequest]
    ) -> None:
        """Propose what newly issued alerts call for, then apply people's acts; raises Reject."""
        wants = [want for alert in alerts if (want := wanted(alert)) is not None]
        units = {(want.status, want.unit) for want in wants}
        units |= {(request.status, request.unit) for request in requests}
        if not units:
            return
        unknown = {request.unit for request in requests if request.unit not in self._tree}
        if unknown:
            raise Reject(Reason.UNKNOWN_SUBJECT, f"no unit {min(unknown)} in the catalogue")
        sitting = await _Sitting.over(
            work, self._tree, units, {request.proposal_id for request in requests}
        )
        for want in wants:
            await sitting.propose(want)
        for request in requests:
            try:
                await sitting.apply(request)
            except IllegalStep as error:
                raise Reject(Reason.NOT_ALLOWED, str(error)) from error
            except Refused as error:
                raise Reject(error.reason, str(error)) from error

    async def lock(self, work: Transaction, subjects: Sequence[str]) -> None:
        """Units first, then proposals: the order in which acts lock them."""
        units = await store.units_of(work, subjects)
        await store.lock_units(work, units)
        await store.lock_proposals(work, units, subjects)

    async def fire(self, work: Transaction, timers: Sequence[Timer]) -> None:
        """Let proposals expire and modes end; a timer that came too late means nothing."""
        subjects = {timer.subject_id for timer in timers}
        units = await store.units_of(work, subjects)
        sitting = await _Sitting.over(work, self._tree, units, subjects)
        for timer in timers:
            await sitting.time_is_up(timer)


class _Sitting:
    """Locked units with all that is open or in force there; every change is written at once."""

    def __init__(
        self,
        work: Transaction,
        tree: UnitTree,
        held: dict[store.Unit, Held],
        proposals: dict[str, Proposal],
    ) -> None:
        self._work = work
        self._tree = tree
        self._held = held
        self._proposals = proposals

    @classmethod
    async def over(
        cls, work: Transaction, tree: UnitTree, units: set[store.Unit], ids: set[str]
    ) -> _Sitting:
        """Lock the units, then their proposals."""
        held = await store.lock_units(work, units)
        return cls(work, tree, held, await store.lock_proposals(work, units, ids))

    async def propose(self, want: Wanted) -> None:
        """The rule's proposal, unless it is in force or proposed already."""
        modes = await store.decided(self._work)
        response_modes = [
            proposal.mode for proposal in self._at(want.status, want.unit) if proposal.state in OPEN
        ]
        proposal = acts.by_rule(want, self._work.now)
        if proposal.proposal_id in self._proposals or not is_news(want, modes, response_modes):
            return
        if await store.units_of(self._work, [proposal.proposal_id]):
            return  # proposed for this alert before, and settled
        await self._open(proposal, Cause(want.alert.id, want.alert.occurred_at, want.unit))

    async def apply(self, request: ModeRequest) -> None:
        """A person's act; raises Refused, IllegalStep."""
        cause = Cause(request.id, request.occurred_at, request.origin_unit, request.officer_id)
        existing_proposal = self._proposals.get(request.proposal_id)
        if request.verb is ModeVerb.PROPOSE:
            if existing_proposal is not None:
                raise Refused(f"proposal {request.proposal_id} exists", Reason.ID_CONFLICT)
            modes = await store.decided(self._work)
            await self._open(acts.by_person(request, modes, self._work.now), cause)
            return
        if existing_proposal is None or existing_proposal.unit != request.unit:
            detail = f"no proposal {request.proposal_id} about {request.unit}"
            raise Refused(detail, Reason.UNKNOWN_SUBJECT)
        if existing_proposal.status is not request.status:
            raise Refused(
                f"an act of {request.status} cannot change what is {existing_proposal.status}"
            )
        match request.verb:
            case ModeVerb.APPROVE:
                after = acts.sign(existing_proposal, request, self._work.now)
                if after.state is State.DECIDED:
                    await self._decide(after, cause)
                else:
                    await self._change(after, cause)
            case ModeVerb.REJECT:
                await self._change(acts.stop(existing_proposal, Event.REJECT, request), cause)
            case ModeVerb.END:
                await self._end(acts.stop(existing_proposal, Event.END, request), cause)

    async def time_is_up(self, timer: Timer) -> None:
        """Expire or end what the timer guards, if it still waits for that."""
        proposal = self._proposals[timer.subject_id]
        cause = Cause(proposal.proposal_id, timer.due_at, proposal.unit)
        if timer.kind == ModeTimer.EXPIRE and proposal.state in OPEN:
            await self._change(acts.lapse(proposal, Event.EXPIRE), cause)
        elif timer.kind == ModeTimer.END and proposal.state is State.DECIDED:
            await self._end(acts.lapse(proposal, Event.END), cause)

    async def _open(self, proposal: Proposal, cause: Cause) -> None:
        await self._write(proposal, cause)
        due = proposal.decide_by
        await arm(self._work, [(proposal.proposal_id, ModeTimer.EXPIRE, 0, due)])

    async def _decide(self, proposal: Proposal, cause: Cause) -> None:
        """Put in force; whatever else was open or in force at the unit is over."""
        for other_proposal in self._at(proposal.status, proposal.unit):
            if other_proposal.proposal_id != proposal.proposal_id:
                event = Event.END if other_proposal.state is State.DECIDED else Event.EXPIRE
                await self._change(acts.lapse(other_proposal, event, "已有新的决定"), cause)
        held = await self._hold(proposal, proposal.mode, proposal.proposal_id)
        proposal = replace(proposal, decided_version=held.version)
        await self._change(proposal, cause)
        self._tell(held, proposal, cause)
        due = proposal.until
        await arm(self._work, [(proposal.proposal_id, ModeTimer.END, 0, due)])

    async def _end(self, proposal: Proposal, cause: Cause) -> None:
        held = await self._hold(proposal, ResponseMode.NORMAL, None)
        await self._change(proposal, cause)
        self._tell(held, proposal, cause)

    async def _hold(self, proposal: Proposal, mode: ResponseMode, proposal_id: str | None) -> Held:
        key = (proposal.status, proposal.unit)
        before = self._held[key]
        held = replace(before, version=before.version + 1, mode=mode, proposal_id=proposal_id)
        self._held[key] = held
        await store.put_held(self._work, held)
        return held

    async def _change(self, after: Proposal, cause: Cause) -> None:
        """A further state: whatever timer guarded the former one is void unless it is half-way."""
        await self._write(after, cause)
        if after.state not in OPEN:
            await disarm(self._work, [after.proposal_id])

    async def _write(self, proposal: Proposal, cause: Cause) -> None:
        self._proposals[proposal.proposal_id] = proposal
        await store.put_proposal(self._work, proposal)
        event = proposal_event(proposal, self._tree.name(proposal.unit), cause, self._work.now)
        self._work.publish(MODE_PROPOSALS, proposal.unit, event, event.id)

    def _tell(self, held: Held, proposal: Proposal, cause: Cause) -> None:
        name = self._tree.name(held.unit)
        event = mode_event(held, proposal, name, cause, self._work.now)
        self._work.publish(MODES, f"{held.status}:{held.unit}", event, event.id)

    def _at(self, status: str, unit: str) -> list[Proposal]:
        live = (*OPEN, State.DECIDED)
        return [
            proposal
            for proposal in self._proposals.values()
            if (proposal.status, proposal.unit) == (status, unit) and proposal.state in live
        ]
