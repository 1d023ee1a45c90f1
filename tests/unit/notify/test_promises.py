"""An answer is a promise: kept, broken, prolonged, handed over; and a call that reaches nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from services.notify.core.escalation.escalation import Escalation
from services.notify.core.escalation.profiles import LONGEST_PROMISE_S, MOST_LAPSES, PROFILES
from services.notify.core.escalation.states import EscalationState
from services.notify.core.working_set import WorkingSet
from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Language, Level, Post, Status
from shared.contracts.pages import AnswerVerb, Channel, Page, PageState
from shared.domain.bilingual import in_language
from shared.domain.roster.post_holders import Roster
from tests.unit.notify.builders import (
    CITY,
    CONSOLE_AND_WEBHOOK,
    DISTRICT,
    T0,
    TOWN,
    VILLAGE,
    a_slot,
    an_alert,
    an_answer,
    an_assignment,
    full_roster,
    name_of,
)
from tests.unit.notify.core_harness import CoreHarness, a_core

THREE = (Channel.CONSOLE, Channel.DINGTALK, Channel.SMS)


def fresh(working_set: WorkingSet, since: int = 0) -> list[Page]:
    return [event for event in working_set.events[since:] if event.version == 1]


def only(working_set: WorkingSet) -> Escalation:
    (escalation,) = working_set.escalations.values()
    return escalation


def time_over(working_set: WorkingSet, core: CoreHarness, kind: str) -> list[Page]:
    """Fire the escalation's timer and return the new pages."""
    escalation, before = only(working_set), len(working_set.events)
    assert escalation.due_at is not None
    working_set.now = escalation.due_at
    core.on_timer(escalation.escalation_id, kind, escalation.step)
    return fresh(working_set, before)


def test_a_promise_lasts_as_the_level_says_or_as_the_officer_says(working_set: WorkingSet) -> None:
    core = a_core(full_roster(), working_set, "standard")
    core.on_assignment(an_assignment())
    (page,) = fresh(working_set)
    core.on_answer(an_answer(page))
    usual = timedelta(seconds=PROFILES["standard"][Level.ORANGE].promise_s)
    assert only(working_set).due_at == T0 + usual
    later = T0 + timedelta(minutes=90)
    core.on_answer(an_answer(page, arrive_by=later, id="ans-2"))
    assert only(working_set).due_at == later, "the officer names another time"
    core.on_answer(an_answer(page, arrive_by=T0 + timedelta(days=9), id="ans-3"))
    assert only(working_set).due_at == T0 + timedelta(seconds=LONGEST_PROMISE_S)


