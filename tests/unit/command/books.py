"""All assignments of one command in memory, changed by the core's functions."""

from __future__ import annotations

from datetime import timedelta

from msgspec import structs

from services.command.core.assignments import steps
from services.command.core.assignments.model import Assignment, OfficerStep
from services.command.core.assignments.parts import part_of, passed_up, successor
from services.command.core.assignments.states import AssignmentTrigger, State
from services.command.core.assignments.steps import StepOutcome, apply_step
from services.command.core.commands import rollup
from services.command.core.supervision.deadlines import (
    CLOCK_TIMERS,
    DeadlineTerms,
    NewTimer,
    TimerKind,
    new_timers,
    void_timers,
)
from services.command.core.supervision.firing import DueTimer, fire_assignment
from shared.contracts.assignments import REASONED, RECURRING, Step
from shared.contracts.fields import Level, Post
from shared.contracts.ids import assignment_id
from shared.contracts.units import parent_of, tier_of
from shared.domain.selection.tree import Recipient
from tests.support.profiles import DEMO
from tests.unit.command.builders import DISTRICT, NOW, TOWN, a_command, an_assignment

CLOCKS_NOW = DeadlineTerms(DEMO, Level.RED)
COMMAND = a_command()
OTHER_TOWN = "500118001000"
LADDER = ((TOWN, Post.B), (TOWN, Post.A), (DISTRICT, Post.B))
RELEASED = (State.WAIVED, State.REASSIGNED, State.RECALLED)


def recipient(unit: str) -> Recipient:
    return Recipient(unit, tier_of(unit), parent_of(unit), False)


def root(unit: str) -> Assignment:
    return an_assignment(
        assignment_id=assignment_id("cmd-1", unit),
        unit=unit,
        unit_tier=tier_of(unit),
        parent_unit=parent_of(unit),
    )


class Books:
    """All assignments of one command in memory, as the unit of work has them."""

    def __init__(self) -> None:
        self.now = NOW
        first = [root(TOWN), root(OTHER_TOWN)]
        self.rows = {assignment.assignment_id: assignment for assignment in first}
        self.counts: rollup.Rollup = rollup.recount(first)
        self.armed: dict[tuple[str, TimerKind], NewTimer] = {}
        self.paused: dict[tuple[str, TimerKind], NewTimer] = {}
        for assignment in first:
            self._time(None, assignment)

    def below(self, parent: Assignment) -> list[Assignment]:
        """Live parts at any depth, wholes before parts."""
        results = []
        for row in list(self.rows.values()):
            if row.parent_assignment_id == parent.assignment_id:
                results += [row] if row.state not in (*RELEASED, State.DONE) else []
                results += self.below(row)
        return sorted(results, key=lambda item: len(item.unit.rstrip("0")))

    def put(self, before: Assignment | None, after: Assignment) -> None:
        self._put(before, after)
        for _, parent in passed_up(self.rows, before, after, self.now):
            self._put(self.rows[parent.assignment_id], parent)

    def send(self, unit: str, step: Step, attempt: int, **more: object) -> StepOutcome:
        """A step on the unit's assignment; raises IllegalStep."""
        before = self.rows[assignment_id("cmd-1", unit)]
        number = before.version if step in RECURRING else 1
        text = "原因" if step in REASONED else ""
        act = OfficerStep(step, f"ack-{step}", "officer-1", DISTRICT, text, NOW, number)
        act = structs.replace(act, **more)
        parent = self.rows.get(before.parent_assignment_id or "")
        limit = parent.finish_by if parent else None
        outcome, changes = apply_step(
            before, act, attempt, self.now, profile=DEMO, level=Level.RED, within=limit
        )
        if outcome in (StepOutcome.REPEATED, StepOutcome.LATE):
            assert not changes
            return outcome
        if outcome is StepOutcome.APPLIED and step is Step.REASSIGN:
            (unit_id,) = act.units
            new = successor(
                before,
                COMMAND,
                recipient(unit_id),
                act,
                self.now,
                DeadlineTerms(DEMO, Level.RED, within=limit),
            )
            self.put(None, new)
        for _, after in changes:
            self.put(self.rows[after.assignment_id], after)
        if outcome is StepOutcome.APPLIED:
            self._follow(before, act)
        return outcome

    def sweep(self) -> list[tuple[str, int]]:
        """Fire what is due; (assignment, attempt) of those that are now overdue for signing."""
        due = [arm for arm in self.armed.values() if arm.due_at <= self.now]
        for timer in due:
            del self.armed[timer.subject_id, timer.kind]
        escalated = []
        for subject in {arm.subject_id for arm in due}:
            row = self.rows[subject]
            claimed = [DueTimer(t.kind, t.rung, t.due_at) for t in due if t.subject_id == subject]
            fired = fire_assignment(row, claimed, LADDER, DEMO, Level.RED, self.now)
            if fired.assignment.sign_overdue:
                escalated.append((subject, row.attempt))
            if fired.assignment is not row:
                self.put(row, fired.assignment)
            for _, after in fired.resumed:
                self.put(self.rows[subject], after)
            for timer in fired.new_timers:
                self.armed[timer.subject_id, timer.kind] = timer
        return escalated

    def _follow(self, before: Assignment, act: OfficerStep) -> None:
        match act.step:
            case Step.SPLIT:
                for unit in act.units:
                    existing_assignment = self.rows.get(assignment_id("cmd-1", unit))
                    if existing_assignment is None:
                        part = part_of(before, COMMAND, recipient(unit), act, self.now, CLOCKS_NOW)
                        self.put(None, part)
                    else:
                        reopened = steps.reopen_assignment(
                            existing_assignment, "officer-1", "", self.now, CLOCKS_NOW
                        )
                        self.put(existing_assignment, reopened)
            case Step.REASSIGN | Step.WAIVE | Step.RECALL:
                self._end(before, AssignmentTrigger.RECALL)
            case Step.CLOSE:
                self._end(before, AssignmentTrigger.WAIVE)
            case _:
                pass

    def _end(self, parent: Assignment, event: AssignmentTrigger) -> None:
        for part in self.below(parent):
            latest = self.rows[part.assignment_id]
            self.put(latest, steps.end_assignment(latest, event, "officer-1", "", self.now))

    def _put(self, before: Assignment | None, after: Assignment) -> None:
        self.counts = rollup.with_change(self.counts, before, after)
        self.rows[after.assignment_id] = after
        self._time(before, after)

    def _time(self, before: Assignment | None, after: Assignment) -> None:
        name = after.assignment_id
        if before is not None:
            for kind in void_timers(before, after):
                self.armed.pop((name, kind), None)
                self.paused.pop((name, kind), None)
            if before.suspended_at is not None and after.suspended_at is None:
                later = timedelta(seconds=after.suspended_s - before.suspended_s)
                for key in [key for key in self.paused if key[0] == name]:
                    timer = self.paused.pop(key)
                    self.armed[key] = structs.replace(timer, due_at=timer.due_at + later)
        for timer in new_timers(before, after, DEMO):
            self.armed[timer.subject_id, timer.kind] = timer
        if after.suspended_at is not None:
            for key in [key for key in self.armed if key[0] == name and key[1] in CLOCK_TIMERS]:
                self.paused[key] = self.armed.pop(key)
