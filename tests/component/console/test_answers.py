"""The contents of an answer to a page, and the page as its officer sees it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Post
from shared.contracts.pages import Officer, PageState, RosterSlot
from shared.contracts.topics import PAGE_ANSWERS
from shared.contracts.units import tier_of
from tests.component.console.test_acts import decoded, post
from tests.support.console_events import (
    DISTRICT,
    NOW,
    VILLAGE,
    ZHUTUO,
    a_command,
    a_page,
    an_assignment,
)
from tests.support.console_harness import ConsoleHarness

pytestmark = pytest.mark.e2e


def a_slot(unit: str, post: Post, officer: str, name: str) -> RosterSlot:
    return RosterSlot(
        id=f"slot-{officer}",
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit=unit,
        tier=tier_of(unit),
        unit=unit,
        post=post,
        officer=Officer(officer_id=officer, name=name),
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"verb": "coming", "in_minutes": 20}, 202),
        ({"verb": "coming", "in_minutes": 20, "arrive_by": "2030-01-01T00:00:00Z"}, 422),
        ({"verb": "cannot", "in_minutes": 20}, 422),
        ({"verb": "hand_over", "hand_to_post": "A"}, 202),
        ({"verb": "coming", "hand_to": "o-city-b"}, 422),
    ],
)
async def test_an_answer_may_say_when_or_who(
    console: ConsoleHarness, body: dict[str, Any], status: int
) -> None:
    page = a_page("o-town-b", ZHUTUO)
    await console.project([page])
    path = f"/api/pages/{page.page_id}/answers"
    assert (await post(console, "o-town-b", path, body)).status_code == status
    answers = [(entry.arrive_by is not None, entry.hand_to_post) for entry in decoded(console)]
    assert answers == ([("in_minutes" in body, body.get("hand_to_post"))] if status == 202 else [])


async def test_a_page_can_be_handed_over_to_a_person_on_duty(console: ConsoleHarness) -> None:
    page = a_page("o-town-b", ZHUTUO)
    await console.project([page])
    for unit, duty_post, officer, name in (
        (ZHUTUO, Post.B, "o-town-b", "李远"),
        (ZHUTUO, Post.A, "o-town-a", "王敏"),
        (DISTRICT, Post.B, "o-district-b", "孙宁"),
        (VILLAGE, Post.B, "o-village-b", "吴德"),
    ):
        console.deps.directory.apply(a_slot(unit, duty_post, officer, name))
    async with console.client("o-town-b") as client:
        answer = (await client.get(f"/api/pages/{page.page_id}/colleagues")).json()
    assert [(entry["name"], entry["post"]) for entry in answer["colleagues"]] == [
        ("王敏", "A"),
        ("孙宁", "B"),
    ]
    async with console.client("o-songji-b") as client:
        hidden = await client.get(f"/api/pages/{page.page_id}/colleagues")
    assert hidden.status_code == 404


async def test_a_page_shows_on_which_channel_and_why_it_failed(console: ConsoleHarness) -> None:
    page = a_page("o-town-b", ZHUTUO, state=PageState.FAILED).model_copy(
        update={"reason": "status 410"}
    )
    await console.project([page])
    async with console.client("o-town-b") as client:
        (view,) = (await client.get("/api/pages")).json()["pages"]
        assert (await client.get(f"/api/pages/{page.page_id}")).json() == view
    assert (view["state"], view["channel"], view["reason"]) == (
        "failed",
        "console",
        "status 410",
    )


async def test_an_act_that_kafka_does_not_take_fails_without_its_neighbours(
    console: ConsoleHarness,
) -> None:
    """The topic of answers has no leader; both acts are of one group."""
    page = a_page("o-village-b", VILLAGE)
    command = a_command("c")
    assignment = an_assignment(command, VILLAGE, AssignmentState.SIGNED)
    await console.project([page, command, assignment])
    console.kafka.down_topics.add(PAGE_ANSWERS.name)
    path = f"/api/assignments/{assignment.assignment_id}/acknowledgements"
    answers = await asyncio.gather(
        post(console, "o-village-b", f"/api/pages/{page.page_id}/answers", {"verb": "coming"}),
        post(console, "o-village-b", path, {"step": "report", "text": "一"}),
    )
    assert [answer.status_code for answer in answers] == [503, 202]
