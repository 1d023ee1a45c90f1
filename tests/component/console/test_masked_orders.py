"""A graded command is open to its receivers and to the units above, closed to everybody else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from services.console.accounts import Grant, change_grant
from services.console.core.access import Right
from shared.contracts.assignments import (
    Acknowledgement,
    Ask,
    AssignmentEvent,
    AssignmentState,
    Step,
)
from shared.contracts.cases import CaseReview
from shared.contracts.commands import CommandRequest, CommandState
from shared.contracts.fields import DataGrade, Post, Tier
from shared.contracts.ids import content_id
from shared.contracts.pages import Answer
from shared.contracts.supervision import SupervisionKind
from shared.contracts.topics import ACKNOWLEDGEMENTS, CASE_REVIEWS, COMMAND_REQUESTS, PAGE_ANSWERS
from tests.support.console_events import (
    DISTRICT,
    VILLAGE,
    ZHUTUO,
    a_command,
    a_page,
    a_supervision,
    an_alert,
    an_assignment,
)
from tests.support.console_harness import ConsoleHarness, running_console
from tests.support.postgres import fresh_database

NOW = datetime.now(UTC)
NEIGHBOUR = "500118118202"
TITLE, ORDER, WHY, REQUESTED, WRITTEN = (
    "尾矿坝渗漏处置",
    "封闭三号排洪井",
    "井口被淹",
    "请延至明日",
    "已封闭井口",
)
WORDS = (TITLE, ORDER, WHY, REQUESTED, WRITTEN)
LOOK = f"place={ZHUTUO}"


def graded(message: Any, grade: DataGrade = DataGrade.CORE, **more: Any) -> Any:
    """Return the record with a grade."""
    return message.model_copy(update={"data_grade": grade, **more})


ALERT = an_alert("a", at=NOW)
COMMAND = graded(
    a_command("c", ZHUTUO, issuer=DISTRICT, alert=ALERT.alert_id, at=NOW, title=TITLE),
    instruction=ORDER,
)
FREE = graded(
    a_command("f", ZHUTUO, issuer=DISTRICT, at=NOW, title=TITLE, state=CommandState.CLOSED),
    instruction=ORDER,
)
FREE_CASE = f"/api/cases/{FREE.command_id}"


def fields(
    unit: str, state: AssignmentState = AssignmentState.DELIVERED, **more: Any
) -> AssignmentEvent:
    """Return the assignment of a unit with the grade of its command."""
    assignment_event: AssignmentEvent = graded(
        an_assignment(COMMAND, unit, state), instruction=ORDER, **more
    )
    return assignment_event


OWN = fields(
    ZHUTUO,
    AssignmentState.RETURNED,
    reason=WHY,
    asked=Ask(step=Step.ASK_EXTEND, until=NOW, text=REQUESTED, officer_id="o-town-b"),
)
PARTS = [fields(VILLAGE), fields(NEIGHBOUR)]
CLOSED = graded(an_assignment(FREE, ZHUTUO, AssignmentState.DONE), instruction=ORDER)


def an_acknowledgement() -> Acknowledgement:
    """Return the records that the town has written."""
    return Acknowledgement(
        id=content_id("ack", "one"),
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit=ZHUTUO,
        tier=Tier.TOWN,
        assignment_id=OWN.assignment_id,
        command_id=COMMAND.command_id,
        unit=ZHUTUO,
        step=Step.REPORT,
        officer_id="o-town-b",
        officer_unit=ZHUTUO,
        post=Post.B,
        text=WRITTEN,
        data_grade=DataGrade.CORE,
    )


def scene() -> list[Any]:
    """Return two commands with assignments, texts, and a firing for each unit."""
    fired = [
        graded(a_supervision(PART, SupervisionKind.REMINDED), DataGrade.CORE)
        for PART in (OWN, *PARTS)
    ]
    return [ALERT, COMMAND, OWN, *PARTS, FREE, CLOSED, an_acknowledgement(), *fired]


COMMAND_AT, OWN_AT = f"/api/commands/{COMMAND.command_id}", f"/api/assignments/{OWN.assignment_id}"
VISIBLE: dict[str, set[str]] = {
    f"/api/commands?{LOOK}": {TITLE},
    f"{COMMAND_AT}?{LOOK}": {TITLE, ORDER, WHY},
    f"{COMMAND_AT}/below?{LOOK}": {TITLE, ORDER, WHY, REQUESTED},
    f"/api/assignments?{LOOK}&subtree=1": {TITLE, ORDER, WHY, REQUESTED},
    f"{OWN_AT}?{LOOK}": {TITLE, ORDER, WHY, REQUESTED, WRITTEN},
    f"/api/supervision?{LOOK}": {TITLE},
    f"/api/alerts/{ALERT.alert_id}?{LOOK}": {TITLE},
    f"/api/cases?{LOOK}": {TITLE},
    f"/api/cases?{LOOK}&q={TITLE}": {TITLE},
    f"{FREE_CASE}?{LOOK}": {TITLE},
    f"{FREE_CASE}/timeline?{LOOK}": {TITLE},
    f"{FREE_CASE}/export?{LOOK}": {TITLE},
    f"/api/cases/{ALERT.alert_id}/timeline?{LOOK}": {TITLE, WHY},
    f"/api/cases/{ALERT.alert_id}/timeline?{LOOK}&unit={ZHUTUO}": {WHY, WRITTEN},
    f"/api/feed?{LOOK}": {TITLE},
}
"""Where who may read it finds which of the words."""
TO_A_RECIPIENT: dict[str, set[str]] = {
    f"/api/commands?{LOOK}": {TITLE},
    f"{COMMAND_AT}?{LOOK}": {TITLE, ORDER},
    f"/api/assignments?{LOOK}&subtree=1": {TITLE, ORDER},
    f"/api/supervision?{LOOK}": {TITLE},
    f"/api/alerts/{ALERT.alert_id}?{LOOK}": {TITLE},
    f"/api/cases/{ALERT.alert_id}/timeline?{LOOK}": {TITLE},
    f"/api/feed?{LOOK}": {TITLE},
}
"""What a village finds that has a part of its own, and a right to look at its town."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def looked_at() -> AsyncIterator[ConsoleHarness]:
    """Return the scene; a village of the town and a second town may see the place."""
    with fresh_database() as dsn:
        async with running_console(dsn) as harness:
            for officer in ("o-village-b", "o-songji-b"):
                grant = Grant(right=Right.SEE, unit=ZHUTUO)
                await change_grant(dsn, officer, grant, give=True)
            await harness.project(scene())
            yield harness


