"""Steps of officers on loaded assignments, and their consequences for related assignments.

A split makes parts, a reassignment makes a successor. The open parts of a waived, recalled or
reassigned assignment end with it. Closing a parent waives the optional parts that are still open.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.command.core.assignments import steps
from services.command.core.assignments.model import Assignment, OfficerStep
from services.command.core.assignments.parts import part_of, successor
from services.command.core.assignments.states import AssignmentTrigger, IllegalStep, State
from services.command.core.commands.model import Command
from services.command.core.commands.states import OPEN
from services.command.core.supervision.deadlines import DeadlineTerms
from services.command.unit_of_work.commands import LockedCommands
from shared.contracts.assignments import Step
from shared.contracts.dead_letter import Reason
from shared.contracts.ids import assignment_id
from shared.domain.response_modes.effective import Modes
from shared.runtime.errors import Reject

_ENDS_PARTS = {
    Step.REASSIGN: AssignmentTrigger.RECALL,
    Step.WAIVE: AssignmentTrigger.RECALL,
    Step.RECALL: AssignmentTrigger.RECALL,
    Step.CLOSE: AssignmentTrigger.WAIVE,
}
"""Steps with which the open parts of the assignment end, and how."""
_REPEATABLE = frozenset({State.DONE, State.RETURNED})
"""States of a part that a further split of its parent re-opens."""


class OfficerSteps:
    """Applies steps to locked commands; a step that begins an attempt needs `modes`."""

    def __init__(self, commands: LockedCommands, modes: Modes | None = None) -> None:
        self._commands = commands
        self._context = commands.context
        self._modes = modes or Modes()

    async def apply(
        self,
        assignment: Assignment,
        officer_step: OfficerStep,
        attempt: int,
        acted_at: datetime | None = None,
    ) -> steps.StepOutcome:
        """Apply one step to a loaded assignment; raise Reject for a refused one.

        After a refusal nothing has changed. `acted_at` is when Kafka accepted the step, or None
        where that is unknown.
        """
        commands = self._commands
        command = commands.commands[assignment.command_id]
        try:
            outcome, changes = steps.apply_step(
                assignment,
                officer_step,
                attempt,
                commands.transaction.now,
                profile=commands.profiles.of(assignment.unit),
                level=command.level,
                command_open=command.state in OPEN,
                mode=self._modes.effective(assignment.status, assignment.unit),
                within=commands.finish_of_parent(assignment),
                acted_at=acted_at,
            )
            applied = outcome is steps.StepOutcome.APPLIED
            derived = self._derived(assignment, command, officer_step) if applied else []
        except IllegalStep as error:
            raise Reject(Reason.NOT_ALLOWED, str(error)) from error
        if officer_step.step is Step.REASSIGN:
            # The successor comes before the end of the old assignment: the parent must not seem
            # complete in between.
            self._save(derived, officer_step)
        for applied_step, updated in changes:
            commands.change(updated, applied_step.cause)
        if officer_step.step is Step.SPLIT:
            self._save(derived, officer_step)
        if applied and officer_step.step in _ENDS_PARTS:
            await self._end_parts(assignment, _ENDS_PARTS[officer_step.step], officer_step)
        if outcome is steps.StepOutcome.LATE:
            commands.add_late_step(assignment, officer_step, attempt)
        return outcome

    def _derived(
        self, previous: Assignment, command: Command, officer_step: OfficerStep
    ) -> list[Assignment]:
        """Return the assignments that follow from a step; raise IllegalStep or Reject."""
        match officer_step.step:
            case Step.SPLIT:
                return [
                    self._part(previous, command, unit, officer_step) for unit in officer_step.units
                ]
            case Step.REASSIGN:
                return [self._successor(previous, command, officer_step)]
            case _:
                return []

    def _save(self, derived: Sequence[Assignment], officer_step: OfficerStep) -> None:
        """Add new assignments; change those that exist already."""
        for assignment in derived:
            exists = assignment.assignment_id in self._commands.assignments
            save = self._commands.change if exists else self._commands.add
            save(assignment, officer_step.cause)

    def _part(
        self, parent: Assignment, command: Command, unit: str, officer_step: OfficerStep
    ) -> Assignment:
        """Return a new part for the unit, or the unit's done or returned part, re-opened."""
        commands = self._commands
        now = commands.transaction.now
        existing = commands.assignments.get(assignment_id(command.command_id, unit))
        if existing is None:
            self._check_unit(unit)
            recipient = self._context.tree.get(unit)
            terms = self._terms(command, unit, None)
            return part_of(parent, command, recipient, officer_step, now, terms)
        is_part = existing.parent_assignment_id == parent.assignment_id
        if not is_part or existing.state not in _REPEATABLE:
            raise IllegalStep(_has_assignment(existing))
        return steps.reopen_assignment(
            existing,
            officer_step.officer_id,
            officer_step.text,
            now,
            self._terms(command, unit, parent.finish_by),
        )

    def _successor(
        self, previous: Assignment, command: Command, officer_step: OfficerStep
    ) -> Assignment:
        commands = self._commands
        (unit,) = officer_step.units
        existing = commands.assignments.get(assignment_id(command.command_id, unit))
        if existing is not None:
            raise IllegalStep(_has_assignment(existing))
        self._check_unit(unit)
        return successor(
            previous,
            command,
            self._context.tree.get(unit),
            officer_step,
            commands.transaction.now,
            self._terms(command, unit, commands.finish_of_parent(previous)),
        )

    def _terms(self, command: Command, unit: str, within: datetime | None) -> DeadlineTerms:
        mode = self._modes.effective(command.status, unit)
        return DeadlineTerms(self._commands.profiles.of(unit), command.level, mode, within)

    def _check_unit(self, unit: str) -> None:
        if unit not in self._context.tree:
            raise Reject(Reason.UNKNOWN_SUBJECT, f"no unit {unit} in the catalogue")

    async def _end_parts(
        self, parent: Assignment, event: AssignmentTrigger, officer_step: OfficerStep
    ) -> None:
        """End the open parts with their parent. A parent that is done has optional parts alone."""
        if parent.children is None:
            return
        now = self._commands.transaction.now
        officer_id, text = officer_step.officer_id, officer_step.text
        for part in await self._commands.load_parts_below(parent.assignment_id):
            latest = self._commands.assignments[part.assignment_id]
            ended = steps.end_assignment(latest, event, officer_id, text, now)
            self._commands.change(ended, officer_step.cause)


def _has_assignment(existing: Assignment) -> str:
    return f"{existing.unit} has an assignment under this command, it is {existing.state}"
