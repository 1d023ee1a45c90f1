"""A false alert is taken back: whoever was told of it is told, whatever is still on its way pages nobody."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.notify.core.ladders import Purpose
from shared.contracts.alerts import AlertEvent, AlertState, AlertTransition
from shared.contracts.commands import AssignmentState, SupervisionEvent, SupervisionKind
from shared.contracts.fields import Level, Post, Status
from shared.contracts.pages import Page
from shared.runtime.inbound_messages import InboundMessage
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
from tests.unit.notify.harness import Desk

pytestmark = pytest.mark.e2e


@pytest.fixture(autouse=True)
def staffed(desk: Desk) -> None:
    desk.staff(VILLAGE, TOWN, DISTRICT, CITY)


def issued(**more: Any) -> AlertEvent:
    values = {"place": TOWN, "level": Level.YELLOW, **more}
    return an_alert(2, AlertTransition.ISSUED, AlertState.ISSUED, **values)


def recall(**more: Any) -> AlertEvent:
    values = {"place": TOWN, "level": Level.YELLOW, **more}
    return an_alert(3, AlertTransition.RECALLED, AlertState.RECALLED, **values)


def escalated(**more: Any) -> SupervisionEvent:
    event = a_supervision(VILLAGE, CITY, Post.COMMANDER, SupervisionKind.ESCALATED, 3)
    return event.model_copy(update={"alert_id": "alt-1", **more})


def told(pages: list[Page]) -> set[str]:
    return {page.officer_id for page in pages if page.version == 1}


async def test_whom_an_escalation_called_hears_of_the_recall(desk: Desk) -> None:
    await desk.takes(issued())
    await desk.takes(an_assignment(VILLAGE))
    assert told(await desk.takes(escalated())) == {name_of(CITY, Post.COMMANDER)}
    pages = await desk.takes(recall())
    assert name_of(CITY, Post.COMMANDER) in told(pages)
    texts = {page.text for page in pages if page.version == 1}
    assert all("撤回" in text for text in texts)


async def test_whom_a_missing_report_called_hears_of_the_recall(desk: Desk) -> None:
    await desk.takes(issued())
    missing = escalated(
        clock="report_written", subject_id="dut-1", command_id=None, incident_id="inc-1"
    )
    await desk.takes(missing)
    assert name_of(CITY, Post.COMMANDER) in told(await desk.takes(recall()))


@pytest.mark.parametrize("batched", [False, True])
async def test_what_comes_after_the_recall_that_overtook_it_pages_nobody(
    desk: Desk, batched: bool
) -> None:
    late = [an_assignment(VILLAGE), escalated()]
    if batched:
        assert told(await desk.takes(issued(), recall(), *late)) == {
            name_of(TOWN, Post.B),
            name_of(DISTRICT, Post.B),
        }
    else:
        await desk.takes(issued())
        await desk.takes(recall())
        assert await desk.takes(*late) == []
    assert await desk.takes(an_assignment(VILLAGE, AssignmentState.RECALLED, 2)) == []


async def test_an_assignment_in_the_same_batch_is_told_of_the_recall_or_of_nothing(
    desk: Desk,
) -> None:
    pages = await desk.takes(issued(), an_assignment(VILLAGE), recall())
    village = [page for page in pages if page.officer_id == name_of(VILLAGE, Post.B)]
    assert "撤回" in [page for page in village if page.version == 1][-1].text


async def test_nobody_more_is_called_about_what_was_recalled(desk: Desk) -> None:
    await desk.takes(issued())
    await desk.takes(an_assignment(VILLAGE))
    await desk.takes(escalated())
    pages = await desk.takes(recall())
    withdrawn = [page for page in pages if page.version > 1]
    assert withdrawn
    living = await desk.rows("SELECT purpose FROM notify.ladder WHERE state = 'open'")
    assert {row["purpose"] for row in living} == {Purpose.RECALL, Purpose.INFORM}
    reached = told(await desk.pages())
    for _ in range(12):
        later = await desk.passes(600)
        assert all("撤回" in page.text for page in later if page.version == 1)
    assert told(await desk.pages()) >= reached
    assert await desk.unguarded() == 0


async def test_a_drills_recall_ends_nothing_real(desk: Desk) -> None:
    await desk.takes(issued())
    await desk.takes(an_assignment(VILLAGE))
    drill = {"alert": "alt-drill", "status": Status.EXERCISE}
    await desk.takes(issued(**drill))
    await desk.takes(recall(**drill))
    real = await desk.rows(
        "SELECT subject_kind FROM notify.ladder WHERE state = 'open' AND status = 'Actual'"
    )
    assert {row["subject_kind"] for row in real} == {"alert", "assignment"}


async def test_a_call_made_while_the_recall_is_written_is_recalled_too(desk: Desk) -> None:
    """The call commits after the recall has begun: one of the two waits for the other."""
    await desk.takes(issued())
    async with desk.database.transaction() as work:
        await desk.consumer.apply(work, [InboundMessage(an_assignment(VILLAGE), "-", 0, 99, 0)])
        recalling = asyncio.create_task(desk.takes(recall()))
        await asyncio.sleep(0.3)
        assert not recalling.done()
    assert name_of(VILLAGE, Post.B) in told(await recalling)
