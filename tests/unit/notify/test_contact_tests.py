"""Communication tests: their pages, and the evidence of an answer or of silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.core.channel_health import ChannelHealth, next_record
from services.notify.core.contact_tests.plans import TestedPost, is_quiet
from services.notify.core.contact_tests.tester import ContactTester, NotAbove, UnknownOfficer
from services.notify.core.escalation import channel_waits
from services.notify.core.escalation.states import EscalationState
from services.notify.core.pages.states import PageTrigger
from services.notify.core.working_set import WorkingSet
from shared.contracts.calls import ContactTestPlan
from shared.contracts.fields import Level, Post, ResponseMode, Status
from shared.contracts.pages import AnswerVerb, Channel, Page, PageState, SubjectKind
from shared.contracts.reachability import ContactTestRequest, Outcome
from shared.contracts.units import tier_of
from shared.domain.channel_health.score import Reach, reach_of
from shared.domain.response_modes.effective import Modes
from shared.domain.roster.post_holders import Roster
from tests.unit.notify.builders import (
    CITY,
    DISTRICT,
    T0,
    TOWN,
    VILLAGE,
    a_mode,
    a_slot,
    an_alert,
    an_answer,
    full_roster,
    name_of,
)
from tests.unit.notify.core_harness import a_core, a_working_set

WAYS = (Channel.CONSOLE, Channel.SMS, Channel.EMAIL)
PLACE = TestedPost("weekly", TOWN, Post.B)
SHANGHAI = ZoneInfo("Asia/Shanghai")
MIDDAY = datetime(2026, 7, 1, 4, 0, tzinfo=UTC)


def a_test_plan(**change: object) -> ContactTestPlan:
    fields: dict[str, object] = {
        "id": "ctp-1",
        "occurred_at": T0,
        "sent_at": T0,
        "origin_unit": CITY,
        "tier": "city",
        "test_id": "weekly",
        "version": 1,
        "posts": (Post.B, Post.A),
        "every_days": 7,
        "source": "test",
    }
    return ContactTestPlan.model_validate({**fields, **change}, strict=False)


def a_request(
    unit: str = TOWN, by: str = TOWN, of: str | None = None, number: int = 1
) -> ContactTestRequest:
    return ContactTestRequest(
        id=f"ctr-{number}",
        occurred_at=T0,
        sent_at=T0,
        origin_unit=by,
        tier=tier_of(by),
        unit=unit,
        of=of,
        officer_id="o-9",
        post=Post.A,
    )


def a_tester(
    working_set: WorkingSet, modes: Modes | None = None, roster: Roster | None = None
) -> ContactTester:
    return ContactTester(
        full_roster(channels=WAYS) if roster is None else roster, modes or Modes(), working_set
    )


def first(working_set: WorkingSet) -> list[Page]:
    return [page for page in working_set.events if page.version == 1]


def outcomes(working_set: WorkingSet) -> list[tuple[Channel, Outcome]]:
    return [(evidence.channel, evidence.outcome) for evidence in working_set.evidence]


def test_each_channel_is_tested_at_once_and_by_itself() -> None:
    working_set = a_working_set()
    a_tester(working_set).test_on_request(a_request(of=name_of(TOWN, Post.B)))
    pages = first(working_set)
    assert [page.channel for page in pages] == list(WAYS)
    assert len(working_set.escalations) == 3
    assert {page_row.send_at for page_row in working_set.new_pages.values()} == {T0}, (
        "no channel waits for another"
    )
    for page in pages:
        assert (page.status, page.level) == (Status.TEST, Level.NOTICE)
        assert page.subject_kind is SubjectKind.CONTACT_TEST
        assert page.headline.startswith("【测试】通信测试：")
        assert "[TEST] Communication test: " in page.headline
        assert "没有险情" in page.text
        assert "no alert" in page.text


def test_an_answer_on_one_channel_is_no_evidence_about_another() -> None:
    working_set = a_working_set()
    roster = full_roster(channels=WAYS)
    a_tester(working_set, roster=roster).test_on_request(a_request(of=name_of(TOWN, Post.B)))
    core = a_core(roster, working_set)
    by_channel = {page.channel: page for page in first(working_set)}
    core.on_answer(an_answer(by_channel[Channel.EMAIL], AnswerVerb.DELIVERED))
    core.on_answer(an_answer(by_channel[Channel.SMS]))
    assert outcomes(working_set) == [(Channel.SMS, Outcome.ANSWERED)]
    for escalation in list(working_set.escalations.values()):
        core.on_timer(escalation.escalation_id, "answer", escalation.step)
    assert sorted(outcomes(working_set)) == [
        (Channel.CONSOLE, Outcome.SILENT),
        (Channel.EMAIL, Outcome.DELIVERED),
        (Channel.SMS, Outcome.ANSWERED),
    ]
    assert {evidence.test for evidence in working_set.evidence} == {True}
    assert {escalation.state for escalation in working_set.escalations.values()} == {
        EscalationState.CLOSED
    }
    assert len(first(working_set)) == 3, "nobody is called again and nobody instead"
    assert working_set.exhausted == []


@pytest.mark.parametrize("verb", [AnswerVerb.CANNOT, AnswerVerb.HAND_OVER])
def test_any_answer_is_an_answer_and_hands_nothing_over(verb: AnswerVerb) -> None:
    working_set = a_working_set()
    roster = full_roster(channels=WAYS)
    a_tester(working_set, roster=roster).test_on_request(a_request(of=name_of(TOWN, Post.B)))
    page = first(working_set)[1]
    named = {"hand_to_post": Post.A} if verb is AnswerVerb.HAND_OVER else {}
    a_core(roster, working_set).on_answer(an_answer(page, verb, **named))
    assert outcomes(working_set) == [(Channel.SMS, Outcome.ANSWERED)]
    assert len(first(working_set)) == 3


def test_a_failed_channel_ends_its_test_and_calls_nobody_else() -> None:
    working_set = a_working_set()
    roster = full_roster(channels=(Channel.SMS,))
    a_tester(working_set, roster=roster).test_on_request(a_request(of=name_of(TOWN, Post.B)))
    page_row = next(
        page_row for page_row in working_set.pages.values() if page_row.page.channel is Channel.SMS
    )
    a_core(roster, working_set).on_failure(page_row, "no such number")
    assert outcomes(working_set) == [(Channel.SMS, Outcome.FAILED)]
    assert working_set.escalations[page_row.escalation_id].state is EscalationState.CLOSED
    assert len(first(working_set)) == 2


def test_a_late_answer_still_counts() -> None:
    working_set = a_working_set()
    roster = full_roster(channels=(Channel.SMS,))
    a_tester(working_set, roster=roster).test_on_request(a_request(of=name_of(TOWN, Post.B)))
    core = a_core(roster, working_set)
    page_row = next(
        page_row for page_row in working_set.pages.values() if page_row.page.channel is Channel.SMS
    )
    working_set.step_page(page_row, PageTrigger.SENT)
    core.on_timer(page_row.escalation_id, "answer", 1)
    core.on_answer(an_answer(page_row.page))
    assert outcomes(working_set)[-2:] == [
        (Channel.SMS, Outcome.SILENT),
        (Channel.SMS, Outcome.ANSWERED),
    ]


def test_a_unit_may_test_itself_and_the_units_below() -> None:
    with pytest.raises(NotAbove):
        a_tester(a_working_set()).test_on_request(a_request(TOWN, by=VILLAGE))
    with pytest.raises(UnknownOfficer):
        a_tester(a_working_set()).test_on_request(a_request(of="o-nobody"))
    working_set = a_working_set()
    a_tester(working_set).test_on_request(a_request(TOWN, by=DISTRICT))
    assert {page.officer_id for page in first(working_set)} == {
        name_of(TOWN, post) for post in Post
    }


def test_nobody_is_tested_at_night_in_an_emergency_or_on_an_empty_post() -> None:
    plan = a_test_plan()
    working_set = a_working_set(MIDDAY)
    a_tester(working_set).test_due_post(plan, PLACE, MIDDAY)
    assert len(first(working_set)) == 3
    night = a_working_set(MIDDAY + timedelta(hours=12))
    assert is_quiet(plan, night.now)
    a_tester(night).test_due_post(plan, PLACE, MIDDAY)
    assert first(night) == []
    for mode in (ResponseMode.STANDBY, ResponseMode.EMERGENCY):
        modes = Modes()
        modes.put(a_mode(mode=mode))
        busy = a_working_set(MIDDAY)
        a_tester(busy, modes).test_due_post(plan, PLACE, MIDDAY)
        assert first(busy) == []
    empty = a_working_set(MIDDAY)
    a_tester(empty, roster=Roster([a_slot(TOWN, Post.B)])).test_due_post(plan, PLACE, MIDDAY)
    assert first(empty) == []


def test_a_plan_may_name_channels() -> None:
    working_set = a_working_set(MIDDAY)
    a_tester(working_set).test_due_post(a_test_plan(channels=(Channel.SMS,)), PLACE, MIDDAY)
    assert [page.channel for page in first(working_set)] == [Channel.SMS]


def test_only_real_pages_are_evidence() -> None:
    for status, count in ((Status.ACTUAL, 4), (Status.EXERCISE, 0), (Status.TEST, 0)):
        working_set = a_working_set()
        core = a_core(full_roster(channels=(Channel.SMS,)), working_set)
        core.on_alert(an_alert(status=status))
        for page_row in list(working_set.pages.values()):
            if page_row.page.channel is Channel.SMS:
                working_set.step_page(page_row, PageTrigger.SENT)
        for escalation in list(working_set.escalations.values()):
            core.on_timer(escalation.escalation_id, "answer", escalation.step)
        assert len(working_set.evidence) == count, status


def test_an_answer_elsewhere_is_no_evidence_of_silence() -> None:
    working_set = a_working_set()
    core = a_core(full_roster(channels=(Channel.SMS,)), working_set)
    core.on_alert(an_alert())
    sms = next(
        page_row for page_row in working_set.pages.values() if page_row.page.channel is Channel.SMS
    )
    working_set.step_page(sms, PageTrigger.SENT)
    console = next(
        page_row.page
        for page_row in working_set.pages.values()
        if page_row.page.channel is Channel.CONSOLE
        and page_row.page.officer_id == sms.page.officer_id
    )
    core.on_answer(an_answer(console))
    assert outcomes(working_set) == [(Channel.CONSOLE, Outcome.ANSWERED)]
    assert sms.page.state is PageState.ANSWERED


def health_after(*unreachable: Channel) -> ChannelHealth:
    """The channel health after three failures of these channels of the town's B post."""
    result = None
    for _ in range(3):
        working_set = a_working_set()
        a_tester(working_set, roster=full_roster(channels=WAYS)).test_on_request(
            a_request(of=name_of(TOWN, Post.B))
        )
        for page_row in list(working_set.pages.values()):
            if page_row.page.channel in unreachable:
                missed = (
                    PageTrigger.TIMED_OUT
                    if page_row.page.state is PageState.SENT
                    else PageTrigger.FAILED
                )
                working_set.step_page(page_row, missed)
        result = next_record(result, working_set.evidence, T0)
    assert result is not None
    channel_health = ChannelHealth()
    channel_health.add(result)
    return channel_health


