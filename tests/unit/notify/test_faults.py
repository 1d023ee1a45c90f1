"""Faults of the system itself: pages of their own category to the duty officers of the tier."""

from __future__ import annotations

from datetime import datetime

import pytest

from services.notify.core.digests.budgets import BUDGETS
from services.notify.core.escalation.profiles import PROFILES
from services.notify.core.escalation.states import EscalationState
from services.notify.core.working_set import WorkingSet
from shared.contracts.calls import CallPlan
from shared.contracts.faults import SILENT_SENSORS, FaultState, SystemFault
from shared.contracts.fields import Language, Level, Post, Tier
from shared.contracts.ids import transition_id
from shared.contracts.pages import AnswerVerb, PageState, SubjectKind
from shared.contracts.units import tier_of
from shared.domain.call_plans import SYSTEM
from shared.domain.page_texts.messages import message
from shared.domain.page_texts.names import Names
from shared.domain.selection.tree import UnitTree
from tests.unit.notify.builders import (
    CITY,
    DISTRICT,
    T0,
    an_answer,
    an_assignment,
    full_roster,
)
from tests.unit.notify.core_harness import CoreHarness, a_core, new_pages
from tests.unit.notify.harness import NotifyHarness


def a_fault(
    number: int = 1, state: FaultState = FaultState.RAISED, unit: str = DISTRICT, at: datetime = T0
) -> SystemFault:
    version = 1 if state is FaultState.RAISED else 2
    return SystemFault(
        id=transition_id(f"fnd-{number}", version),
        occurred_at=at,
        sent_at=at,
        origin_unit=unit,
        tier=tier_of(unit),
        areas=(unit,),
        fault_id=f"fnd-{number}",
        version=version,
        state=state,
        kind="consumer_stopped",
        subject_id=f"alerting:alarm.events.v1/{number}",
        unit=unit,
        reported_by="audit",
        headline=f"服务停止读取消息：alerting {number} ‖ Service has stopped reading: {number}",
        text="详情：停在 120 ‖ Detail: stands at 120",
    )


def a_silent_place(state: FaultState = FaultState.RAISED, *towns: str) -> SystemFault:
    return a_fault(state=state).model_copy(
        update={
            "kind": SILENT_SENSORS,
            "areas": towns or (DISTRICT,),
            "headline": "12 个传感器失联 ‖ 12 sensors are silent",
            "text": "失联设备：朱沱站掉线、另有 11 个 ‖ Silent: Zhutuo gauge; 11 more",
        }
    )


@pytest.fixture
def core(working_set: WorkingSet) -> CoreHarness:
    return a_core(full_roster(), working_set, profile="standard")


