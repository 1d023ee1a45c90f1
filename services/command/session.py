"""One unit of work over locked commands: changes in, then rows, counters, timers and messages out.

Everything of a batch is collected and written by a handful of statements at the end, whatever its
size. Several changes of one assignment in a batch keep their order and their versions.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from services.command import store
from services.command.core import lifecycle, rollup
from services.command.core.deadlines import CLOCKS, Arm, TimerKind, started, stopped
from services.command.core.model import Act, Assignment, Command
from services.command.core.parts import passed_up
from services.command.core.printing import Printer
from services.command.core.profiles import Profile
from services.command.core.records import Cause, assignment_template, command_event
from services.command.core.states import FINAL, OVER
from shared.contracts.commands import AssignmentState, CommandState
from shared.contracts.topics import ASSIGNMENTS, COMMANDS
from shared.contracts.units import lineage
from shared.runtime.database import Transaction
from shared.runtime.timers import arm, disarm, pause, resume

_UNHEARD = frozenset({AssignmentState.RETURNED, *FINAL})
"""What waits when an assignment becomes this will not be heard any more."""


def cause_of(act: Act) -> Cause:
    """A person's act as the cause of a change."""
    return Cause(act.record_id, act.occurred_at, act.officer_unit, act.officer_id)


def _wholes_first(found: list[Assignment]) -> list[Assignment]:
    """A part's unit lies below that of its whole. Most commands are not split: nothing to order."""
    if all(assignment.parent_assignment_id is None for assignment in found):
        return found
    return sorted(found, key=lambda item: len(lineage(item.unit)))


