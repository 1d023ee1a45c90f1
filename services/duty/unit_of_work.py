"""One transaction of duty: the plans that it changes, and the publications at its end.

All posts of a unit are evaluated together, under the lock of the unit, since an entry may concern
each of them. A mode changes the roster in force (shared/domain/roster/timeline.py) of its whole
subtree.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.duty.core.coverage import EVALUATION_INTERVAL, UnitStatus, evaluate
from services.duty.metrics import DutyMetrics
from services.duty.store import plans as store
from shared.contracts.duty import DutyEntry, DutyRequest
from shared.contracts.fields import Status
from shared.contracts.modes import ResponseModeEvent
from shared.contracts.topics import DUTY_COVERAGE, DUTY_ENTRIES, ROSTER
from shared.contracts.units import is_within
from shared.domain.roster.day_calendar import DayCalendar
from shared.runtime.database import Transaction
from shared.runtime.timers import arm, disarm

HANDOVER, EVALUATION = "handover", "evaluation"
"""Kinds of the timers of a unit."""


class UnitOfWork:
    """The plans of units that one transaction reads and changes."""

    def __init__(
        self, transaction: Transaction, *, metrics: DutyMetrics, calendar: DayCalendar
    ) -> None:
        self._transaction = transaction
        self._calendar = calendar
        self._metrics = metrics
        self._units: set[str] = set()
        self._entry_ids: set[str] = set()
        self._roots: set[str] = set()
        self._requests = 0
        self._places: Iterator[int] = iter(())
        self._plans: dict[str, store.UnitPlan] = {}
        self._entries: list[DutyEntry] = []
        self._modes: list[ResponseModeEvent] = []
        self._causes: dict[str, str] = {}

    def need_plan(self, unit: str, entry_id: str | None = None) -> None:
        """Name a unit whose plan is needed, and the entry that is to be changed."""
        self._units.add(unit)
        if entry_id is not None:
            self._entry_ids.add(entry_id)
            self._requests += 1

    def need_subtree(self, root: str) -> None:
        """Name a unit whose mode changes: the plans of all units at and below it are needed."""
        self._roots.add(root)

    async def lock(self) -> None:
        """Lock the modes alone where one changes, then the units in the order of their ids."""
        if self._roots:
            planned = await store.lock_modes(self._transaction)
            self._units.update(
                unit for unit in planned if any(is_within(unit, root) for root in self._roots)
            )
        await store.lock_units(self._transaction, self._units)

    async def load(self) -> None:
        """Lock and read the plans; reserve a place in the order of changes for each request."""
        await self.lock()
        self._plans = await store.load(self._transaction, self._units, self._entry_ids)
        self._places = iter(await store.places(self._transaction, self._requests))

    def plan(self, unit: str) -> store.UnitPlan:
        """Return the plan of a unit that was named."""
        return self._plans[unit]

    def next_place(self) -> int:
        """Return the next place in the order of changes."""
        return next(self._places)

    def save_entry(self, entry: DutyEntry, request: DutyRequest) -> None:
        """Put the changed entry at the end of its plan: that is the order of last changes."""
        entries = self._plans[entry.unit].entries
        entries.pop(entry.entry_id, None)
        entries[entry.entry_id] = entry
        self._entries.append(entry)
        key = f"{entry.unit}:{entry.entry_id}"
        self._transaction.publish(DUTY_ENTRIES, key, entry, entry.id)
        self._metrics.changes.labels(entry.rule.kind, request.verb).inc()
        self.evaluate(entry.unit, request.id)

    def save_mode(self, mode: ResponseModeEvent) -> None:
        """Write the mode, and evaluate every unit with a plan at and below its unit."""
        self._modes.append(mode)
        for unit in self._plans:
            if is_within(unit, mode.unit):
                self.evaluate(unit, mode.id)

    def evaluate(self, unit: str, cause: str) -> None:
        """Evaluate the posts of a unit at the end; `cause` is the id of the message or timer."""
        self._causes[unit] = cause

    async def save(self) -> None:
        """Write modes and entries, evaluate the units, publish the changes, and arm the timers."""
        await store.save_modes(self._transaction, self._modes)
        await store.save_entries(self._transaction, self._entries)
        modes = await store.load_modes(self._transaction)
        published: list[store.PublicationRow] = []
        timers = []
        unchanging: list[str] = []
        now = self._transaction.now
        for unit, cause in self._causes.items():
            plan = self._plans[unit]
            mode = modes.effective(Status.ACTUAL, unit).mode
            status = evaluate(
                unit, plan.entries.values(), mode, self._calendar, plan.published, now, cause
            )
            published += [(unit, post.post, post.published) for post in status.posts]
            self._publish(unit, status)
            if status.next_change is None:
                unchanging.append(unit)
            else:
                timers.append((unit, HANDOVER, 0, status.next_change))
            timers.append((unit, EVALUATION, 0, now + EVALUATION_INTERVAL))
        await store.save_published(self._transaction, published)
        await disarm(self._transaction, unchanging, [HANDOVER])
        await arm(self._transaction, timers, rearm=True)

    def _publish(self, unit: str, status: UnitStatus) -> None:
        for post in status.posts:
            key = f"{unit}:{post.post}"
            if post.slot is not None:
                self._transaction.publish(ROSTER, key, post.slot, post.slot.id)
                self._metrics.handovers.labels("filled" if post.slot.officer else "empty").inc()
            if post.coverage is not None:
                self._transaction.publish(DUTY_COVERAGE, key, post.coverage, post.coverage.id)