def test_a_fault_is_a_page_of_its_own_category(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_fault(a_fault())
    (page,) = new_pages(working_set)
    assert (page.unit, page.post, page.level) == (DISTRICT, Post.B, Level.NOTICE)
    assert page.subject_kind is SubjectKind.FAULT
    assert page.subject_kind.is_system
    assert (page.alert_id, page.command_id, page.assignment_id) == (None, None, None)
    zh = message(page, Language.ZH, resend=False)
    assert zh.startswith("[系统]服务停止读取消息：alerting 1\n系统自身故障，不是突发事件。")
    assert "已知悉" in zh, "nobody is asked to come"
    en = message(page, Language.EN, resend=False)
    assert en.startswith("[system] Service has stopped reading: 1\nA fault of the system itself")


def test_silent_sensors_are_a_page_with_place_time_and_names(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    names = Names(UnitTree(), full_roster())
    core.on_fault(a_silent_place())
    (page,) = new_pages(working_set)
    place = names.unit(DISTRICT)
    zh = message(page, Language.ZH, resend=False).split("\n")
    assert zh[0] == f"[系统]{place.zh}：12 个传感器失联"
    assert zh[1].startswith("最早自 ")
    assert zh[2] == "失联设备：朱沱站掉线、另有 11 个"
    assert "不会自动告警" in zh[3]
    assert zh[-1].startswith("请于 "), "the answer has a time"
    en = message(page, Language.EN, resend=False)
    assert en.startswith(
        f"[system] {place.en}: 12 sensors are silent\nThe first without data since"
    )
    core.on_fault(a_silent_place(FaultState.CLEARED))
    (last,) = [page for page in working_set.events if page.version == 2]
    assert last.state is PageState.WITHDRAWN
    assert last.text.startswith("无需答复：失联的传感器已恢复。")


def test_a_page_to_a_district_names_its_silent_places(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    towns = tuple(f"500118{number}000" for number in range(101, 121))
    names = Names(UnitTree(), full_roster())
    core.on_fault(a_silent_place(FaultState.RAISED, *towns))
    (page,) = new_pages(working_set)
    assert f"涉及：{names.unit(towns[0]).zh}、" in page.text
    assert "等 20 处" in page.text
    assert "and 8 more" in page.text


def test_silence_climbs_by_its_own_call_plan(working_set: WorkingSet) -> None:
    plan = CallPlan.model_validate(
        {
            "id": "cpl-1", "occurred_at": T0, "sent_at": T0, "origin_unit": CITY, "tier": Tier.CITY,
            "call_id": "system", "version": 1, "system": True, "first_s": 7, "post_s": 8,
            "tier_s": 9, "promise_s": 60, "source": "test",
        }
    )  # fmt: skip
    core = a_core(full_roster(), working_set, profile="standard", plans=[plan])
    core.on_fault(a_fault())
    (escalation,) = working_set.escalations.values()
    assert escalation.due_at is not None
    assert (escalation.due_at - T0).total_seconds() == 7
    called = []
    for _ in range(3):
        core.on_timer(escalation.escalation_id, "answer", escalation.step)
        called.append((escalation.unit, escalation.post))
    assert called == [(DISTRICT, Post.A), (DISTRICT, Post.COMMANDER), (CITY, Post.B)]


def test_without_a_plan_the_built_in_waits_of_the_category_hold(
    working_set: WorkingSet, core: CoreHarness
) -> None:
    core.on_fault(a_fault())
    (escalation,) = working_set.escalations.values()
    assert escalation.due_at is not None
    first_s = PROFILES["standard"][SYSTEM].first_s
    assert (escalation.due_at - T0).total_seconds() == first_s
    assert first_s != PROFILES["standard"][Level.NOTICE].first_s


def test_a_fault_that_is_over_ends_its_calls(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_fault(a_fault())
    core.on_fault(a_fault(2))
    core.on_fault(a_fault(state=FaultState.CLEARED))
    ended, running = working_set.escalations.values()
    assert (ended.state, running.state) == (EscalationState.CLOSED, EscalationState.OPEN)
    (last,) = [page for page in working_set.events if page.version == 2]
    assert (last.state, last.subject_id) == (PageState.WITHDRAWN, "fnd-1")
    assert "已消除" in last.text


def test_an_answer_ends_the_calls(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_fault(a_fault())
    (page,) = new_pages(working_set)
    core.on_answer(an_answer(page, AnswerVerb.COMING))
    (escalation,) = working_set.escalations.values()
    assert (escalation.state, escalation.due_at) == (EscalationState.ANSWERED, None)
    core.on_fault(a_fault(state=FaultState.CLEARED))
    assert escalation.state is EscalationState.CLOSED


@pytest.mark.e2e
async def test_a_storm_of_faults_is_one_digest_and_costs_no_event_a_call(
    notify: NotifyHarness,
) -> None:
    notify.fill_posts(DISTRICT)
    alone = BUDGETS["demo"].faults.calls
    pages = await notify.deliver(*(a_fault(number) for number in range(40)))
    silent = [page for page in pages if page.digest_id]
    assert len(silent) == 40 - alone
    assert len({page.digest_id for page in silent}) == 1
    (order,) = await notify.deliver(an_assignment(DISTRICT))
    assert order.digest_id is None, "the budget of events is untouched"
    sent = [page for page in await notify.pass_time(1.5) if page.version == 1]
    (digest,) = [page for page in sent if page.subject_kind.is_digest]
    assert digest.subject_kind is SubjectKind.FAULT_DIGEST
    assert digest.headline.startswith(f"摘要：{40 - alone}条系统故障 ‖ Digest: {40 - alone} faults")
    assert "[系统] 服务停止读取消息" in digest.text
    assert "提示" not in digest.text


@pytest.mark.e2e
async def test_faults_and_events_over_budget_never_share_a_digest(notify: NotifyHarness) -> None:
    notify.fill_posts(DISTRICT)
    orders = [an_assignment(DISTRICT, command=f"cmd-{n}") for n in range(30)]
    pages = await notify.deliver(*(a_fault(number) for number in range(10)), *orders)
    digest_of = {page.subject_kind: page.digest_id for page in pages if page.digest_id}
    assert digest_of.keys() == {SubjectKind.FAULT, SubjectKind.ASSIGNMENT}
    assert len(set(digest_of.values())) == 2


@pytest.mark.e2e
async def test_calls_about_a_fault_end_in_the_database_too(notify: NotifyHarness) -> None:
    notify.fill_posts(DISTRICT)
    await notify.deliver(a_fault())
    assert await notify.escalations_without_timer() == 0
    (page,) = await notify.deliver(a_fault(state=FaultState.CLEARED))
    assert page.state is PageState.WITHDRAWN
    assert await notify.value("SELECT state FROM notify.escalation") == "closed"
    assert await notify.pass_time(10_000) == []
