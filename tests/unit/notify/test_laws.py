"""Laws of calling that hold for any records, answers and timers in any order."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.notify.core.escalation import states as escalation_states
from services.notify.core.escalation.states import EscalationState
from services.notify.core.pages import states
from services.notify.core.subjects.snapshots import PHASES, AssignmentPhase
from services.notify.core.working_set import WorkingSet
from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Level, Post
from shared.contracts.pages import AnswerVerb, PageState
from shared.contracts.supervision import SupervisionKind
from tests.unit.notify.builders import (
    CITY,
    CONSOLE_AND_WEBHOOK,
    DISTRICT,
    TOWN,
    UNITS,
    VILLAGE,
    a_slot,
    a_supervision,
    an_alert,
    an_answer,
    an_assignment,
    full_roster,
)
from tests.unit.notify.core_harness import CoreHarness, a_core, a_working_set

KINDS = {
    EscalationState.OPEN: "answer",
    EscalationState.EXHAUSTED: "last",
    EscalationState.ANSWERED: "promise",
}


class CallingMachine(RuleBasedStateMachine):
    """One alert and one assignment, a changing roster, officers who answer or do not."""

    def __init__(self) -> None:
        super().__init__()
        self.working_set: WorkingSet = a_working_set()
        self.roster = full_roster(channels=CONSOLE_AND_WEBHOOK)
        self.core: CoreHarness = a_core(self.roster, self.working_set)
        self.alert_version = self.assignment_version = 0
        self.level = 0
        self.attempt = 1

    @initialize()
    def begin(self) -> None:
        self.alert_version += 1
        self.core.on_alert(an_alert(self.alert_version))

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
            at=self.working_set.now,
        )
        self.core.on_alert(event)

    @rule(state=st.sampled_from(list(AssignmentState)), new_attempt=st.booleans())
    def assignment(self, state: AssignmentState, new_attempt: bool) -> None:
        self.assignment_version += 1
        self.attempt += new_attempt and state is AssignmentState.DELIVERED
        self.core.on_assignment(
            an_assignment(VILLAGE, state, self.assignment_version, attempt=self.attempt)
        )

    @rule(
        unit=st.sampled_from([VILLAGE, TOWN, DISTRICT, CITY]),
        post=st.sampled_from(list(Post)),
        clock=st.sampled_from(["sign", "finish"]),
    )
    def supervision(self, unit: str, post: Post, clock: str) -> None:
        self.level = min(self.level + 1, 20)
        self.core.on_supervision(
            a_supervision(VILLAGE, unit, post, SupervisionKind.ESCALATED, self.level, clock=clock)
        )

    @rule(unit=st.sampled_from(UNITS), post=st.sampled_from(list(Post)), filled=st.booleans())
    def roster_changes(self, unit: str, post: Post, filled: bool) -> None:
        self.roster.add(a_slot(unit, post, f"new-{post}" if filled else None, CONSOLE_AND_WEBHOOK))

    @precondition(lambda self: self.working_set.pages)
    @rule(data=st.data(), verb=st.sampled_from(list(AnswerVerb)))
    def answer(self, data: st.DataObject, verb: AnswerVerb) -> None:
        number = data.draw(st.sampled_from(sorted(self.working_set.pages)))
        page_row = self.working_set.pages[number]
        self.core.on_answer(an_answer(page_row.page, verb))
        if verb is AnswerVerb.COMING:
            escalation = self.working_set.escalations[page_row.escalation_id]
            assert escalation.state not in escalation_states.LIVE, "an answer stops the escalation"
            assert not self.working_set.unanswered_pages(escalation), "and all its pages"

    @precondition(lambda self: self.queued_pages())
    @rule(data=st.data())
    def a_carrier_refuses(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.queued_pages()))
        self.core.on_failure(self.working_set.pages[number], "status 410")
        assert self.working_set.pages[number].page.reason == "status 410"

    def queued_pages(self) -> list[str]:
        return sorted(
            number
            for number, page_row in self.working_set.pages.items()
            if page_row.page.state is PageState.QUEUED
        )

    @precondition(
        lambda self: any(escalation.due_at for escalation in self.working_set.escalations.values())
    )
    @rule()
    def time_passes(self) -> None:
        due = min(
            (
                escalation
                for escalation in self.working_set.escalations.values()
                if escalation.due_at is not None
            ),
            key=lambda escalation: (escalation.due_at, escalation.escalation_id),
        )
        assert due.due_at is not None
        self.working_set.now = max(self.working_set.now, due.due_at) + timedelta(milliseconds=100)
        before = due.step
        kind = KINDS[due.state]
        self.core.on_timer(due.escalation_id, kind, due.step)
        moved = due.step > before or due.due_at is None
        assert moved, "a fired timer is followed by another call or by the end"

    @invariant()
    def an_open_escalation_has_a_timer_and_a_closed_one_has_none(self) -> None:
        for escalation in self.working_set.escalations.values():
            if escalation.state is EscalationState.OPEN:
                assert escalation.due_at is not None
            elif escalation.state is EscalationState.CLOSED:
                assert escalation.due_at is None

    @invariant()
    def an_ended_escalation_has_no_unanswered_page(self) -> None:
        for escalation in self.working_set.escalations.values():
            if escalation.state in (EscalationState.ANSWERED, EscalationState.CLOSED):
                assert not self.working_set.unanswered_pages(escalation)

    @invariant()
    def no_officer_is_paged_twice_for_one_call(self) -> None:
        pages = [
            (page_row.escalation_id, page_row.page) for page_row in self.working_set.pages.values()
        ]
        keys = {(escalation, p.officer_id, p.channel, p.round) for escalation, p in pages}
        assert len(keys) == len(pages)
        # `round` counts per officer: a new holder of the post is called in round 1.
        assert {page_row.page.page_id for page_row in self.working_set.pages.values()} == set(
            self.working_set.pages
        )

    @invariant()
    def versions_have_no_gap(self) -> None:
        versions: dict[str, int] = {}
        for page in self.working_set.events:
            assert page.version == versions.get(page.page_id, 0) + 1
            versions[page.page_id] = page.version

    @invariant()
    def a_settled_assignment_calls_nobody_to_sign(self) -> None:
        snapshot = next(iter(self.working_set.assignments.values()), None)
        if snapshot is None or snapshot.phase is AssignmentPhase.UNSIGNED:
            return
        assert snapshot.phase in set(PHASES.values())
        for escalation in self.working_set.escalations.values():
            if escalation.assignment_id == snapshot.assignment_id and escalation.purpose == "sign":
                assert escalation.state not in escalation_states.LIVE

    @invariant()
    def final_pages_stay(self) -> None:
        for page_row in self.working_set.pages.values():
            if page_row.page.state in states.FINAL:
                assert states.TRANSITIONS[page_row.page.state] == {}


TestCallingMachine = CallingMachine.TestCase
TestCallingMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
