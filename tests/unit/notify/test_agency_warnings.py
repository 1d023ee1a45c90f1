"""Warnings of other agencies: whom they call, what the page says, and when the calls end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from services.notify.core.escalation.states import EscalationState
from services.notify.core.working_set import WorkingSet
from services.notify.retention import retention_tasks
from shared.contracts.fields import DataGrade, Language, Level, Status, Tier
from shared.contracts.pages import AnswerVerb, Page, PageState, SubjectKind
from shared.contracts.reports import ExternalWarning
from shared.domain.page_texts.messages import message
from tests.unit.notify.builders import CITY, DISTRICT, T0, an_answer, full_roster
from tests.unit.notify.core_harness import CoreHarness, a_core, a_working_set
from tests.unit.notify.harness import NotifyHarness

HOUR = timedelta(hours=1)


def a_warning(number: int = 1, msg_type: str = "Alert", **changes: Any) -> ExternalWarning:
    values: dict[str, Any] = {
        "id": f"wrn-{number}",
        "occurred_at": T0,
        "sent_at": T0,
        "origin_unit": CITY,
        "tier": Tier.CITY,
        "areas": (DISTRICT,),
        "source_id": "cma",
        "cap_identifier": f"cap-{number}",
        "msg_type": msg_type,
        "event_type": "11B03",
        "level": Level.ORANGE,
        "effective_at": T0 + HOUR,
        "expires_at": T0 + 6 * HOUR,
        "headline": "永川区气象台发布暴雨橙色预警",
    }
    return ExternalWarning(**(values | changes))


def new_pages(working_set: WorkingSet) -> list[Page]:
    return [event for event in working_set.events if event.version == 1]


@pytest.fixture
def working_set() -> WorkingSet:
    return a_working_set()


@pytest.fixture
def core(working_set: WorkingSet) -> CoreHarness:
    return a_core(full_roster(), working_set, profile="standard")


def test_a_page_says_what_where_when_and_whose(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_warning(a_warning())
    (page,) = new_pages(working_set)
    assert (page.unit, page.level, page.to_note) == (DISTRICT, Level.ORANGE, True)
    assert page.subject_kind is SubjectKind.WARNING
    assert not page.subject_kind.is_system
    zh = message(page, Language.ZH, resend=False).split("\n")
    assert zh[0] == "[橙色]外部预警：永川区气象台发布暴雨橙色预警"
    assert zh[1].startswith("有效时间：")
    assert zh[2].startswith("范围：")
    assert zh[3] == "发布单位：cma"
    assert "其他单位发布的预警" in zh[4]
    en = message(page, Language.EN, resend=False)
    assert en.startswith("[orange] Warning of another agency: ")
    assert "Valid: " in en


@pytest.mark.parametrize(
    ("changes", "calls"),
    [
        ({}, 1),
        ({"effective_at": None, "expires_at": T0 + timedelta(seconds=1)}, 1),
        ({"effective_at": None, "expires_at": T0}, 0),  # over at this very moment
        ({"expires_at": None, "effective_at": None, "occurred_at": T0 - 24 * HOUR}, 0),
        ({"expires_at": None, "effective_at": None, "occurred_at": T0 - 23 * HOUR}, 1),
        ({"msg_type": "Ack"}, 0),
        ({"areas": ()}, 1),
        ({"areas": (DISTRICT, CITY, DISTRICT)}, 2),
        ({"areas": tuple(f"500118{n}000" for n in range(101, 201))}, 1),  # its district
    ],
)
def test_whom_a_warning_calls(
    working_set: WorkingSet, core: CoreHarness, changes: dict[str, Any], calls: int
) -> None:
    core.on_warning(a_warning(**changes))
    assert len(working_set.escalations) == calls


def test_a_cancel_withdraws_the_pages(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_warning(a_warning())
    core.on_warning(a_warning(2, "Cancel", references=("wrn-1",)))
    (escalation,) = working_set.escalations.values()
    assert escalation.state is EscalationState.CLOSED
    (last,) = [page for page in working_set.events if page.version == 2]
    assert last.state is PageState.WITHDRAWN
    assert last.text.startswith("无需答复：发布单位已取消该预警。")


def test_a_cancel_informs_whoever_has_answered(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_warning(a_warning())
    (page,) = new_pages(working_set)
    core.on_answer(an_answer(page, AnswerVerb.COMING))
    core.on_warning(a_warning(2, "Cancel", references=("wrn-1",)))
    page = new_pages(working_set)[-1]
    assert page.headline.startswith("外部预警取消：")
    assert "已取消此前的预警" in page.text


def test_an_update_replaces_the_calls(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_warning(a_warning())
    core.on_warning(a_warning(2, "Update", references=("wrn-1",), level=Level.RED))
    first, second = working_set.escalations.values()
    assert (first.state, second.state) == (EscalationState.CLOSED, EscalationState.OPEN)
    assert second.level is Level.RED


def test_a_drill_ends_no_real_call(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_warning(a_warning())
    drill = a_warning(2, "Cancel", references=("wrn-1",), status=Status.EXERCISE)
    core.on_warning(drill)
    (escalation,) = working_set.escalations.values()
    assert escalation.state is EscalationState.OPEN


def test_graded_words_stay_out_of_pages(working_set: WorkingSet, core: CoreHarness) -> None:
    core.on_warning(a_warning(data_grade=DataGrade.IMPORTANT))
    (page,) = new_pages(working_set)
    assert "暴雨" not in page.headline + page.text


@pytest.mark.parametrize("msg_type", ["Cancel", "Error", "Update"])
def test_a_warning_that_comes_after_its_end_calls_nobody(
    working_set: WorkingSet, core: CoreHarness, msg_type: str
) -> None:
    core.on_warning(a_warning(2, msg_type, references=("wrn-1",)))
    calls = len(working_set.escalations)
    assert calls == (msg_type == "Update"), "the update calls for itself"
    core.on_warning(a_warning(1))
    assert len(working_set.escalations) == calls


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_cancelled_thread_calls_nobody_in_the_end(
    working_set: WorkingSet, core: CoreHarness, order: tuple[int, ...]
) -> None:
    messages = [
        a_warning(1),
        a_warning(2, "Update", references=("wrn-1",)),
        a_warning(3, "Cancel", references=("wrn-1", "wrn-2")),
    ]
    for number in order:
        core.on_warning(messages[number])
    states = {escalation.state for escalation in working_set.escalations.values()}
    assert states <= {EscalationState.CLOSED}


@pytest.mark.parametrize("changes", [{"source_id": "other"}, {"status": Status.EXERCISE}])
def test_a_cancel_of_another_source_or_of_a_drill_silences_no_later_warning(
    working_set: WorkingSet, core: CoreHarness, changes: dict[str, Any]
) -> None:
    core.on_warning(a_warning(2, "Cancel", references=("wrn-1",), **changes))
    core.on_warning(a_warning(1))
    assert len(working_set.escalations) == 1


@pytest.mark.e2e
async def test_a_cancel_that_comes_first_is_remembered(notify: NotifyHarness) -> None:
    now = datetime.now(UTC)
    times: dict[str, Any] = {"occurred_at": now, "effective_at": None, "expires_at": now + HOUR}
    notify.fill_posts(DISTRICT)
    cancel = a_warning(2, "Cancel", references=("wrn-1", "wrn-1", "wrn-9"), **times)
    assert await notify.deliver(cancel) == []
    assert await notify.deliver(a_warning(1, **times)) == []
    assert await notify.value("SELECT count(*) FROM notify.escalation") == 0
    assert await notify.value("SELECT count(*) FROM notify.timer WHERE state = 'armed'") == 0
    (page,) = await notify.deliver(a_warning(3, **times))
    assert page.subject_id == "wrn-3"
    second_end = a_warning(4, "Error", references=("wrn-1",), **times)
    assert await notify.deliver(second_end) == [], "ended twice is ended once"
    assert await notify.value("SELECT count(*) FROM notify.ended_warning") == 2


@pytest.mark.e2e
async def test_the_memory_of_ended_warnings_is_bounded(notify: NotifyHarness) -> None:
    ids = tuple(f"wrn-{number}" for number in range(10, 20))
    await notify.deliver(a_warning(2, "Cancel", references=ids, occurred_at=datetime.now(UTC)))
    (task,) = [task for task in retention_tasks(30) if task.name == "ended_warnings"]
    async with notify.database.transaction() as transaction:
        connection = transaction.connection
        aged = "UPDATE notify.ended_warning SET ended_at = $1 WHERE warning_id = ANY($2::text[])"
        await connection.execute(aged, datetime.now(UTC) - timedelta(days=31), list(ids[:6]))
        assert len(await connection.fetch(task.statement, task.keep, 4)) == 4
        assert len(await connection.fetch(task.statement, task.keep, 4)) == 2
        assert len(await connection.fetch(task.statement, task.keep, 4)) == 0
    assert await notify.value("SELECT count(*) FROM notify.ended_warning") == 4


@pytest.mark.e2e
async def test_the_calls_end_at_the_expiry(notify: NotifyHarness) -> None:
    now = datetime.now(UTC)
    times: dict[str, Any] = {
        "occurred_at": now,
        "effective_at": None,
        "expires_at": now + timedelta(minutes=2),
    }
    notify.fill_posts(DISTRICT)
    (page,) = await notify.deliver(a_warning(**times))
    ends = "SELECT due_at FROM notify.timer WHERE kind = 'warning_end' AND state = 'armed'"
    assert await notify.value(ends) == times["expires_at"], "not a minute more"
    async with notify.database.transaction() as transaction:
        await transaction.connection.execute(
            "UPDATE notify.timer SET due_at = now() WHERE kind = 'warning_end'"
        )
    (last,) = await notify.pass_time(0)
    assert (last.page_id, last.state) == (page.page_id, PageState.WITHDRAWN)
    assert await notify.value("SELECT state FROM notify.escalation") == "closed"
    assert await notify.pass_time(10_000) == []
    assert page.subject_id == "wrn-1"


@pytest.mark.e2e
async def test_a_cancel_ends_the_calls_in_the_database(notify: NotifyHarness) -> None:
    now = datetime.now(UTC)
    times: dict[str, Any] = {"occurred_at": now, "effective_at": None, "expires_at": now + HOUR}
    notify.fill_posts(DISTRICT)
    await notify.deliver(a_warning(**times))
    (page,) = await notify.deliver(a_warning(2, "Cancel", references=("wrn-1",), **times))
    assert page.state is PageState.WITHDRAWN
    assert await notify.pass_time(10_000) == []
