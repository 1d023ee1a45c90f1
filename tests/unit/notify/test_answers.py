"""The effects of answers, of silence and of failures, case by case."""

from __future__ import annotations

import pytest

from services.notify.core.escalation.answers import AnswerRefusal, RefusedAnswer
from services.notify.core.escalation.escalation import Escalation
from services.notify.core.escalation.states import EscalationState
from services.notify.core.working_set import WorkingSet
from shared.contracts.alerts import AlertTransition
from shared.contracts.fields import Post, Status
from shared.contracts.pages import AnswerVerb, Channel, Page, PageState
from tests.unit.notify.builders import (
    CITY,
    CONSOLE_AND_WEBHOOK,
    VILLAGE,
    an_alert,
    an_answer,
    an_assignment,
    full_roster,
    name_of,
)
from tests.unit.notify.core_harness import CoreHarness, a_core, a_working_set

OPENED, UPDATED = AlertTransition.OPENED, AlertTransition.UPDATED


def called(working_set: WorkingSet, since: int = 0) -> list[tuple[str, Post]]:
    """(unit, post) of the first versions of pages, in order."""
    return [(event.unit, event.post) for event in working_set.events[since:] if event.version == 1]


def only_escalation(working_set: WorkingSet) -> Escalation:
    (escalation,) = working_set.escalations.values()
    return escalation


def newest(working_set: WorkingSet) -> Page:
    return [event for event in working_set.events if event.version == 1][-1]


def test_coming_ends_the_escalation_and_cancels_the_second_channel(working_set: WorkingSet) -> None:
    core = a_core(full_roster(channels=CONSOLE_AND_WEBHOOK), working_set)
    core.on_assignment(an_assignment())
    console, webhook = working_set.events
    assert (console.state, webhook.state) == (PageState.SENT, PageState.QUEUED)
    core.on_answer(an_answer(console))
    assert {page_row.page.state for page_row in working_set.pages.values()} == {PageState.ANSWERED}
    assert only_escalation(working_set).state is EscalationState.ANSWERED
    assert only_escalation(working_set).answered_by == console.officer_id
    before = len(working_set.events)
    core.on_timer(only_escalation(working_set).escalation_id, "answer", 1)
    assert working_set.events[before:] == []


@pytest.mark.parametrize("verb", [AnswerVerb.CANNOT, AnswerVerb.HAND_OVER])
def test_after_a_refusal_the_next_post_is_called_at_once(
    working_set: WorkingSet, core: CoreHarness, verb: AnswerVerb
) -> None:
    core.on_assignment(an_assignment())
    core.on_answer(an_answer(newest(working_set), verb))
    assert called(working_set) == [(VILLAGE, Post.B), (VILLAGE, Post.A)]
    assert only_escalation(working_set).state is EscalationState.OPEN
    assert only_escalation(working_set).step == 2


def test_a_refusal_after_coming_reopens_the_escalation(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_assignment(an_assignment())
    page = newest(working_set)
    core.on_answer(an_answer(page))
    core.on_answer(an_answer(page, AnswerVerb.CANNOT))
    assert only_escalation(working_set).state is EscalationState.OPEN
    assert called(working_set)[-1] == (VILLAGE, Post.A)


def test_a_late_answer_of_an_earlier_call_counts(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_assignment(an_assignment())
    late = newest(working_set)
    core.on_timer(only_escalation(working_set).escalation_id, "answer", 1)
    assert working_set.pages[late.page_id].page.state is PageState.NO_ANSWER
    core.on_answer(an_answer(late))
    assert working_set.pages[late.page_id].page.state is PageState.ANSWERED
    assert only_escalation(working_set).state is EscalationState.ANSWERED
    assert newest(working_set).officer_id == name_of(VILLAGE, Post.A)
    assert working_set.pages[newest(working_set).page_id].page.state is PageState.WITHDRAWN


def test_receipts_step_the_page_and_not_the_escalation(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_assignment(an_assignment())
    page = newest(working_set)
    core.on_answer(an_answer(page, AnswerVerb.DELIVERED))
    core.on_answer(an_answer(page, AnswerVerb.READ))
    assert [event.state for event in working_set.events] == [
        PageState.SENT,
        PageState.DELIVERED,
        PageState.READ,
    ]
    assert only_escalation(working_set).state is EscalationState.OPEN
    core.on_answer(an_answer(page, AnswerVerb.DELIVERED))
    assert working_set.events[-1].state is PageState.READ, "a fact never goes backwards"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"page_id": "pag-unknown"}, AnswerRefusal.UNKNOWN_PAGE),
        ({"officer_id": "somebody"}, AnswerRefusal.NOT_THE_OFFICER),
        ({"status": Status.EXERCISE}, AnswerRefusal.OTHER_STATUS),
    ],
)
def test_a_refused_answer_changes_nothing(
    working_set: WorkingSet, core: CoreHarness, change: dict[str, object], reason: AnswerRefusal
) -> None:
    core.on_assignment(an_assignment())
    before = len(working_set.events)
    with pytest.raises(RefusedAnswer) as refused:
        core.on_answer(an_answer(newest(working_set), AnswerVerb.COMING, **change))
    assert refused.value.reason is reason
    assert working_set.events[before:] == []


def test_the_top_is_called_three_times_then_the_citys_commander(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_assignment(an_assignment())
    escalation = only_escalation(working_set)
    while escalation.state is EscalationState.OPEN:
        assert escalation.due_at is not None
        working_set.now = escalation.due_at
        core.on_timer(escalation.escalation_id, "answer", escalation.step)
    assert only_escalation(working_set).state is EscalationState.EXHAUSTED
    assert called(working_set)[-4:] == [(CITY, Post.B)] * 3 + [(CITY, Post.COMMANDER)]
    rounds = [(event.rung, event.round) for event in working_set.events if event.version == 1][-4:]
    assert rounds == [(5, 1), (5, 2), (5, 3), (6, 1)]
    core.on_timer(escalation.escalation_id, "last", escalation.step)
    assert {page_row.page.state for page_row in working_set.pages.values()} == {PageState.NO_ANSWER}
    assert escalation.due_at is None
    core.on_answer(an_answer(newest(working_set)))
    assert only_escalation(working_set).state is EscalationState.ANSWERED, (
        "even then an answer counts"
    )


def test_without_any_roster_the_escalation_is_exhausted_at_once(working_set: WorkingSet) -> None:
    a_core(full_roster(()), working_set).on_assignment(an_assignment())
    assert only_escalation(working_set).state is EscalationState.EXHAUSTED
    assert working_set.events == []


def test_a_drill_is_marked_and_stays_a_drill(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_alert(an_alert(status=Status.EXERCISE))
    assert {event.status for event in working_set.events} == {Status.EXERCISE}
    assert all(event.headline.startswith("【演练】") for event in working_set.events)


def test_a_channel_that_is_switched_off_is_not_used() -> None:
    working_set = a_working_set()
    working_set.channels = frozenset({Channel.CONSOLE})
    a_core(full_roster(channels=CONSOLE_AND_WEBHOOK), working_set).on_assignment(an_assignment())
    assert [event.channel for event in working_set.events] == [Channel.CONSOLE]
