"""Calls that end when enough officers are coming, and officers who ask for help."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from services.notify.core.escalation.escalation import Escalation
from services.notify.core.escalation.states import EscalationState
from services.notify.core.working_set import WorkingSet
from shared.contracts.fields import Post
from shared.contracts.pages import AnswerVerb, Page, PageState
from shared.domain.bilingual import bilingual_of
from tests.unit.notify.builders import (
    TOWN,
    VILLAGE,
    a_call_plan,
    an_answer,
    an_assignment,
    full_roster,
)
from tests.unit.notify.core_harness import CoreHarness, a_core, a_working_set


def called(quorum: object) -> tuple[CoreHarness, WorkingSet, Escalation, dict[Post, Page]]:
    working_set = a_working_set()
    core = a_core(full_roster(), working_set, plans=[a_call_plan(quorum=quorum)])
    core.on_assignment(an_assignment())
    (escalation,) = working_set.escalations.values()
    return core, working_set, escalation, {page.post: page for page in working_set.events}


def state_of(escalation: Escalation) -> EscalationState:
    return escalation.state


def new_calls(working_set: WorkingSet, since: int) -> list[tuple[str, Post]]:
    return [(page.unit, page.post) for page in working_set.events[since:] if page.version == 1]


@pytest.mark.parametrize(
    ("quorum", "needed"),
    [
        ("any", [Post.B]),
        (1, [Post.B]),
        (2, [Post.B, Post.COMMANDER]),
        ("all", [Post.B, Post.A, Post.COMMANDER]),
        ((Post.B, Post.COMMANDER), [Post.B, Post.COMMANDER]),
    ],
)
def test_the_calls_end_when_enough_officers_are_coming(quorum: object, needed: list[Post]) -> None:
    core, working_set, escalation, pages = called(quorum)
    assert set(needed) <= pages.keys(), "all of them are called at once"
    quorums = {(page.escalation_id, page.quorum) for page in pages.values()}
    assert quorums == {(escalation.escalation_id, quorum)}
    for post in needed:
        assert state_of(escalation) is EscalationState.OPEN
        core.on_answer(an_answer(pages[post]))
    assert state_of(escalation) is EscalationState.ANSWERED
    states = {row.page.post: row.page.state for row in working_set.pages.values()}
    assert all(states[post] is PageState.ANSWERED for post in needed)
    assert PageState.SENT not in states.values(), "nobody else is waited for"


def test_silent_officers_are_called_on_and_those_who_are_coming_are_left_in_peace() -> None:
    core, working_set, escalation, pages = called(2)
    core.on_answer(an_answer(pages[Post.A]))
    since = len(working_set.events)
    core.on_timer(escalation.escalation_id, "answer", escalation.step)
    (above,) = new_calls(working_set, since)
    assert above == (TOWN, Post.B)
    core.on_answer(an_answer(working_set.events[-1]))
    assert state_of(escalation) is EscalationState.ANSWERED


def test_a_refusal_that_makes_the_quorum_impossible_calls_the_next_post_at_once() -> None:
    core, working_set, escalation, pages = called("all")
    since = len(working_set.events)
    core.on_answer(an_answer(pages[Post.COMMANDER], AnswerVerb.CANNOT))
    assert new_calls(working_set, since) == [(TOWN, Post.B)]
    for page in (pages[Post.B], pages[Post.A], working_set.events[-1]):
        assert state_of(escalation) is EscalationState.OPEN
        core.on_answer(an_answer(page))
    assert state_of(escalation) is EscalationState.ANSWERED, "the higher unit stands in"


def test_a_refusal_that_leaves_enough_officers_calls_nobody() -> None:
    core, working_set, _, pages = called(2)
    since = len(working_set.events)
    core.on_answer(an_answer(pages[Post.COMMANDER], AnswerVerb.CANNOT))
    assert new_calls(working_set, since) == []


def test_help_calls_the_next_post_who_reads_who_asked() -> None:
    core, working_set, escalation, pages = called("any")
    since = len(working_set.events)
    answer = an_answer(pages[Post.B], AnswerVerb.NEED_HELP)
    core.on_answer(answer.model_copy(update={"text": "缺人缺船"}))
    assert state_of(escalation) is EscalationState.OPEN
    assert new_calls(working_set, since) == [(VILLAGE, Post.A)]
    helper = working_set.events[-1]
    words = bilingual_of(helper.text)
    assert "请求支援：缺人缺船" in words.zh
    assert "needs help: 缺人缺船" in words.en
    # The officer who asked is on the matter: silence of the next post calls others.
    core.on_timer(escalation.escalation_id, "answer", escalation.step)
    assert {page.post for page in working_set.events[since:] if page.version == 1} == {
        Post.A,
        Post.COMMANDER,
    }
    core.on_answer(an_answer(working_set.events[-1]))
    assert state_of(escalation) is EscalationState.ANSWERED


def test_help_after_a_promise_reopens_the_calls() -> None:
    core, working_set, escalation, pages = called("any")
    core.on_answer(an_answer(pages[Post.B]))
    assert state_of(escalation) is EscalationState.ANSWERED
    since = len(working_set.events)
    core.on_answer(an_answer(pages[Post.B], AnswerVerb.NEED_HELP))
    assert state_of(escalation) is EscalationState.OPEN
    assert (VILLAGE, Post.A) in new_calls(working_set, since)


def test_a_broken_promise_calls_the_officer_again() -> None:
    core, working_set, escalation, pages = called(2)
    for post in (Post.B, Post.A):
        core.on_answer(an_answer(pages[post]))
    since = len(working_set.events)
    core.on_timer(escalation.escalation_id, "promise", escalation.step)
    assert new_calls(working_set, since) == [(VILLAGE, Post.A)]


@pytest.mark.parametrize("quorum", ["some", 0, 10, [], ["B", "B"], ["Z"]])
def test_a_quorum_that_is_none_is_refused(quorum: Any) -> None:
    with pytest.raises(ValidationError):
        a_call_plan(quorum=quorum)
