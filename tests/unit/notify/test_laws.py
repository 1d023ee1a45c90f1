"""Whatever happens in whatever order, the desk keeps its laws."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.notify.core import ladders, states
from services.notify.core.book import PHASES, Book, Phase
from services.notify.core.desk import Desk
from services.notify.core.ladders import LadderState
from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.commands import AssignmentState, SupervisionKind
from shared.contracts.fields import Level, Post
from shared.contracts.pages import AnswerVerb, PageState
from tests.unit.notify.builders import (
    BOTH,
    CITY,
    DISTRICT,
    TOWN,
    UNITS,
    VILLAGE,
    a_book,
    a_desk,
    a_slot,
    a_supervision,
    an_alert,
    an_answer,
    an_assignment,
    full_roster,
)

KINDS = {
    LadderState.OPEN: "answer",
    LadderState.EXHAUSTED: "last",
    LadderState.ANSWERED: "promise",
}


class DutyDesk(RuleBasedStateMachine):
    """One alert and one assignment, a changing roster, people who answer or do not."""

    def __init__(self) -> None:
        super().__init__()
        self.book: Book = a_book()
        self.roster = full_roster(channels=BOTH)
        self.desk: Desk = a_desk(self.roster, self.book)
        self.alert_version = self.assignment_version = 0
        self.rung = 0
        self.attempt = 1

    @initialize()
    def begin(self) -> None:
        self.alert_version += 1
        self.desk.on_alert(an_alert(self.alert_version))

    @rule(
        transition=st.sampled_from(list(AlertTransition)),
        state=st.sampled_from(list(AlertState)),
        level=st.sampled_from([None, *Level]),
        proposed=st.sampled_from([None, *Level]),
        approver=st.sampled_from([DISTRICT, CITY]),
    )
    def alert(
        self,
        transition: AlertTransition,
        state: AlertState,
        level: Level | None,
        proposed: Level | None,
        approver: str,
    ) -> None:
        self.alert_version += 1
        event = an_alert(
            self.alert_version,
            transition,
            state,
            level=level,
            proposed=proposed,
            approver=approver,
            at=self.book.now,
        )
        self.desk.on_alert(event)

    @rule(state=st.sampled_from(list(AssignmentState)), again=st.booleans())
    def assignment(self, state: AssignmentState, again: bool) -> None:
        self.assignment_version += 1
        self.attempt += again and state is AssignmentState.DELIVERED
        self.desk.on_assignment(
            an_assignment(VILLAGE, state, self.assignment_version, attempt=self.attempt)
        )

    @rule(
        unit=st.sampled_from([VILLAGE, TOWN, DISTRICT, CITY]),
        post=st.sampled_from(list(Post)),
        clock=st.sampled_from(["sign", "finish"]),
    )
    def supervision(self, unit: str, post: Post, clock: str) -> None:
        self.rung = min(self.rung + 1, 20)
        self.desk.on_supervision(
            a_supervision(VILLAGE, unit, post, SupervisionKind.ESCALATED, self.rung, clock=clock)
        )

    @rule(unit=st.sampled_from(UNITS), post=st.sampled_from(list(Post)), filled=st.booleans())
    def roster_changes(self, unit: str, post: Post, filled: bool) -> None:
        self.roster.put(a_slot(unit, post, f"new-{post}" if filled else None, BOTH))

    @precondition(lambda self: self.book.pages)
    @rule(data=st.data(), verb=st.sampled_from(list(AnswerVerb)))
    def answer(self, data: st.DataObject, verb: AnswerVerb) -> None:
        number = data.draw(st.sampled_from(sorted(self.book.pages)))
        line = self.book.pages[number]
        self.desk.on_answer(an_answer(line.page, verb))
        if verb is AnswerVerb.COMING:
            ladder = self.book.ladders[line.ladder_id]
            assert ladder.state not in ladders.LIVE, "an answer stops the ladder"
            assert not self.book.waiting(ladder), "and all its pages"

    @precondition(lambda self: self.waiting_elsewhere())
    @rule(data=st.data())
    def a_carrier_refuses(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.waiting_elsewhere()))
        self.desk.on_failure(self.book.pages[number], "status 410")
        assert self.book.pages[number].page.reason == "status 410"

    def waiting_elsewhere(self) -> list[str]:
        return sorted(
            number
            for number, line in self.book.pages.items()
            if line.page.state is PageState.QUEUED
        )

    @precondition(lambda self: any(ladder.due_at for ladder in self.book.ladders.values()))
    @rule()
    def time_passes(self) -> None:
        due = min(
            (ladder for ladder in self.book.ladders.values() if ladder.due_at is not None),
            key=lambda ladder: (ladder.due_at, ladder.ladder_id),
        )
        assert due.due_at is not None
        self.book.now = max(self.book.now, due.due_at) + timedelta(milliseconds=100)
        before = due.step
        kind = KINDS[due.state]
        self.desk.on_timer(due.ladder_id, kind, due.step)
        moved = due.step > before or due.due_at is None
        assert moved, "a fired timer is followed by another call or by the end"

    @invariant()
    def an_open_ladder_has_a_timer_and_a_closed_one_has_none(self) -> None:
        for ladder in self.book.ladders.values():
            if ladder.state is LadderState.OPEN:
                assert ladder.due_at is not None
            elif ladder.state is LadderState.CLOSED:
                assert ladder.due_at is None

    @invariant()
    def nobody_waits_on_a_ladder_that_is_over(self) -> None:
        for ladder in self.book.ladders.values():
            if ladder.state in (LadderState.ANSWERED, LadderState.CLOSED):
                assert not self.book.waiting(ladder)

    @invariant()
    def no_person_is_paged_twice_for_one_call(self) -> None:
        pages = [(line.ladder_id, line.page) for line in self.book.pages.values()]
        keys = {(ladder, p.officer_id, p.channel, p.round) for ladder, p in pages}
        assert len(keys) == len(pages)
        # `round` counts per person: a post that changed hands is called again as round 1.
        assert {line.page.page_id for line in self.book.pages.values()} == set(self.book.pages)

    @invariant()
    def versions_have_no_gap(self) -> None:
        seen: dict[str, int] = {}
        for page in self.book.events:
            assert page.version == seen.get(page.page_id, 0) + 1
            seen[page.page_id] = page.version

    @invariant()
    def a_settled_assignment_calls_nobody_to_sign(self) -> None:
        memory = next(iter(self.book.assignments.values()), None)
        if memory is None or memory.phase is Phase.WAITING:
            return
        assert memory.phase in set(PHASES.values())
        for ladder in self.book.ladders.values():
            if ladder.assignment_id == memory.assignment_id and ladder.purpose == "sign":
                assert ladder.state not in ladders.LIVE

    @invariant()
    def final_pages_stay(self) -> None:
        for line in self.book.pages.values():
            if line.page.state in states.FINAL:
                assert states.TRANSITIONS[line.page.state] == {}


TestDutyDesk = DutyDesk.TestCase
TestDutyDesk.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
