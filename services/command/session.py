"""One unit of work over locked commands: changes in, then rows, counters, timers and messages out.

Everything of a batch is collected and written by a handful of statements at the end, whatever its
size. Several changes of one assignment in a batch keep their order and their versions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace

from services.command import store
from services.command.core import lifecycle, rollup
from services.command.core.deadlines import Arm, TimerKind, first_timers, stopped
from services.command.core.model import Assignment, Command
from services.command.core.printing import Printer
from services.command.core.profiles import Profile
from services.command.core.records import Cause, assignment_template, command_event
from shared.contracts.commands import AssignmentState, CommandState
from shared.contracts.topics import ASSIGNMENTS, COMMANDS
from shared.runtime.database import Transaction
from shared.runtime.timers import arm, disarm


class Session:
    """Locked commands, their counters and the assignments touched."""

    def __init__(
        self,
        work: Transaction,
        profile: Profile,
        commands: dict[str, Command],
        rollups: store.Rollups,
    ) -> None:
        self.work = work
        self.commands = commands
        self.rollups = rollups
        self.assignments: dict[str, Assignment] = {}
        self._profile = profile
        self._found = dict(commands)
        self._first = {one: dict(counts) for one, counts in rollups.items()}
        self._stored: dict[str, Assignment] = {}
        self._printers: dict[tuple[str, int], Printer] = {}
        self._causes: dict[str, Cause] = {}
        self._closing: set[str] = set()
        self._arm: list[Arm] = []

    @classmethod
    async def over(
        cls, work: Transaction, profile: Profile, command_ids: Collection[str]
    ) -> Session:
        """Lock these commands (those that exist) and read their counters."""
        commands = await store.lock_commands(work, command_ids)
        return cls(work, profile, commands, await store.rollups(work, list(commands)))

    async def load(self, assignment_ids: Collection[str]) -> None:
        """Lock these assignments; those not yet loaded."""
        missing = set(assignment_ids) - self.assignments.keys()
        found = await store.lock_assignments(self.work, missing)
        self._take_in(list(found.values()))

    async def load_in(
        self, command_id: str, states: Collection[AssignmentState]
    ) -> list[Assignment]:
        """Lock and return a command's assignments that are in `states` now."""
        await self._write_assignments()
        found = await store.lock_in_states(self.work, command_id, states)
        self._take_in(found)
        return found

    def change(self, after: Assignment, cause: Cause) -> None:
        """Put in an assignment's next value; a new version is published."""
        before = self.assignments[after.assignment_id]
        self.assignments[after.assignment_id] = after
        one = after.command_id
        counts = self.rollups[one]
        tier = after.unit_tier
        counts[tier] = counts[tier].plus(rollup.difference(before, after))
        if after.version == before.version:
            return
        self._causes[one] = cause
        if after.state is AssignmentState.DONE:
            self._closing.add(one)
        event_id, value = self._printer(after).print(after, cause)
        self.work.publish_printed(ASSIGNMENTS, after.unit, event_id, value)

    def ask_close(self, command_id: str, cause: Cause) -> None:
        """Close the command when everything is done or returned."""
        self._causes[command_id] = cause
        self._closing.add(command_id)

    def set_timers(self, timers: list[Arm]) -> None:
        """Arm timers when the assignments are written, after what those make void."""
        self._arm += timers

    def revoke(self, command_id: str, cause: Cause) -> None:
        """Withdraw the command itself; raises IllegalStep."""
        command = self.commands[command_id]
        self._advance(command, lifecycle.step(command.state, lifecycle.Event.REVOKE), cause)

    async def write(self) -> None:
        """Write everything back; the transaction's commit makes it one act."""
        await self._write_assignments()
        for command_id, cause in self._causes.items():
            self._roll_up(self.commands[command_id], cause)
        await store.save_commands(
            self.work, [now for one, now in self.commands.items() if now is not self._found[one]]
        )
        await store.save_rollups(
            self.work,
            {one: now for one, now in self.rollups.items() if now != self._first[one]},
        )

    def _take_in(self, found: list[Assignment]) -> None:
        for one in found:
            self.assignments[one.assignment_id] = self._stored[one.assignment_id] = one

    async def _write_assignments(self) -> None:
        changed: list[Assignment] = []
        void: defaultdict[tuple[TimerKind, ...], list[str]] = defaultdict(list)
        for assignment_id, after in self.assignments.items():
            before = self._stored[assignment_id]
            if after is before:
                continue
            changed.append(after)
            if kinds := stopped(before, after):
                void[kinds].append(assignment_id)
            if after.attempt != before.attempt:
                self._arm += first_timers(after, self._profile, after.changed_at)
            self._stored[assignment_id] = after
        await store.save_assignments(self.work, changed)
        for kinds, subjects in void.items():
            await disarm(self.work, subjects, kinds)
        timers, self._arm = self._arm, []
        await arm(
            self.work,
            [(one.subject_id, one.kind, one.rung, one.due_at) for one in timers],
            rearm=True,
        )

    def _printer(self, after: Assignment) -> Printer:
        key = (after.command_id, after.brief)
        found = self._printers.get(key)
        if found is None:
            command = self.commands[after.command_id]
            found = Printer(assignment_template(command, after, self.work.now))
            self._printers[key] = found
        return found

    def _roll_up(self, command: Command, cause: Cause) -> None:
        """Let the command's state follow from its counters, and tell it when something was reached."""
        if command.state in lifecycle.FINAL:
            return
        now, before = self.rollups[command.command_id], self._first[command.command_id]
        state = command.state
        if rollup.settled(now) and state is CommandState.ISSUED:
            state = lifecycle.step(state, lifecycle.Event.SETTLE)
        elif not rollup.settled(now) and state is CommandState.AWAITING_CHECK:
            state = lifecycle.step(state, lifecycle.Event.REOPEN)
        if command.command_id in self._closing and rollup.closable(now):
            state = lifecycle.step(state, lifecycle.Event.CLOSE)
        if state is not command.state or rollup.milestone(before, now):
            self._advance(command, state, cause)

    def _advance(self, command: Command, state: CommandState, cause: Cause) -> None:
        after = replace(command, state=state, version=command.version + 1, actor=cause.actor)
        self.commands[command.command_id] = after
        self._causes[command.command_id] = cause
        event = command_event(after, self.rollups[command.command_id], cause, self.work.now)
        self.work.publish(COMMANDS, command.command_id, event, event.id)
