"""One transaction of command: everything that it reads, changes and publishes.

The order of all locks, and of the stages of a transaction:

1. new commands of requests to issue, by arrival
2. levels of alerts by arrival, where a recall locks the commands of its alert and writes them at
   once; then new commands of alerts
3. commands by id, under whose locks their assignments change: cases that come back, then all
   acknowledgements together, then requests about existing commands
4. modes of units by (status, unit), then their proposals by id
5. incidents of reports by (status, incident)
6. timers

Messages of one topic keep their order; between topics there is no order to keep. A request sees the
effects of the acknowledgements of its transaction. A mode holds from the next transaction on.

A handler whose effect belongs to a later stage defers the effect; `save` runs the stages in order.
A stage locks and reads its rows when it begins, since an earlier stage may have made them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from enum import IntEnum
from typing import Any

from services.command.core.assignments.steps import StepOutcome
from services.command.store import assignments as assignment_store
from services.command.store import commands as command_store
from services.command.unit_of_work.commands import LockedCommands
from services.command.unit_of_work.context import CommandContext
from services.command.unit_of_work.modes import ModeChanges
from services.command.unit_of_work.reports import ReportChanges
from services.command.unit_of_work.supervision import fire_assignment_timers
from shared.contracts.fields import Status
from shared.runtime.database import Transaction
from shared.runtime.errors import Reject
from shared.runtime.timers import Timer

Action = Callable[[], Awaitable[None]]
"""Raises Reject before it changes anything."""


class Stage(IntEnum):
    """The stages to which a handler can defer an effect."""

    REQUESTS = 1
    MODES = 2
    REPORTS = 3


class UnitOfWork:
    """The commands, modes and reports that one transaction reads and changes."""

    def __init__(self, transaction: Transaction, *, context: CommandContext) -> None:
        self.transaction = transaction
        self.context = context
        self.modes = ModeChanges(transaction, context)
        self.reports = ReportChanges(transaction, context)
        self.step_outcomes: Counter[tuple[StepOutcome, Status]] = Counter()
        self._command_ids: set[str] = set()
        self._assignment_ids: set[str] = set()
        self._commands: LockedCommands | None = None
        self._due_timers: list[Timer] = []
        self._deferred: defaultdict[Stage, list[tuple[Action, Any]]] = defaultdict(list)

    def need_command(self, command_id: str) -> None:
        """Name a command that has to be locked."""
        self._command_ids.add(command_id)

    def need_assignment(self, assignment_id: str) -> None:
        """Name an assignment with a due timer; its command has to be locked."""
        self._assignment_ids.add(assignment_id)

    async def lock(self) -> None:
        """Lock the subjects of due timers: commands, then modes, then incidents of reports."""
        if self._assignment_ids:
            ids = await assignment_store.commands_of(self.transaction, sorted(self._assignment_ids))
            await command_store.lock_commands(self.transaction, ids)
        await self.modes.lock()
        await self.reports.lock()

    async def load(self) -> None:
        """Read nothing yet: each stage locks and reads its rows when it begins."""

    async def commands(self, more: Collection[str] = ()) -> LockedCommands:
        """Return the named commands, locked; the first call locks them, together with `more`."""
        if self._commands is None:
            self._commands = await LockedCommands.lock(
                self.transaction, self.context, self._command_ids.union(more)
            )
        return self._commands

    def supervise(self, timers: Sequence[Timer]) -> None:
        """Fire these timers of assignments together with those of every further kind."""
        self._due_timers += timers

    def defer(self, stage: Stage, action: Action, message: Any = None) -> None:
        """Run an action in this stage, after the actions that were deferred before.

        `message` is refused when its action raises Reject; None: the action is of due timers.
        """
        self._deferred[stage].append((action, message))

    async def save(self) -> None:
        """Run the deferred stages in order; write and publish the changes of each at its end."""
        await self._run(Stage.REQUESTS)
        if self._due_timers:
            await fire_assignment_timers(self.transaction, self.context, self._due_timers)
        if self._commands is not None:
            await self._commands.save()
            for labels, count in self.step_outcomes.items():
                self.context.metrics.steps.labels(*labels).inc(count)
        if self._deferred[Stage.MODES]:
            await self.modes.load()
            await self._run(Stage.MODES)
        if self._deferred[Stage.REPORTS]:
            await self.reports.load()
            await self._run(Stage.REPORTS)
            await self.reports.save()

    async def _run(self, stage: Stage) -> None:
        for action, message in self._deferred[stage]:
            try:
                await action()
            except Reject as reject:
                if message is None:
                    raise
                self.transaction.refuse(message, reject)