def test_an_unreachable_channel_is_used_but_delays_no_other() -> None:
    def send(*unreachable: Channel) -> dict[Channel, float]:
        working_set = WorkingSet(
            frozenset(Channel), T0, health_after(*unreachable) if unreachable else ChannelHealth()
        )
        a_core(full_roster(channels=WAYS), working_set, "standard").on_alert(an_alert(place=TOWN))
        return {
            page_row.page.channel: ((page_row.send_at or T0) - T0).total_seconds()
            for page_row in working_set.new_pages.values()
            if page_row.page.unit == TOWN
        }

    usual = send()
    assert usual[Channel.CONSOLE] == 0 < usual[Channel.EMAIL] < usual[Channel.SMS]
    without_console = send(Channel.CONSOLE)
    assert without_console[Channel.EMAIL] == 0
    assert without_console[Channel.SMS] == usual[Channel.SMS] - usual[Channel.EMAIL]
    assert set(send(*WAYS)) == set(WAYS), "what is known may be wrong: all are earlier_calls"
    assert set(send(*WAYS).values()) == {0.0}


@given(
    st.lists(st.sampled_from(list(Channel)), min_size=1, unique=True),
    st.sets(st.sampled_from(list(Channel))),
    st.sampled_from(list(Level)),
)
def test_every_channel_is_used_and_none_later_than_usual(
    channels: list[Channel], unreachable: set[Channel], level: Level
) -> None:
    usual = channel_waits.waits(channels, channel_waits.built_in(level), 600)
    result = channel_waits.waits(channels, channel_waits.built_in(level), 600, unreachable)
    assert set(result) == set(channels)
    assert all(result[channel] <= usual[channel] for channel in channels)
    assert any(
        wait == 0
        for channel, wait in result.items()
        if channel not in unreachable or unreachable >= set(channels)
    )


def test_after_three_misses_a_channel_is_unreachable() -> None:
    assert health_after(Channel.SMS).unreachable(name_of(TOWN, Post.B), T0) == {Channel.SMS}
    assert health_after(Channel.SMS).unreachable(name_of(TOWN, Post.A), T0) == frozenset()
    assert reach_of(None, T0) is Reach.UNKNOWN
