"""Any order, repetition or delay of acknowledgements gives the same roll-up."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from services.command.core.assignments.model import Assignment
from services.command.core.assignments.states import (
    CHAIN,
    FINISH_RUNS,
    SIGN_RUNS,
    IllegalStep,
    State,
)
from services.command.core.assignments.steps import StepOutcome, apply_step
from services.command.core.commands import rollup
from services.command.core.supervision.deadlines import (
    TimerKind,
    first_timers,
    new_timers,
    void_timers,
)
from services.command.core.supervision.firing import DueTimer, fire_assignment
from shared.contracts.assignments import Step
from shared.contracts.fields import Level, Post, Tier
from tests.support.profiles import DEMO
from tests.unit.command.builders import NOW, VILLAGE, an_act, an_assignment

LADDER = ((VILLAGE, Post.B), (VILLAGE, Post.A), (VILLAGE, Post.COMMANDER))
TIERS = (Tier.TOWN, Tier.VILLAGE, Tier.VILLAGE, Tier.MICROGRID)
SENT = st.tuples(st.integers(0, len(TIERS) - 1), st.sampled_from([*CHAIN, Step.CHECK, Step.CLOSE]))


def fresh() -> list[Assignment]:
    return [an_assignment(assignment_id=f"asg-{n}", unit_tier=TIER) for n, TIER in enumerate(TIERS)]


def play(sent: list[tuple[int, Step]]) -> rollup.Rollup:
    """The roll-up after the recipients' steps in this order."""
    assignments = fresh()
    counts: rollup.Rollup = rollup.recount(assignments)
    for number, (index, step) in enumerate(sent):
        now = NOW + timedelta(seconds=number)
        _, changes = apply_step(
            assignments[index], an_act(step), 1, now, profile=DEMO, level=Level.RED
        )
        for _, after in changes:
            counts = rollup.with_change(counts, assignments[index], after)
            assignments[index] = after
    assert counts == rollup.recount(assignments)
    return counts


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_order_and_repetition_do_not_matter(data: st.DataObject) -> None:
    chain = st.tuples(st.integers(0, len(TIERS) - 1), st.sampled_from(CHAIN))
    sent = data.draw(st.lists(chain, max_size=16))
    repeats = data.draw(st.lists(st.sampled_from(sent), max_size=8)) if sent else []
    permuted = data.draw(st.permutations(sent + repeats))
    assert play(sent) == play(permuted)


class Assignments(RuleBasedStateMachine):
    """Every step at any time, sweeps in between; counters and timers must follow."""

    @initialize()
    def start(self) -> None:
        self.now = NOW
        self.rows = fresh()
        self.counts: rollup.Rollup = rollup.recount(self.rows)
        self.sent: list[tuple[int, Step, int]] = []
        self.armed = {
            (first_timer.subject_id, first_timer.kind): first_timer
            for row in self.rows
            for first_timer in first_timers(row, DEMO, NOW)
        }
        self.escalated: dict[tuple[str, int], bool] = {}

    def put(self, index: int, after: Assignment) -> None:
        before = self.rows[index]
        self.counts = rollup.with_change(self.counts, before, after)
        self.rows[index] = after
        for kind in void_timers(before, after):
            self.armed.pop((after.assignment_id, kind), None)
        for arm in new_timers(before, after, DEMO):
            self.armed[arm.subject_id, arm.kind] = arm

    def send(self, index: int, step: Step, attempt: int) -> StepOutcome | None:
        before = self.rows[index]
        act = replace(an_act(step), text="原因")
        try:
            outcome, changes = apply_step(
                before, act, attempt, self.now, profile=DEMO, level=Level.RED
            )
        except IllegalStep:
            assert self.rows[index] is before
            return None
        if outcome in (StepOutcome.REPEATED, StepOutcome.LATE):
            assert not changes
        for _, after in changes:
            self.put(index, after)
        if changes and step is Step.SIGN and not self.rows[index].late:
            assert not self.escalated.get((before.assignment_id, attempt))
        return outcome

    @rule(index=st.integers(0, len(TIERS) - 1), step=st.sampled_from(Step), back=st.integers(0, 1))
    def acknowledge(self, index: int, step: Step, back: int) -> None:
        attempt = max(1, self.rows[index].attempt - back)
        if self.send(index, step, attempt) is not None:
            self.sent.append((index, step, attempt))

    @rule(choice=st.randoms(use_true_random=False))
    def repeat(self, choice: object) -> None:
        if self.sent:
            index, step, attempt = choice.choice(self.sent)  # type: ignore[attr-defined]
            before = self.rows[index]
            outcome = self.send(index, step, attempt)
            if outcome is not StepOutcome.APPLIED:
                assert self.rows[index] == before

    @rule(seconds=st.sampled_from([1, 5, 11, 30, 300]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def sweep(self) -> None:
        due = [arm for arm in self.armed.values() if arm.due_at <= self.now]
        for timer in due:
            del self.armed[timer.subject_id, timer.kind]
        for index, row in enumerate(self.rows):
            claimed = [
                DueTimer(arm.kind, arm.rung, arm.due_at)
                for arm in due
                if arm.subject_id == row.assignment_id
            ]
            fired = fire_assignment(row, claimed, LADDER, DEMO, Level.RED, self.now)
            if fired.assignment.sign_overdue:
                self.escalated[row.assignment_id, row.attempt] = True
            self.put(index, fired.assignment)
            for timer in fired.new_timers:
                assert timer.due_at > self.now
                self.armed[timer.subject_id, timer.kind] = timer

    @invariant()
    def counters_equal_a_recount(self) -> None:
        assert self.counts == rollup.recount(self.rows)

    @invariant()
    def a_running_clock_has_one_timer(self) -> None:
        for row in self.rows:
            name = row.assignment_id
            signing = (name, TimerKind.SIGN_ESCALATE) in self.armed
            assert signing == (row.state in SIGN_RUNS)
            finishing = [
                kind
                for kind in (TimerKind.FINISH_DUE_SOON, TimerKind.FINISH_OVERDUE)
                if (name, kind) in self.armed
            ]
            runs = row.state in FINISH_RUNS and not (row.state in SIGN_RUNS and row.finish_overdue)
            assert len(finishing) == runs
            assert not row.waiting_steps or row.state is State.DELIVERED


TestAssignments = Assignments.TestCase
TestAssignments.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
