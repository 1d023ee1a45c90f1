"""The console counts the officers of a quorum as notify does, on any course of calls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.console.core.quorum import progress
from services.notify.core.escalation.escalation import Escalation
from services.notify.core.escalation.profiles import MOST_LAPSES
from services.notify.core.escalation.states import EscalationState
from shared.contracts.alerts import AlertTransition
from shared.contracts.fields import Level, Post
from shared.contracts.pages import AnswerVerb, Quorum
from shared.domain.quorum import words_of
from shared.domain.roster.post_holders import Roster
from tests.unit.notify.builders import (
    T0,
    UNITS,
    VILLAGE,
    a_call_plan,
    a_slot,
    an_alert,
    an_answer,
    an_assignment,
)
from tests.unit.notify.core_harness import a_core, a_working_set

PLACES = [(unit, post) for unit in UNITS for post in Post]
PEOPLE = ("li", "ma", "wu", "sun", "he", "zhao", "qian")
TIMERS = {EscalationState.OPEN: "answer", EscalationState.EXHAUSTED: "last"}
VERBS = (
    *(AnswerVerb.COMING, AnswerVerb.COMING, AnswerVerb.CANNOT),
    *(AnswerVerb.NEED_HELP, AnswerVerb.HAND_OVER),
)
QUORUMS: st.SearchStrategy[Quorum] = st.one_of(
    st.just("all"),
    st.integers(2, 4),
    st.lists(st.sampled_from(list(Post)), min_size=1, max_size=3, unique=True).map(tuple),
)


class Course:
    """An alert or an assignment, officers who answer or are silent, and the console's rows."""

    def __init__(self, quorum: Quorum, people: list[str | None], *, is_alert: bool) -> None:
        self.roster = Roster(
            a_slot(unit, post, officer)
            for (unit, post), officer in zip(PLACES, people, strict=True)
        )
        self.has_first_roster = True
        self.working_set = a_working_set()
        plan = a_call_plan(levels=[Level.YELLOW, Level.ORANGE], quorum=quorum)
        self.core = a_core(self.roster, self.working_set, plans=[plan])
        self.answers: dict[str, dict[str, Any]] = {}
        self.alert_version = 0
        if is_alert:
            self.raise_alert()
        else:
            self.core.on_assignment(an_assignment())

    def raise_alert(self) -> None:
        """The alert proposes another level: calls go on where they are, as calls of their own."""
        self.alert_version += 1
        level = (Level.YELLOW, Level.ORANGE)[self.alert_version % 2]
        self.core.on_alert(
            an_alert(self.alert_version, AlertTransition.PROPOSED, place=VILLAGE, proposed=level)
        )

    def step(self, kind: str, number: int) -> None:
        """One event, a minute after the one before."""
        self.working_set.now += timedelta(minutes=1)
        if kind == "answer":
            self.answer(number)
        elif kind == "roster":
            unit, post = PLACES[number % len(PLACES)]
            officer = (*PEOPLE, None)[number % (len(PEOPLE) + 1)]
            self.roster.add(a_slot(unit, post, officer))
            self.has_first_roster = False
        elif kind == "alert" and self.alert_version:
            self.raise_alert()
        else:
            self.silence(number)

    def answer(self, number: int) -> None:
        """An officer answers any of their pages; a promise beyond the quorum binds nobody."""
        pages = [row.page for row in self.working_set.pages.values()]
        if not pages:
            return
        page = pages[-1 - number % len(pages)]
        verb = VERBS[number % len(VERBS)]
        escalation = self.working_set.escalations[page.escalation_id or ""]
        is_over = escalation.state in (EscalationState.ANSWERED, EscalationState.CLOSED)
        if verb is AnswerVerb.COMING and is_over:
            return
        self.core.on_answer(an_answer(page, verb, sent_at=self.working_set.now))
        self.answers[page.page_id] = {"verb": verb, "answered_at": self.working_set.now}

    def silence(self, number: int) -> None:
        """The timer of a call fires. A last lapse, and one of who has left, calls nobody again."""
        escalations = list(self.working_set.escalations.values())
        if not escalations:
            return
        escalation = escalations[number % len(escalations)]
        kind = TIMERS.get(escalation.state, "promise")
        is_shown = self.has_first_roster and escalation.lapses + 1 < MOST_LAPSES
        if kind != "promise" or is_shown:
            self.core.on_timer(escalation.escalation_id, kind, escalation.step)

    def rows(self, escalation: Escalation) -> list[dict[str, Any]]:
        """Return the calls of an escalation as the console's query does."""
        pages = [row.page for row in self.working_set.pages_of(escalation.escalation_id)]
        pages.sort(key=lambda page: (page.called_at or T0, page.rung, page.page_id))
        silence = {"verb": None, "answered_at": None}
        return [
            {
                **dict(page),
                "quorum": words_of(page.quorum),
                **self.answers.get(page.page_id, silence),
            }
            for page in pages
        ]

    def compare(self) -> None:
        """The console says that enough are coming exactly when notify does."""
        for escalation in self.working_set.escalations.values():
            rows = self.rows(escalation)
            if escalation.state is EscalationState.CLOSED or not rows:
                continue
            total = progress(rows, self.roster.holders).total
            is_reached = self.core.engine.suffice(escalation, escalation.coming_officers)
            assert (total.count >= total.needed) is is_reached, (escalation, total)


@given(
    quorum=QUORUMS,
    people=st.lists(
        st.sampled_from([*PEOPLE, *PEOPLE, None]),
        min_size=len(PLACES),
        max_size=len(PLACES),
    ),
    is_alert=st.booleans(),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["answer", "answer", "answer", "silence", "roster", "alert"]),
            st.integers(0, 60),
        ),
        max_size=12,
    ),
)
def test_the_console_shows_a_quorum_as_notify_decides_it(
    quorum: Quorum, people: list[str | None], is_alert: bool, steps: list[tuple[str, int]]
) -> None:
    course = Course(quorum, people, is_alert=is_alert)
    course.compare()
    for kind, number in steps:
        course.step(kind, number)
        course.compare()
