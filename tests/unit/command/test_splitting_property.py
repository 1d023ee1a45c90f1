"""Split, returned, reassigned, suspended, late: random acts against a naive recount of the tree.

Whatever happens in whatever order, with repeats: counters and the progress of every whole equal a
recount written here without the product's functions, a whole is reported only when nothing
mandatory is open below it, every clock that runs has one timer, and nobody is both escalated and in
time.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.command.core.assignments.model import Assignment
from services.command.core.assignments.states import CHAIN, IllegalStep, State
from services.command.core.assignments.steps import StepOutcome
from services.command.core.commands import rollup
from services.command.core.supervision.deadlines import TimerKind
from shared.contracts.assignments import RECURRING, Step
from shared.contracts.ids import assignment_id
from tests.unit.command.books import OTHER_TOWN, RELEASED, Books
from tests.unit.command.builders import TOWN, VILLAGE

VILLAGES = tuple(f"500118118{200 + n}" for n in range(4))
GRIDS = tuple(f"{VILLAGE}/grid/00{n}" for n in (1, 2))
UNITS = st.sampled_from([TOWN, *VILLAGES, *GRIDS, OTHER_TOWN])
UNTIMED = (State.QUEUED, State.REPORTED, State.CHECKED, State.DONE, State.RETURNED)
NEXT = {
    State.DELIVERED: Step.SIGN,
    State.SIGNED: Step.REPORT,
    State.ACCEPTED: Step.HANDLE,
    State.HANDLING: Step.REPORT,
    State.REPORTED: Step.CHECK,
    State.CHECKED: Step.CLOSE,
    State.RETURNED: Step.SEND_BACK,
}
WORKING = (State.SIGNED, State.ACCEPTED, State.HANDLING)


def naive_progress(rows: list[Assignment]) -> dict[str, int]:
    """Return the progress of the parts, counted one by one."""
    counter = Counter(
        total=0, signed=0, reported=0, done=0, returned=0, overdue=0, released=0, owed=0
    )
    for row in rows:
        assignment_state = row.suspended_from if row.state is State.SUSPENDED else row.state
        counter["total"] += 1
        counter["signed"] += assignment_state in (
            *WORKING,
            State.REPORTED,
            State.CHECKED,
            State.DONE,
        )
        counter["reported"] += assignment_state in (State.REPORTED, State.CHECKED, State.DONE)
        counter["done"] += assignment_state is State.DONE
        counter["returned"] += assignment_state is State.RETURNED
        counter["released"] += assignment_state in RELEASED
        counter["owed"] += row.mandatory and assignment_state not in (State.DONE, *RELEASED)
        late_to_sign = row.sign_overdue and row.state is State.DELIVERED
        late_to_end = row.finish_overdue and row.state in (State.DELIVERED, *WORKING)
        counter["overdue"] += late_to_sign or late_to_end
    return dict(counter)


class Splitting(RuleBasedStateMachine):
    """Random acts of units, issuers and timers over a tree that grows."""

    @initialize(parts=st.integers(0, 3), optional=st.booleans())
    def start(self, parts: int, optional: bool) -> None:
        self.books = Books()
        self.escalated: set[tuple[str, int]] = set()
        self.sent: list[tuple[str, Step, int, dict[str, object]]] = []
        if parts:
            self.act(TOWN, Step.SIGN)
            self.split(TOWN, list(VILLAGES[:parts]), mandatory=True)
        if optional:
            self.books.now += timedelta(seconds=1)
            self.split(TOWN, [VILLAGES[3]], mandatory=False)

    def row(self, unit: str) -> Assignment | None:
        return self.books.rows.get(assignment_id("cmd-1", unit))

    def act(self, unit: str, step: Step, attempt: int = 0, **more: object) -> None:
        row = self.row(unit)
        if row is None:
            return
        attempt = attempt or row.attempt
        more.setdefault("number", row.version if step in RECURRING else 1)
        before = dict(self.books.rows)
        try:
            self.books.send(unit, step, attempt, **more)
        except IllegalStep:
            assert self.books.rows == before
            return
        self.sent.append((unit, step, attempt, more))
        after = self.books.rows[row.assignment_id]
        if step is Step.SIGN and after.signed_at and not row.signed_at and not after.late:
            assert (row.assignment_id, after.attempt) not in self.escalated

    @rule(unit=UNITS, step=st.sampled_from(CHAIN), back=st.integers(0, 1))
    def work(self, unit: str, step: Step, back: int) -> None:
        if (row := self.row(unit)) is not None:
            self.act(unit, step, max(1, row.attempt - back))

    @rule(unit=UNITS, times=st.integers(1, 4))
    def go_on(self, unit: str, times: int) -> None:
        """A unit and its issuer do what comes next, several times."""
        for _ in range(times):
            row = self.row(unit)
            if row is not None and (step := NEXT.get(row.state)) is not None:
                self.act(unit, step)

    @rule(times=st.integers(1, 4))
    def all_villages_go_on(self, times: int) -> None:
        for unit in (*GRIDS, *VILLAGES):
            self.go_on(unit, times)

    @rule(
        unit=UNITS,
        step=st.sampled_from(
            [Step.RETURN, Step.SEND_BACK, Step.CHECK, Step.CLOSE, Step.WAIVE, Step.RECALL]
        ),
    )
    def judge(self, unit: str, step: Step) -> None:
        self.act(unit, step)

    @rule(pick=st.integers(0, 9), units=st.sets(st.sampled_from(VILLAGES), min_size=1, max_size=3))
    def split_the_town(self, pick: int, units: set[str]) -> None:
        self.split(TOWN, sorted(units), mandatory=pick > 2)

    @rule(units=st.sets(st.sampled_from(GRIDS), min_size=1))
    def split_the_village(self, units: set[str]) -> None:
        if assignment_id("cmd-1", VILLAGE) in self.books.rows:
            self.split(VILLAGE, sorted(units), mandatory=True)

    def split(self, unit: str, units: list[str], *, mandatory: bool) -> None:
        parent = assignment_id("cmd-1", unit)
        for part_unit in units:
            existing_assignment = self.books.rows.get(assignment_id("cmd-1", part_unit))
            if existing_assignment is not None and (
                existing_assignment.parent_assignment_id != parent
                or existing_assignment.state not in (State.DONE, State.RETURNED)
            ):
                return  # the edge refuses it (tests/component/command/test_splitting.py)
        self.act(unit, Step.SPLIT, units=tuple(units), mandatory=mandatory)

    @rule(unit=UNITS, successor_unit=st.sampled_from(VILLAGES))
    def reassign(self, unit: str, successor_unit: str) -> None:
        if self.row(successor_unit) is None:
            self.act(unit, Step.REASSIGN, units=(successor_unit,))

    @rule(
        unit=UNITS,
        step=st.sampled_from(
            [Step.ASK_SUSPEND, Step.SUSPEND, Step.RESUME, Step.ASK_EXTEND, Step.EXTEND, Step.REFUSE]
        ),
        seconds=st.sampled_from([5, 40, 200, 4000]),
    )
    def deal(self, unit: str, step: Step, seconds: int) -> None:
        until: datetime | None = self.books.now + timedelta(seconds=seconds)
        if step in (Step.RESUME, Step.REFUSE) or (step is Step.EXTEND and seconds == 200):
            until = None
        self.act(unit, step, until=until)

    @rule(choice=st.randoms(use_true_random=False))
    def repeat(self, choice: object) -> None:
        if not self.sent:
            return
        unit, step, attempt, more = choice.choice(self.sent)  # type: ignore[attr-defined]
        before = dict(self.books.rows)
        try:
            outcome = self.books.send(unit, step, attempt, **more)
        except IllegalStep:
            outcome = StepOutcome.REPEATED
        if outcome in (StepOutcome.REPEATED, StepOutcome.LATE):
            assert self.books.rows == before

    @rule(seconds=st.sampled_from([1, 5, 11, 30, 300]))
    def wait(self, seconds: int) -> None:
        self.books.now += timedelta(seconds=seconds)

    @rule()
    def sweep(self) -> None:
        self.escalated |= set(self.books.sweep())

    @invariant()
    def every_roll_up_equals_a_recount(self) -> None:
        rows = list(self.books.rows.values())
        assert self.books.counts == rollup.recount(rows)
        for parent in rows:
            parts = [row for row in rows if row.parent_assignment_id == parent.assignment_id]
            if parts:
                assert parent.children is not None
                assert parent.children.model_dump() == naive_progress(parts)
                assert rollup.progress(parts) == parent.children
            else:
                assert parent.children is None

    @invariant()
    def a_whole_is_reported_only_when_nothing_mandatory_is_open_below(self) -> None:
        for parent in self.books.rows.values():
            waits = any(act.step is Step.REPORT for act in parent.waiting_steps)
            if parent.state in (State.REPORTED, State.CHECKED, State.DONE):
                assert not parent.owed_parts
            if waits and parent.state in WORKING:
                assert parent.owed_parts
            if parent.state in (*RELEASED, State.RETURNED):
                assert not self.books.below(parent)

    @invariant()
    def a_running_clock_has_one_timer_and_a_standing_one_none(self) -> None:
        for row in self.books.rows.values():
            name = row.assignment_id
            armed = {kind for subject, kind in self.books.armed if subject == name}
            paused = {kind for subject, kind in self.books.paused if subject == name}
            if row.state is State.SUSPENDED:
                assert armed == {TimerKind.RESUME}
                unsigned = row.suspended_from is State.DELIVERED
                assert (TimerKind.SIGN_ESCALATE in paused) == unsigned
                continue
            assert not paused
            assert TimerKind.RESUME not in armed
            assert (TimerKind.SIGN_ESCALATE in armed) == (row.state is State.DELIVERED)
            finishing = armed & {TimerKind.FINISH_DUE_SOON, TimerKind.FINISH_OVERDUE}
            runs = row.state in WORKING or (row.state is State.DELIVERED and not row.finish_overdue)
            assert len(finishing) == runs
            if row.state in (*UNTIMED, *RELEASED):
                assert not armed


TestSplitting = Splitting.TestCase
TestSplitting.settings = settings(max_examples=120, stateful_step_count=50, deadline=None)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_order_and_repetition_of_a_split_command_do_not_matter(data: st.DataObject) -> None:
    units = (TOWN, *VILLAGES[:2])
    chain = st.tuples(st.sampled_from(units), st.sampled_from(CHAIN))
    sent = data.draw(st.lists(chain, max_size=14))
    repeats = data.draw(st.lists(st.sampled_from(sent), max_size=6)) if sent else []
    first, second = play(sent), play(data.draw(st.permutations(sent + repeats)))
    assert first == second


def play(sent: list[tuple[str, Step]]) -> dict[str, tuple[State, object]]:
    """The states and the progress after these steps, and the check and closing of what is ready."""
    books = Books()
    books.send(TOWN, Step.SIGN, 1)
    books.send(TOWN, Step.SPLIT, 1, units=VILLAGES[:2])
    for unit, step in sent:
        books.send(unit, step, 1)
    for step in (Step.CHECK, Step.CLOSE):
        for unit in VILLAGES[:2]:
            if books.rows[assignment_id("cmd-1", unit)].state in (State.REPORTED, State.CHECKED):
                books.send(unit, step, 1)
    results: dict[str, tuple[State, object]] = {
        row.unit: (row.state, row.children) for row in books.rows.values()
    }
    parts_done = all(results[unit][0] is State.DONE for unit in VILLAGES[:2])
    assert (results[TOWN][0] is State.REPORTED) == (parts_done and (TOWN, Step.REPORT) in sent)
    return results
