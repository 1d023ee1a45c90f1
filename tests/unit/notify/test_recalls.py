"""A recalled alert: every paged officer gets the recall, and later records page nobody."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.notify.core.escalation.escalation import Purpose
from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition
from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Level, Post, Status
from shared.contracts.pages import Page
from shared.contracts.supervision import SupervisionEvent, SupervisionKind
from shared.contracts.topics import ASSIGNMENTS
from tests.unit.notify.builders import (
    CITY,
    DISTRICT,
    TOWN,
    VILLAGE,
    a_supervision,
    an_alert,
    an_assignment,
    name_of,
)
from tests.unit.notify.harness import NotifyHarness

pytestmark = pytest.mark.e2e


@pytest.fixture(autouse=True)
def staffed(notify: NotifyHarness) -> None:
    notify.fill_posts(VILLAGE, TOWN, DISTRICT, CITY)


def issued(**more: Any) -> AlertEvent:
    values = {"place": TOWN, "level": Level.YELLOW, **more}
    return an_alert(2, AlertTransition.ISSUED, AlertState.ISSUED, **values)


def recall(**more: Any) -> AlertEvent:
    values = {"place": TOWN, "level": Level.YELLOW, **more}
    return an_alert(3, AlertTransition.RECALLED, AlertState.RECALLED, **values)


def escalated(**more: Any) -> SupervisionEvent:
    event = a_supervision(VILLAGE, CITY, Post.COMMANDER, SupervisionKind.ESCALATED, 3)
    return event.model_copy(update={"alert_id": "alt-1", **more})


def paged_officers(pages: list[Page]) -> set[str]:
    return {page.officer_id for page in pages if page.version == 1}


async def test_an_officer_called_by_supervision_gets_the_recall(notify: NotifyHarness) -> None:
    await notify.deliver(issued())
    await notify.deliver(an_assignment(VILLAGE))
    assert paged_officers(await notify.deliver(escalated())) == {name_of(CITY, Post.COMMANDER)}
    pages = await notify.deliver(recall())
    assert name_of(CITY, Post.COMMANDER) in paged_officers(pages)
    texts = {page.text for page in pages if page.version == 1}
    assert all("撤回" in text for text in texts)


async def test_an_officer_called_about_a_missing_report_gets_the_recall(
    notify: NotifyHarness,
) -> None:
    await notify.deliver(issued())
    late_report = escalated(
        clock="report_written", subject_id="dut-1", command_id=None, incident_id="inc-1"
    )
    await notify.deliver(late_report)
    assert name_of(CITY, Post.COMMANDER) in paged_officers(await notify.deliver(recall()))


@pytest.mark.parametrize("batched", [False, True])
async def test_a_record_that_the_recall_overtook_pages_nobody(
    notify: NotifyHarness, batched: bool
) -> None:
    late = [an_assignment(VILLAGE), escalated()]
    if batched:
        assert paged_officers(await notify.deliver(issued(), recall(), *late)) == {
            name_of(TOWN, Post.B),
            name_of(DISTRICT, Post.B),
        }
    else:
        await notify.deliver(issued())
        await notify.deliver(recall())
        assert await notify.deliver(*late) == []
    assert await notify.deliver(an_assignment(VILLAGE, AssignmentState.RECALLED, 2)) == []


async def test_the_unit_of_an_assignment_in_the_same_transaction_gets_the_recall(
    notify: NotifyHarness,
) -> None:
    pages = await notify.deliver(issued(), an_assignment(VILLAGE), recall())
    village = [page for page in pages if page.officer_id == name_of(VILLAGE, Post.B)]
    assert "撤回" in [page for page in village if page.version == 1][-1].text


async def test_nobody_else_is_called_about_a_recalled_alert(notify: NotifyHarness) -> None:
    await notify.deliver(issued())
    await notify.deliver(an_assignment(VILLAGE))
    await notify.deliver(escalated())
    pages = await notify.deliver(recall())
    withdrawn = [page for page in pages if page.version > 1]
    assert withdrawn
    living = await notify.rows("SELECT purpose FROM notify.escalation WHERE state = 'open'")
    assert {row["purpose"] for row in living} == {Purpose.RECALL, Purpose.INFORM}
    reached = paged_officers(await notify.pages())
    for _ in range(12):
        later = await notify.pass_time(600)
        assert all("撤回" in page.text for page in later if page.version == 1)
    assert paged_officers(await notify.pages()) >= reached
    assert await notify.escalations_without_timer() == 0


async def test_a_drills_recall_ends_nothing_real(notify: NotifyHarness) -> None:
    await notify.deliver(issued())
    await notify.deliver(an_assignment(VILLAGE))
    drill = {"alert": "alt-drill", "status": Status.EXERCISE}
    await notify.deliver(issued(**drill))
    await notify.deliver(recall(**drill))
    real = await notify.rows(
        "SELECT subject_kind FROM notify.escalation WHERE state = 'open' AND status = 'Actual'"
    )
    assert {row["subject_kind"] for row in real} == {"alert", "assignment"}


async def test_a_call_concurrent_with_the_recall_is_recalled_too(
    notify: NotifyHarness,
) -> None:
    """The call commits after the recall has begun: one transaction waits for the other."""
    await notify.deliver(issued())
    async with notify.database.transaction() as transaction:
        await notify.driver.handle(transaction, [(ASSIGNMENTS, an_assignment(VILLAGE))])
        recalling = asyncio.create_task(notify.deliver(recall()))
        await asyncio.sleep(0.3)
        assert not recalling.done()
    assert name_of(VILLAGE, Post.B) in paged_officers(await recalling)
