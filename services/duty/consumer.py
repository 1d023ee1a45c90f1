"""The edge: changes of plans, response modes and due timers in; entries, slots and coverage out.

All posts of a unit are looked at together, under the unit's lock: an entry may touch each of them. Where
a mode changes, so does the roster in force (shared/domain/roster/timeline.py): its whole subtree is looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeGuard

from services.duty.core.changes import Refused, change
from services.duty.core.standing import LOOK_EVERY, outlook
from services.duty.metrics import DutyMetrics
from services.duty.store import plans as store
from shared.contracts.duty import DutyEntry, DutyRequest
from shared.contracts.fields import Status
from shared.contracts.ids import content_id
from shared.contracts.modes import ResponseModeEvent
from shared.contracts.topics import DUTY_COVERAGE, DUTY_ENTRIES, ROSTER
from shared.contracts.units import is_within
from shared.runtime.database import Transaction
from shared.runtime.errors import Reject
from shared.runtime.inbox import Incoming
from shared.runtime.timers import Timer, arm, disarm

HANDOVER, LOOK = "handover", "look"
"""Kinds of a unit's timers: its next change of holder, and the daily look ahead."""


class DutyConsumer:
    """Applies changes; all state is in the database."""

    def __init__(self, metrics: DutyMetrics) -> None:
        self._metrics = metrics

    async def apply(self, work: Transaction, batch: Sequence[Incoming]) -> None:
        """Change plans in order, then look once at every unit concerned. Raises Reject."""
        messages = [record.message for record in batch]
        requests = [message for message in messages if isinstance(message, DutyRequest)]
        turned = [message for message in messages if _concerns_duty(message)]
        causes: dict[str, str] = {}
        if turned:
            planned = await store.lock_modes(work)
            await store.save_modes(work, turned)
            causes = {
                unit: response_mode.id
                for response_mode in turned
                for unit in planned
                if is_within(unit, response_mode.unit)
            }
        units = {request.unit for request in requests} | causes.keys()
        await store.lock_units(work, units)
        plans = await store.load(work, units, {request.entry_id for request in requests})
        changed: list[DutyEntry] = []
        places = await store.places(work, len(requests))
        for request, place in zip(requests, places, strict=True):
            entries = plans[request.unit].entries
            try:
                entry = change(entries, request, place)
            except Refused as why:
                raise Reject(why.reason, why.detail) from why
            if entry is None:
                continue
            # The order of a plan is the order of its last changes.
            entries.pop(entry.entry_id, None)
            entries[entry.entry_id] = entry
            changed.append(entry)
            causes[entry.unit] = request.id
            work.publish(DUTY_ENTRIES, f"{entry.unit}:{entry.entry_id}", entry, entry.id)
            self._metrics.changes.labels(entry.rule.kind, request.verb).inc()
        await store.save_entries(work, changed)
        await self._look(work, [(plans[unit], cause) for unit, cause in causes.items()])

    async def lock(self, work: Transaction, units: Collection[str]) -> None:
        """Lock the units whose timers are due."""
        await store.lock_units(work, units)

    async def fire(self, work: Transaction, timers: Sequence[Timer]) -> None:
        """A handover is due, or a day has passed since the last look."""
        due = {timer.subject_id: timer.due_at for timer in timers}
        plans = await store.load(work, due)
        await self._look(
            work,
            [
                (plan, content_id("look", unit, due[unit].isoformat()))
                for unit, plan in plans.items()
            ],
        )

    async def _look(self, work: Transaction, found: Iterable[tuple[store.UnitPlan, str]]) -> None:
        modes = await store.modes(work)
        told: list[store.ToldRow] = []
        timers = []
        still: list[str] = []
        for plan, cause in found:
            mode = modes.effective(Status.ACTUAL, plan.unit).mode
            seen = outlook(plan.unit, plan.entries.values(), mode, plan.told, work.now, cause)
            for one in seen.posts:
                told.append((plan.unit, one.post, one.told))
                key = f"{plan.unit}:{one.post}"
                if one.slot is not None:
                    work.publish(ROSTER, key, one.slot, one.slot.id)
                    self._metrics.handovers.labels("filled" if one.slot.officer else "empty").inc()
                if one.coverage is not None:
                    work.publish(DUTY_COVERAGE, key, one.coverage, one.coverage.id)
            if seen.next_change is None:
                still.append(plan.unit)
            else:
                timers.append((plan.unit, HANDOVER, 0, seen.next_change))
            timers.append((plan.unit, LOOK, 0, work.now + LOOK_EVERY))
        await store.save_told(work, told)
        await disarm(work, still, [HANDOVER])
        await arm(work, timers, rearm=True)


def _concerns_duty(message: DutyRequest | ResponseModeEvent) -> TypeGuard[ResponseModeEvent]:
    """Whether a mode is one that people are really on duty in; a drill's is not."""
    return isinstance(message, ResponseModeEvent) and message.status is Status.ACTUAL