def test_a_lapsed_promise_pages_again_marked_and_then_climbs(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_assignment(an_assignment())
    (page,) = fresh(working_set)
    core.on_answer(an_answer(page))
    (repeat,) = time_over(working_set, core, "promise")
    assert (repeat.officer_id, repeat.round) == (page.officer_id, 2)
    assert repeat.headline.startswith("【承诺超时】")
    assert repeat.text.startswith("【承诺超时】")
    assert only(working_set).state is EscalationState.OPEN
    (onward,) = time_over(working_set, core, "answer")
    assert onward.post is Post.A


@pytest.mark.parametrize("kind", ["promise", "answer"])
def test_a_call_that_fell_due_during_an_outage_says_so(
    working_set: WorkingSet, core: CoreHarness, kind: str
) -> None:
    core.on_assignment(an_assignment())
    (page,) = fresh(working_set)
    if kind == "promise":
        core.on_answer(an_answer(page))
    due_at, before = only(working_set).due_at, len(working_set.events)
    assert due_at is not None
    working_set.now = due_at + timedelta(minutes=20)
    core.on_timer(only(working_set).escalation_id, kind, only(working_set).step)
    (late,) = fresh(working_set, before)
    assert in_language(late.text, Language.ZH).startswith(
        "【系统中断】到期时系统中断，本次呼叫迟了 20 分钟。\n"
    )
    assert "the call is 20 minutes late." in in_language(late.text, Language.EN)
    (onward,) = time_over(working_set, core, "answer")
    assert "中断" not in onward.text, "the next one is on time"


def test_a_drills_lapsed_promise_is_marked_as_a_drill_first(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_assignment(an_assignment(status=Status.EXERCISE))
    core.on_answer(an_answer(fresh(working_set)[0]))
    (repeat,) = time_over(working_set, core, "promise")
    assert repeat.headline.startswith("【演练】【承诺超时】")


def test_settled_in_time_nobody_is_called_again(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_assignment(an_assignment())
    core.on_answer(an_answer(fresh(working_set)[0]))
    step = only(working_set).step
    core.on_assignment(an_assignment(state=AssignmentState.SIGNED, version=2))
    assert (only(working_set).state, only(working_set).due_at) == (EscalationState.CLOSED, None)
    before = len(working_set.events)
    core.on_timer(only(working_set).escalation_id, "promise", step)
    assert working_set.events[before:] == []


def test_verifying_the_alert_keeps_the_promise(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_alert(an_alert(place=DISTRICT))
    officer = name_of(DISTRICT, Post.B)
    core.on_answer(an_answer(fresh(working_set)[0]))
    assert only(working_set).due_at is not None
    verified = AlertTransition.VERIFIED, AlertState.VERIFIED
    core.on_alert(an_alert(2, *verified, place=DISTRICT, actor="somebody-else"))
    assert only(working_set).due_at is not None
    core.on_alert(an_alert(3, *verified, place=DISTRICT, actor=officer))
    assert only(working_set).due_at is None


def test_coming_to_an_announcement_is_no_promise(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    issued = AlertTransition.ISSUED, AlertState.ISSUED
    core.on_alert(an_alert(1, *issued, place=DISTRICT, level=Level.YELLOW))
    core.on_answer(an_answer(fresh(working_set)[0]))
    assert (only(working_set).state, only(working_set).due_at) == (EscalationState.ANSWERED, None)


def test_after_many_lapses_the_next_post_is_called_and_no_promise_counts(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_assignment(an_assignment())
    pages = fresh(working_set)
    for _ in range(MOST_LAPSES):
        core.on_answer(an_answer(pages[-1]))
        pages = time_over(working_set, core, "promise")
    assert pages[-1].post is Post.A
    core.on_answer(an_answer(pages[-1]))
    assert (only(working_set).state, only(working_set).due_at) == (EscalationState.ANSWERED, None)


def test_an_officer_who_has_left_the_post_is_not_called_about_a_promise(
    working_set: WorkingSet,
) -> None:
    roster = full_roster()
    core = a_core(roster, working_set)
    core.on_assignment(an_assignment())
    core.on_answer(an_answer(fresh(working_set)[0]))
    roster.add(a_slot(VILLAGE, Post.B, "o-new"))
    (onward,) = time_over(working_set, core, "promise")
    assert onward.post is Post.A


@pytest.mark.parametrize(
    "named",
    [{"hand_to": name_of(VILLAGE, Post.COMMANDER)}, {"hand_to_post": Post.COMMANDER}],
)
def test_handing_over_may_name_the_successor(
    working_set: WorkingSet, core: CoreHarness, named: dict[str, object]
) -> None:
    core.on_assignment(an_assignment())
    page = fresh(working_set)[0]
    core.on_answer(an_answer(page, AnswerVerb.HAND_OVER, **named))
    called = fresh(working_set)[-1]
    assert called.officer_id == name_of(VILLAGE, Post.COMMANDER)
    assert called.text.startswith(f"由 （编号 {VILLAGE}） B岗 某某 转交")
    (onward,) = time_over(working_set, core, "answer")
    assert onward.unit == TOWN, "silence leads on from there"


@pytest.mark.parametrize("hand_to", ["o-nobody", name_of(VILLAGE, Post.B)])
def test_handing_over_to_an_unknown_officer_calls_the_next_post(
    working_set: WorkingSet, core: CoreHarness, hand_to: str
) -> None:
    core.on_assignment(an_assignment())
    core.on_answer(an_answer(fresh(working_set)[0], AnswerVerb.HAND_OVER, hand_to=hand_to))
    assert fresh(working_set)[-1].post is Post.A


def test_two_officers_cannot_hand_over_to_each_other_forever(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_assignment(an_assignment())
    pair = {name_of(VILLAGE, Post.B), name_of(VILLAGE, Post.A)}
    while (page := fresh(working_set)[-1]).officer_id in pair:
        assert len(fresh(working_set)) <= 8
        (second,) = pair - {page.officer_id}
        core.on_answer(an_answer(page, AnswerVerb.HAND_OVER, hand_to=second))


@pytest.mark.parametrize(
    ("verb", "more"),
    [
        (AnswerVerb.CANNOT, {"arrive_by": T0}),
        (AnswerVerb.COMING, {"hand_to": "o-1"}),
        (AnswerVerb.READ, {"hand_to_post": Post.A}),
    ],
)
def test_each_field_belongs_to_its_verb(
    working_set: WorkingSet, core: CoreHarness, verb: AnswerVerb, more: dict[str, object]
) -> None:
    core.on_assignment(an_assignment())
    with pytest.raises(ValidationError):
        an_answer(fresh(working_set)[0], verb, **more)


def test_each_channel_has_its_time_and_a_failure_uses_the_next_at_once(
    working_set: WorkingSet,
) -> None:
    core = a_core(full_roster(channels=THREE), working_set, "standard")
    core.on_assignment(an_assignment())
    waits = {
        page_row.page.channel: (page_row.send_at - T0).total_seconds()
        for page_row in working_set.pages.values()
        if page_row.send_at is not None
    }
    assert waits == {Channel.CONSOLE: 0, Channel.DINGTALK: 10, Channel.SMS: 30}
    lines = {page_row.page.channel: page_row for page_row in working_set.pages.values()}
    core.on_failure(lines[Channel.DINGTALK], "status 401")
    assert lines[Channel.SMS].page.page_id in working_set.due_now
    assert only(working_set).step == 1, "a channel is left"


def test_when_every_channel_has_failed_the_next_post_is_called_at_once(
    working_set: WorkingSet,
) -> None:
    core = a_core(full_roster(channels=THREE), working_set)
    core.on_assignment(an_assignment())
    lines = [
        page_row
        for page_row in working_set.pages.values()
        if page_row.page.channel is not Channel.CONSOLE
    ]
    for page_row in lines:
        assert only(working_set).step == 1
        core.on_failure(page_row, f"{page_row.page.channel} is down")
    first = next(page for page in fresh(working_set) if page.post is Post.A)
    assert only(working_set).step == 2
    assert "此前呼叫未果" in first.text
    assert f"（编号 {VILLAGE}） B岗 某某 14:00：控制台已发送，无应答" in first.text
    assert "钉钉发送失败" in first.text
    assert "短信发送失败" in first.text


def test_a_page_that_a_console_has_shown_is_waited_for(working_set: WorkingSet) -> None:
    core = a_core(full_roster(channels=CONSOLE_AND_WEBHOOK), working_set)
    core.on_assignment(an_assignment())
    console, webhook = fresh(working_set)
    core.on_answer(an_answer(console, AnswerVerb.DELIVERED))
    core.on_failure(working_set.pages[webhook.page_id], "status 410")
    assert only(working_set).step == 1


def test_the_last_resort_reads_the_earlier_calls_and_the_empty_units(
    working_set: WorkingSet,
) -> None:
    roster = Roster([a_slot(VILLAGE, Post.B, "o-b"), a_slot(CITY, Post.COMMANDER, "o-c")])
    core = a_core(roster, working_set)
    core.on_assignment(an_assignment())
    while only(working_set).state is EscalationState.OPEN:
        time_over(working_set, core, "answer")
    last = fresh(working_set)[-1]
    assert (last.officer_id, only(working_set).state) == ("o-c", EscalationState.EXHAUSTED)
    assert f"（编号 {VILLAGE}） B岗 某某 14:00：控制台无应答" in last.text
    assert f"（编号 {TOWN}）：无人值班" in last.text
    assert f"（编号 {DISTRICT}）：无人值班" in last.text


def test_a_settled_page_is_withdrawn_and_takes_a_late_answer(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_assignment(an_assignment())
    core.on_assignment(an_assignment(state=AssignmentState.SIGNED, version=2))
    page = working_set.events[-1]
    assert page.state is PageState.WITHDRAWN
    core.on_answer(an_answer(page))
    assert working_set.events[-1].state is PageState.ANSWERED