def _late(assignment: Assignment, act: Act) -> store.LateStep:
    return store.LateStep(
        act.record_id,
        assignment.status,
        assignment.command_id,
        assignment.assignment_id,
        act.step,
        assignment.attempt,
        act.officer_id,
        act.officer_unit,
        act.occurred_at,
    )


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
        self._first = {rollup: dict(counts) for rollup, counts in rollups.items()}
        self._stored: dict[str, Assignment] = {}
        self._printers: dict[tuple[str, int], Printer] = {}
        self._causes: dict[str, Cause] = {}
        self._closing: set[str] = set()
        self._grown: set[str] = set()
        self._arm: list[Arm] = []
        self._late: list[store.LateStep] = []
        self._beside: asyncio.Task[None] | None = None

    @classmethod
    async def over(
        cls,
        work: Transaction,
        profile: Profile,
        command_ids: Collection[str],
        found: Collection[Assignment] = (),
    ) -> Session:
        """Lock these commands (those that exist) and read their counters.

        `found` are assignments of theirs, read while the caller had the commands' locks already.
        """
        commands = await store.lock_commands(work, command_ids)
        session = cls(work, profile, commands, await store.rollups(work, list(commands)))
        session._take_in(found)
        await session.load(session._wholes(found))
        return session

    async def load(self, assignment_ids: Collection[str]) -> None:
        """Lock these assignments, those not yet loaded, and what they are parts of."""
        if set(assignment_ids) - self.assignments.keys():
            await self.written()
            await self._load(assignment_ids)

    async def load_in(
        self, command_id: str, states: Collection[AssignmentState]
    ) -> list[Assignment]:
        """Lock and return a command's assignments that are in `states` now, wholes before parts."""
        await self.written()
        await self._write_assignments()
        result = await store.lock_in_states(self.work, command_id, states)
        self._take_in(result)
        await self.load(self._wholes(result))
        return _wholes_first(result)

    async def load_below(self, assignment_id: str) -> list[Assignment]:
        """Lock and return what was split off from it, at any depth, and is not over; wholes first."""
        await self.written()
        await self._write_assignments()
        ids = await store.below(self.work, assignment_id)
        await self.load(ids)
        parts = [self.assignments[identifier] for identifier in ids]
        return _wholes_first([part for part in parts if part.state not in OVER])

    def finish_of_whole(self, assignment: Assignment) -> datetime | None:
        """The finish_by of what this assignment is a part of, None when it is no part."""
        whole = assignment.parent_assignment_id
        return None if whole is None else self.assignments[whole].finish_by

    def add(self, made: Assignment, cause: Cause) -> None:
        """Put in an assignment that comes from another one."""
        name = made.command_id
        self.assignments[made.assignment_id] = made
        self.rollups[name] = rollup.changed(self.rollups[name], None, made)
        command = self.commands[name]
        self.commands[name] = replace(command, given_on=command.given_on + 1)
        self._grown.add(name)
        self._tell(made, cause)
        self._pass_up(None, made, cause)

    def change(self, after: Assignment, cause: Cause) -> None:
        """Put in an assignment's next value; a new version is published."""
        before = self._put(after, cause)
        if after.parent_assignment_id is not None:
            self._pass_up(before, after, cause)

    def keep_late(self, assignment: Assignment, act: Act, attempt: int) -> None:
        """Keep a step that came too late to have an effect."""
        self._late.append(replace(_late(assignment, act), attempt=attempt))

    def ask_close(self, command_id: str, cause: Cause) -> None:
        """Close the command when everything is done or returned."""
        self._causes[command_id] = cause
        self._closing.add(command_id)

    def set_timers(self, timers: list[Arm]) -> None:
        """Arm timers when the assignments are written, after what those make void."""
        self._arm += timers

    def move(self, command_id: str, event: lifecycle.Event, cause: Cause) -> None:
        """Revoke or re-open the command itself; raises IllegalStep."""
        command = self.commands[command_id]
        self._advance(command, lifecycle.step(command.state, event), cause)

    def brought_back_by(self, command_id: str, alert_id: str) -> None:
        """Another alert is why the command stands; before its assignments are told."""
        self.commands[command_id] = replace(self.commands[command_id], because_of=alert_id)

    async def write_beside(self, wanted: Collection[str] = ()) -> None:
        """Begin to write what has changed so far, then to load `wanted`, while the caller decides on more.

        Until `written` has returned the transaction's connection is not the caller's to use.
        """
        await self.written()
        self._beside = asyncio.create_task(self._write_part(wanted))
        await asyncio.sleep(0)  # what it writes are the values of this moment

    async def written(self) -> None:
        """Wait until what was begun beside is written; raises what made it fail."""
        task, self._beside = self._beside, None
        if task is not None:
            await task

    async def write(self) -> None:
        """Write everything back; the transaction's commit makes it one act."""
        await self.written()
        await self._write_assignments()
        for command_id, cause in self._causes.items():
            self._roll_up(self.commands[command_id], cause)
        await store.save_commands(
            self.work,
            [now for command, now in self.commands.items() if now is not self._found[command]],
        )
        await store.save_rollups(
            self.work,
            {rollup: now for rollup, now in self.rollups.items() if now != self._first[rollup]},
            self.commands,
        )
        await store.keep_late(self.work, self._late)

    def _take_in(self, found: Iterable[Assignment]) -> None:
        for assignment in found:
            self.assignments[assignment.assignment_id] = self._stored[assignment.assignment_id] = (
                assignment
            )

    def _wholes(self, parts: Collection[Assignment]) -> set[str]:
        wanted = {part.parent_assignment_id for part in parts} - {None}
        return {name for name in wanted if name is not None} - self.assignments.keys()

    def _pass_up(self, before: Assignment | None, after: Assignment, cause: Cause) -> None:
        for act, whole in passed_up(self.assignments, before, after, self.work.now):
            self._put(whole, cause if act is None else cause_of(act))

    def _put(self, after: Assignment, cause: Cause) -> Assignment:
        """Take in a value, count it, tell it when its version is new; the value before it."""
        before = self.assignments[after.assignment_id]
        self.assignments[after.assignment_id] = after
        name = after.command_id
        counts = self.rollups[name]
        tier = after.unit_tier
        counts[tier] = counts[tier].plus(rollup.difference(before, after))
        if after.version != before.version:
            if before.waiting and after.state in _UNHEARD:
                self._late += [_late(before, act) for act in before.waiting]
            if after.state is AssignmentState.DONE:
                self._closing.add(name)
            self._tell(after, cause)
        return before

    def _tell(self, after: Assignment, cause: Cause) -> None:
        self._causes[after.command_id] = cause
        event_id, value = self._printer(after).print(after, cause)
        self.work.publish_encoded(ASSIGNMENTS, after.unit, event_id, value)

    async def _write_part(self, wanted: Collection[str]) -> None:
        await self._write_assignments()
        await self.work.flush_encoded()
        await self._load(wanted)

    async def _load(self, assignment_ids: Collection[str]) -> None:
        missing = set(assignment_ids) - self.assignments.keys()
        # One round, and one more per level of splitting; most commands are not split at all.
        while missing:
            result = await store.lock_assignments(self.work, missing)
            self._take_in(list(result.values()))
            missing = self._wholes(result.values())

    async def _write_assignments(self) -> None:
        made: list[Assignment] = []
        changed: list[tuple[Assignment, Assignment]] = []
        void: defaultdict[tuple[TimerKind, ...], list[str]] = defaultdict(list)
        awake: list[tuple[str, timedelta]] = []
        asleep: list[str] = []
        for assignment_id, after in self.assignments.items():
            before = self._stored.get(assignment_id)
            if after is before:
                continue
            if before is None:
                made.append(after)
            else:
                changed.append((before, after))
                if kinds := stopped(before, after):
                    void[kinds].append(assignment_id)
                if before.suspended_at is not None and after.suspended_at != before.suspended_at:
                    still = timedelta(seconds=after.suspended_s - before.suspended_s)
                    awake.append((assignment_id, still))
            if after.suspended_at is not None:
                asleep.append(assignment_id)
            self._arm += started(before, after, self._profile)
            self._stored[assignment_id] = after
        timers, self._arm = self._arm, []
        await store.insert_given_on(self.work, made)
        await store.save_assignments(self.work, changed)
        for kinds, subjects in void.items():
            await disarm(self.work, subjects, kinds)
        await resume(self.work, awake)
        await arm(
            self.work,
            [(timer.subject_id, timer.kind, timer.rung, timer.due_at) for timer in timers],
            rearm=True,
        )
        await pause(self.work, asleep, CLOCKS)

    def _printer(self, after: Assignment) -> Printer:
        key = (after.command_id, after.brief)
        printer = self._printers.get(key)
        if printer is None:
            command = self.commands[after.command_id]
            printer = Printer(assignment_template(command, after, self.work.now))
            self._printers[key] = printer
        return printer

    def _roll_up(self, command: Command, cause: Cause) -> None:
        """Let the command's state follow from its counters, and tell it when something was reached."""
        if command.state not in lifecycle.OPEN:
            return
        now, before = self.rollups[command.command_id], self._first[command.command_id]
        state = command.state
        if rollup.settled(now) and state is CommandState.ISSUED:
            state = lifecycle.step(state, lifecycle.Event.SETTLE)
        elif not rollup.settled(now) and state is CommandState.AWAITING_CHECK:
            state = lifecycle.step(state, lifecycle.Event.REOPEN)
        if command.command_id in self._closing and rollup.closable(now):
            state = lifecycle.step(state, lifecycle.Event.CLOSE)
        grown = command.command_id in self._grown
        if state is not command.state or grown or rollup.milestone(before, now):
            self._advance(command, state, cause)

    def _advance(self, command: Command, state: CommandState, cause: Cause) -> None:
        after = replace(
            command,
            state=state,
            version=command.version + 1,
            actor=cause.actor,
            closed_at=self.work.now if state is CommandState.CLOSED else None,
        )
        self.commands[command.command_id] = after
        self._causes[command.command_id] = cause
        event = command_event(after, self.rollups[command.command_id], cause, self.work.now)
        self.work.publish(COMMANDS, command.command_id, event, event.id)