async def read(client: httpx2.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, (path, answer.text)
    return answer.text


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("officer", "expected"),
    [
        ("o-town-b", VISIBLE),
        ("o-district-b", VISIBLE),
        ("o-village-b", TO_A_RECIPIENT),
        ("o-songji-b", {}),
    ],
)
async def test_a_graded_order_is_read_by_its_line_and_its_recipients(
    looked_at: ConsoleHarness, officer: str, expected: dict[str, set[str]]
) -> None:
    async with looked_at.client(officer) as client:
        texts = {path: await read(client, path) for path in VISIBLE}
    results = {path: {WORD for WORD in WORDS if WORD in text} for path, text in texts.items()}
    assert results == {path: expected.get(path, set()) for path in VISIBLE}


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_left_out_says_so(looked_at: ConsoleHarness) -> None:
    async with looked_at.client("o-village-b") as client:
        answer = json.loads(await read(client, f"/api/assignments?{LOOK}&subtree=1"))
        firings = json.loads(await read(client, f"/api/supervision?{LOOK}"))["supervision"]
        commands = json.loads(await read(client, f"/api/commands?{LOOK}"))["commands"]
    masked = {
        assignment["unit"]: assignment["masked"]
        for assignment in answer["assignments"]
        if assignment["command_id"] == COMMAND.command_id
    }
    assert masked == {ZHUTUO: True, VILLAGE: False, NEIGHBOUR: True}
    assert {firing["unit"]: firing["masked"] for firing in firings} == {
        VILLAGE: False,
        NEIGHBOUR: True,
    }
    assert {command["command_id"]: command["masked"] for command in commands} == {
        COMMAND.command_id: False,
        FREE.command_id: True,
    }
    assert all(
        entry["asked"] is None or not entry["asked"]["text"] for entry in answer["assignments"]
    )


@pytest.mark.asyncio(loop_scope="module")
async def test_a_general_order_is_read_by_everybody_who_sees_the_place(
    looked_at: ConsoleHarness,
) -> None:
    open_to_all = a_command("g", ZHUTUO, issuer=DISTRICT, at=NOW, title="河道巡查")
    await looked_at.project([open_to_all, an_assignment(open_to_all, ZHUTUO)])
    async with looked_at.client("o-songji-b") as client:
        assert "河道巡查" in await read(client, f"/api/commands?{LOOK}")
        assert "河道巡查" in await read(client, f"/api/assignments?{LOOK}&unit={ZHUTUO}")


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_written_about_it_has_its_grade(looked_at: ConsoleHarness) -> None:
    """A step, an act on the whole command, an answer, the review of a case, and its commands."""
    finding = {"owner": VILLAGE, "title": "补井盖", "finish_by": "2031-05-01T09:00:00Z"}
    body = {"text": "处置及时", "findings": [finding]}
    requested = {"step": "extend", "until": "2031-01-01T00:00:00Z"}
    page = graded(a_page("o-district-b", DISTRICT, at=NOW), DataGrade.IMPORTANT)
    await looked_at.project([page])
    looked_at.kafka.sent.clear()
    async with looked_at.client("o-district-b") as client:
        steps = f"{OWN_AT}/acknowledgements"
        for path, sent in (
            (steps, requested),
            (f"{COMMAND_AT}/revoke", {}),
            (f"{FREE_CASE}/review", body),
            (f"/api/pages/{page.page_id}/answers", {"verb": "cannot", "text": WHY}),
        ):
            answer = await client.post(path, json=sent)
            assert answer.status_code == 202, (path, answer.text)
    grades: dict[str, list[DataGrade]] = {}
    models: dict[str, type[Acknowledgement | CommandRequest | CaseReview | Answer]] = {
        ACKNOWLEDGEMENTS.name: Acknowledgement,
        COMMAND_REQUESTS.name: CommandRequest,
        CASE_REVIEWS.name: CaseReview,
        PAGE_ANSWERS.name: Answer,
    }
    for outgoing in looked_at.kafka.sent:
        grades.setdefault(outgoing.topic, []).append(
            models[outgoing.topic].model_validate_json(outgoing.body).data_grade
        )
    assert grades == {
        ACKNOWLEDGEMENTS.name: [DataGrade.CORE],
        COMMAND_REQUESTS.name: [DataGrade.CORE, DataGrade.CORE],
        CASE_REVIEWS.name: [DataGrade.CORE],
        PAGE_ANSWERS.name: [DataGrade.IMPORTANT],
    }
