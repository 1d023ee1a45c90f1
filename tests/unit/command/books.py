"""All assignments of one command in memory, kept by the core's functions as session.py keeps rows."""

from __future__ import annotations

from datetime import timedelta

from msgspec import structs

from services.command.core import rollup, steps
from services.command.core.deadlines import CLOCKS, Arm, Clocks, TimerKind, started, stopped
from services.command.core.model import Act, Assignment
from services.command.core.parts import part_of, passed_up, successor
from services.command.core.profiles import PROFILES, ProfileName
from services.command.core.states import Event, State
from services.command.core.steps import Outcome, take
from services.command.core.supervision import Due, fire
from shared.contracts.commands import REASONED, RECURRING, Step
from shared.contracts.fields import Level, Post
from shared.contracts.ids import assignment_id
from shared.contracts.units import parent_of, tier_of
from shared.domain.selection.tree import Recipient
from tests.unit.command.builders import DISTRICT, NOW, TOWN, a_command, an_assignment

DEMO = PROFILES[ProfileName.DEMO]
CLOCKS_NOW = Clocks(DEMO, Level.RED)
COMMAND = a_command()
OTHER_TOWN = "500118001000"
LADDER = ((TOWN, Post.B), (TOWN, Post.A), (DISTRICT, Post.B))
GONE = (State.WAIVED, State.REASSIGNED, State.RECALLED)


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
    """All assignments of one command in memory, kept as services/command/{session,stepping} do."""

    def __init__(self) -> None:
        self.now = NOW
        first = [root(TOWN), root(OTHER_TOWN)]
        self.rows = {assignment.assignment_id: assignment for assignment in first}
        self.counts: rollup.Rollup = rollup.recount(first)
        self.armed: dict[tuple[str, TimerKind], Arm] = {}
        self.paused: dict[tuple[str, TimerKind], Arm] = {}
        for assignment in first:
            self._time(None, assignment)

    def below(self, whole: Assignment) -> list[Assignment]:
        """Live parts at any depth, wholes before parts."""
        results = []
        for row in list(self.rows.values()):
            if row.parent_assignment_id == whole.assignment_id:
                results += [row] if row.state not in (*GONE, State.DONE) else []
                results += self.below(row)
        return sorted(results, key=lambda item: len(item.unit.rstrip("0")))

    def put(self, before: Assignment | None, after: Assignment) -> None:
        self._put(before, after)
        for _, whole in passed_up(self.rows, before, after, self.now):
            self._put(self.rows[whole.assignment_id], whole)

    def send(self, unit: str, step: Step, attempt: int, **more: object) -> Outcome:
        """A step on the unit's assignment; raises IllegalStep."""
        before = self.rows[assignment_id("cmd-1", unit)]
        number = before.version if step in RECURRING else 1
        text = "原因" if step in REASONED else ""
        act = Act(step, f"ack-{step}", "officer-1", DISTRICT, text, NOW, number)
        act = structs.replace(act, **more)
        whole = self.rows.get(before.parent_assignment_id or "")
        limit = whole.finish_by if whole else None
        outcome, changes = take(
            before, act, attempt, self.now, profile=DEMO, level=Level.RED, within=limit
        )
        if outcome in (Outcome.REPEATED, Outcome.LATE):
            assert not changes
            return outcome
        if outcome is Outcome.APPLIED and step is Step.REASSIGN:
            (other,) = act.units
            new = successor(
                before,
                COMMAND,
                recipient(other),
                act,
                self.now,
                Clocks(DEMO, Level.RED, within=limit),
            )
            self.put(None, new)
        for _, after in changes:
            self.put(self.rows[after.assignment_id], after)
        if outcome is Outcome.APPLIED:
            self._follow(before, act)
        return outcome

    def sweep(self) -> list[tuple[str, int]]:
        """Fire what is due; (assignment, attempt) of those that are now overdue for signing."""
        due = [arm for arm in self.armed.values() if arm.due_at <= self.now]
        for one in due:
            del self.armed[one.subject_id, one.kind]
        escalated = []
        for subject in {arm.subject_id for arm in due}:
            row = self.rows[subject]
            claimed = [Due(t.kind, t.rung, t.due_at) for t in due if t.subject_id == subject]
            fired = fire(row, claimed, LADDER, DEMO, Level.RED, self.now)
            if fired.assignment.sign_overdue:
                escalated.append((subject, row.attempt))
            if fired.assignment is not row:
                self.put(row, fired.assignment)
            for _, after in fired.woken:
                self.put(self.rows[subject], after)
            for timer in fired.arm:
                self.armed[timer.subject_id, timer.kind] = timer
        return escalated

    def _follow(self, before: Assignment, act: Act) -> None:
        match act.step:
            case Step.SPLIT:
                for unit in act.units:
                    existing_assignment = self.rows.get(assignment_id("cmd-1", unit))
                    if existing_assignment is None:
                        part = part_of(before, COMMAND, recipient(unit), act, self.now, CLOCKS_NOW)
                        self.put(None, part)
                    else:
                        again = steps.reopen(
                            existing_assignment, "officer-1", "", self.now, CLOCKS_NOW
                        )
                        self.put(existing_assignment, again)
            case Step.REASSIGN | Step.WAIVE | Step.RECALL:
                self._end(before, Event.RECALL)
            case Step.CLOSE:
                self._end(before, Event.WAIVE)
            case _:
                pass

    def _end(self, whole: Assignment, event: Event) -> None:
        for part in self.below(whole):
            latest = self.rows[part.assignment_id]
            self.put(latest, steps.end(latest, event, "officer-1", "", self.now))

    def _put(self, before: Assignment | None, after: Assignment) -> None:
        self.counts = rollup.changed(self.counts, before, after)
        self.rows[after.assignment_id] = after
        self._time(before, after)

    def _time(self, before: Assignment | None, after: Assignment) -> None:
        name = after.assignment_id
        if before is not None:
            for kind in stopped(before, after):
                self.armed.pop((name, kind), None)
                self.paused.pop((name, kind), None)
            if before.suspended_at is not None and after.suspended_at is None:
                later = timedelta(seconds=after.suspended_s - before.suspended_s)
                for key in [key for key in self.paused if key[0] == name]:
                    timer = self.paused.pop(key)
                    self.armed[key] = structs.replace(timer, due_at=timer.due_at + later)
        for timer in started(before, after, DEMO):
            self.armed[timer.subject_id, timer.kind] = timer
        if after.suspended_at is not None:
            for key in [key for key in self.armed if key[0] == name and key[1] in CLOCKS]:
                self.paused[key] = self.armed.pop(key)
