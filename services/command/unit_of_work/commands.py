"""Locked commands with their assignments: changes come in; rows, timers and records go out.

All changes of a transaction are collected and written by a handful of statements, whatever their
number. Several changes of one assignment keep their order and their versions.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from services.command.core.assignments.events import assignment_template
from services.command.core.assignments.model import Assignment, OfficerStep
from services.command.core.assignments.parts import passed_up
from services.command.core.assignments.states import FINAL, OVER
from services.command.core.cause import Cause
from services.command.core.commands import rollup
from services.command.core.commands import states as lifecycle
from services.command.core.commands.events import command_event
from services.command.core.commands.model import Command
from services.command.core.supervision.deadlines import (
    CLOCK_TIMERS,
    NewTimer,
    TimerKind,
    new_timers,
    void_timers,
)
from services.command.fastpath.event_encoder import EventEncoder
from services.command.store import assignments as assignment_store
from services.command.store import commands as command_store
from services.command.unit_of_work.context import CommandContext
from shared.contracts.assignments import AssignmentState
from shared.contracts.commands import CommandState
from shared.contracts.topics import ASSIGNMENTS, COMMANDS
from shared.contracts.units import lineage
from shared.runtime.database import Transaction
from shared.runtime.timers import arm, disarm, pause, resume

_DROPS_WAITING = frozenset({AssignmentState.RETURNED, *FINAL})
"""An assignment that enters one of these states never applies its waiting steps."""


class LockedCommands:
    """Locked commands, their counters, and the assignments that were loaded so far."""

    def __init__(
        self,
        transaction: Transaction,
        context: CommandContext,
        commands: dict[str, Command],
        rollups: command_store.Rollups,
    ) -> None:
        self.transaction = transaction
        self.context = context
        self.profiles = context.profiles_at(transaction.now)
        self.commands = commands
        self.rollups = rollups
        self.assignments: dict[str, Assignment] = {}
        self._loaded_commands = dict(commands)
        self._loaded_rollups = {name: dict(counters) for name, counters in rollups.items()}
        self._stored: dict[str, Assignment] = {}
        self._encoders: dict[tuple[str, int], EventEncoder] = {}
        self._causes: dict[str, Cause] = {}
        self._closing: set[str] = set()
        self._grown: set[str] = set()
        self._new_timers: list[NewTimer] = []
        self._late_steps: list[assignment_store.LateStep] = []
        self._writing: asyncio.Task[None] | None = None

    @classmethod
    async def lock(
        cls,
        transaction: Transaction,
        context: CommandContext,
        command_ids: Collection[str],
        assignments: Collection[Assignment] = (),
    ) -> LockedCommands:
        """Lock these commands (those that exist) and read their counters.

        `assignments` belong to the commands; the caller held the locks when it read them.
        """
        commands = await command_store.lock_commands(transaction, command_ids)
        rollups = await command_store.load_rollups(transaction, list(commands))
        locked = cls(transaction, context, commands, rollups)
        locked._add_loaded(assignments)
        await locked.load(locked._missing_parents(assignments))
        return locked

    async def load(self, assignment_ids: Collection[str]) -> None:
        """Load those of these assignments that are not loaded yet, with their parents."""
        if set(assignment_ids) - self.assignments.keys():
            await self.finish_writing()
            await self._load(assignment_ids)

    async def load_in_states(
        self, command_id: str, states: Collection[AssignmentState]
    ) -> list[Assignment]:
        """Lock and return a command's assignments in `states`, parents before parts."""
        await self.finish_writing()
        await self._write_assignments()
        result = await assignment_store.lock_in_states(self.transaction, command_id, states)
        self._add_loaded(result)
        await self.load(self._missing_parents(result))
        return _parents_first(result)

    async def load_parts_below(self, assignment_id: str) -> list[Assignment]:
        """Load and return the unfinished parts of an assignment, on every level, parents first."""
        await self.finish_writing()
        await self._write_assignments()
        ids = await assignment_store.parts_below(self.transaction, assignment_id)
        await self.load(ids)
        parts = [self.assignments[identifier] for identifier in ids]
        return _parents_first([part for part in parts if part.state not in OVER])

    def finish_of_parent(self, assignment: Assignment) -> datetime | None:
        """Return the finish_by of the assignment's parent; None without a parent."""
        parent = assignment.parent_assignment_id
        return None if parent is None else self.assignments[parent].finish_by

    def add(self, assignment: Assignment, cause: Cause) -> None:
        """Add an assignment that comes from another one, and publish it."""
        name = assignment.command_id
        self.assignments[assignment.assignment_id] = assignment
        self.rollups[name] = rollup.with_change(self.rollups[name], None, assignment)
        command = self.commands[name]
        self.commands[name] = replace(command, derived_assignments=command.derived_assignments + 1)
        self._grown.add(name)
        self._publish(assignment, cause)
        self._pass_up(None, assignment, cause)

    def change(self, updated: Assignment, cause: Cause) -> None:
        """Replace an assignment by its next value; publish a new version."""
        previous = self._replace(updated, cause)
        if updated.parent_assignment_id is not None:
            self._pass_up(previous, updated, cause)

    def add_late_step(
        self, assignment: Assignment, officer_step: OfficerStep, attempt: int
    ) -> None:
        """Store a step that came too late to have an effect."""
        self._late_steps.append(replace(_late(assignment, officer_step), attempt=attempt))

    def request_close(self, command_id: str, cause: Cause) -> None:
        """Close the command at the end, when every assignment is done, returned or released."""
        self._causes[command_id] = cause
        self._closing.add(command_id)

    def arm(self, timers: list[NewTimer]) -> None:
        """Arm timers when the assignments are written, after the void timers are cancelled."""
        self._new_timers += timers

    def move(self, command_id: str, event: lifecycle.CommandTrigger, cause: Cause) -> None:
        """Revoke or re-open the command itself; raise IllegalStep."""
        command = self.commands[command_id]
        self._advance(command, lifecycle.step(command.state, event), cause)

    def set_current_alert(self, command_id: str, alert_id: str) -> None:
        """Set the alert for which the command is open, before its assignments are published."""
        command = self.commands[command_id]
        self.commands[command_id] = replace(command, current_alert_id=alert_id)

    async def start_writing(self, next_ids: Collection[str] = ()) -> None:
        """Begin to write the changes so far and then to load `next_ids`, beside the caller.

        The caller may not use the transaction's connection until `finish_writing` has returned.
        """
        await self.finish_writing()
        self._writing = asyncio.create_task(self._write_and_load(next_ids))
        await asyncio.sleep(0)  # The task takes the values of this moment before it waits.

    async def finish_writing(self) -> None:
        """Wait for the end of `start_writing`; raise the error with which it failed."""
        task, self._writing = self._writing, None
        if task is not None:
            await task

    async def save(self) -> None:
        """Write all changes, and publish the commands that have a new version."""
        await self.finish_writing()
        await self._write_assignments()
        for command_id, cause in self._causes.items():
            self._roll_up(self.commands[command_id], cause)
        await command_store.save_commands(
            self.transaction,
            [
                command
                for name, command in self.commands.items()
                if command is not self._loaded_commands[name]
            ],
        )
        await command_store.save_rollups(
            self.transaction,
            {
                name: counters
                for name, counters in self.rollups.items()
                if counters != self._loaded_rollups[name]
            },
            self.commands,
        )
        await assignment_store.insert_late_steps(self.transaction, self._late_steps)

    def _add_loaded(self, assignments: Iterable[Assignment]) -> None:
        for assignment in assignments:
            self.assignments[assignment.assignment_id] = assignment
            self._stored[assignment.assignment_id] = assignment

    def _missing_parents(self, parts: Collection[Assignment]) -> set[str]:
        names = {part.parent_assignment_id for part in parts}
        return {name for name in names if name is not None} - self.assignments.keys()

    def _pass_up(self, previous: Assignment | None, updated: Assignment, cause: Cause) -> None:
        at = updated.changed_at  # a waiting report of the parent counts from what made it possible
        for officer_step, parent in passed_up(self.assignments, previous, updated, at):
            self._replace(parent, cause if officer_step is None else officer_step.cause)

    def _replace(self, updated: Assignment, cause: Cause) -> Assignment:
        """Store and count a value, publish a new version, and return the previous value."""
        previous = self.assignments[updated.assignment_id]
        self.assignments[updated.assignment_id] = updated
        name = updated.command_id
        counters = self.rollups[name]
        tier = updated.unit_tier
        counters[tier] = counters[tier].plus(rollup.difference(previous, updated))
        if updated.version != previous.version:
            if previous.waiting_steps and updated.state in _DROPS_WAITING:
                self._late_steps += [_late(previous, item) for item in previous.waiting_steps]
            if updated.state is AssignmentState.DONE:
                self._closing.add(name)
            self._publish(updated, cause)
        return previous

    def _publish(self, assignment: Assignment, cause: Cause) -> None:
        self._causes[assignment.command_id] = cause
        event_id, value = self._encoder(assignment).encode(assignment, cause)
        self.transaction.publish_encoded(ASSIGNMENTS, assignment.unit, event_id, value)

    async def _write_and_load(self, next_ids: Collection[str]) -> None:
        await self._write_assignments()
        await self.transaction.flush_encoded()
        await self._load(next_ids)

    async def _load(self, assignment_ids: Collection[str]) -> None:
        missing_ids = set(assignment_ids) - self.assignments.keys()
        # One round, and one more per level of splitting; most commands are not split at all.
        while missing_ids:
            result = await assignment_store.load_assignments(self.transaction, missing_ids)
            self._add_loaded(list(result.values()))
            missing_ids = self._missing_parents(result.values())

    async def _write_assignments(self) -> None:
        derived: list[Assignment] = []
        changed: list[tuple[Assignment, Assignment]] = []
        void: defaultdict[tuple[TimerKind, ...], list[str]] = defaultdict(list)
        resumed: list[tuple[str, timedelta]] = []
        suspended: list[str] = []
        for assignment_id, updated in self.assignments.items():
            previous = self._stored.get(assignment_id)
            if updated is previous:
                continue
            if previous is None:
                derived.append(updated)
            else:
                changed.append((previous, updated))
                if kinds := void_timers(previous, updated):
                    void[kinds].append(assignment_id)
                if (
                    previous.suspended_at is not None
                    and updated.suspended_at != previous.suspended_at
                ):
                    seconds = updated.suspended_s - previous.suspended_s
                    resumed.append((assignment_id, timedelta(seconds=seconds)))
            if updated.suspended_at is not None:
                suspended.append(assignment_id)
            self._new_timers += new_timers(previous, updated, self.profiles.of(updated.unit))
            self._stored[assignment_id] = updated
        timers, self._new_timers = self._new_timers, []
        transaction = self.transaction
        await assignment_store.insert_derived(transaction, derived)
        await assignment_store.save_assignments(transaction, changed)
        for kinds, subjects in void.items():
            await disarm(transaction, subjects, kinds)
        await resume(transaction, resumed)
        await arm(
            transaction,
            [(timer.subject_id, timer.kind, timer.rung, timer.due_at) for timer in timers],
            rearm=True,
        )
        await pause(transaction, suspended, CLOCK_TIMERS)

    def _encoder(self, assignment: Assignment) -> EventEncoder:
        key = (assignment.command_id, assignment.brief)
        encoder = self._encoders.get(key)
        if encoder is None:
            command = self.commands[assignment.command_id]
            template = assignment_template(command, assignment, self.transaction.now)
            encoder = EventEncoder(template, fast=self.context.fast_path)
            self._encoders[key] = encoder
        return encoder

    def _roll_up(self, command: Command, cause: Cause) -> None:
        """Derive the command's state from its counters, and publish it at a milestone."""
        if command.state not in lifecycle.OPEN:
            return
        counters = self.rollups[command.command_id]
        state = command.state
        settled = rollup.is_settled(counters)
        if settled and state is CommandState.ISSUED:
            state = lifecycle.step(state, lifecycle.CommandTrigger.SETTLE)
        elif not settled and state is CommandState.AWAITING_CHECK:
            state = lifecycle.step(state, lifecycle.CommandTrigger.REOPEN)
        if command.command_id in self._closing and rollup.is_closable(counters):
            state = lifecycle.step(state, lifecycle.CommandTrigger.CLOSE)
        grown = command.command_id in self._grown
        loaded_counters = self._loaded_rollups[command.command_id]
        if (
            state is not command.state
            or grown
            or rollup.reaches_milestone(loaded_counters, counters)
        ):
            self._advance(command, state, cause)

    def _advance(self, command: Command, state: CommandState, cause: Cause) -> None:
        now = self.transaction.now
        updated = replace(
            command,
            state=state,
            version=command.version + 1,
            actor=cause.actor,
            closed_at=now if state is CommandState.CLOSED else None,
        )
        self.commands[command.command_id] = updated
        self._causes[command.command_id] = cause
        event = command_event(updated, self.rollups[command.command_id], cause, now)
        self.transaction.publish(COMMANDS, command.command_id, event, event.id)


def _parents_first(assignments: list[Assignment]) -> list[Assignment]:
    """Order by depth: a part's unit lies below that of its parent. Most commands are not split."""
    if all(assignment.parent_assignment_id is None for assignment in assignments):
        return assignments
    return sorted(assignments, key=lambda assignment: len(lineage(assignment.unit)))


def _late(assignment: Assignment, officer_step: OfficerStep) -> assignment_store.LateStep:
    return assignment_store.LateStep(
        officer_step.record_id,
        assignment.status,
        assignment.command_id,
        assignment.assignment_id,
        officer_step.step,
        assignment.attempt,
        officer_step.officer_id,
        officer_step.officer_unit,
        officer_step.occurred_at,
    )
