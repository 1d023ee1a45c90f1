"""Pages and assignments are in one order everywhere: real before drill, recalled, gravest, due."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.assignments import AssignmentEvent, AssignmentState
from shared.contracts.fields import LEVEL_ORDER, Level, Status
from shared.contracts.ids import content_id
from shared.contracts.pages import Page, PageState
from tests.component.console.test_many import all_of, read
from tests.support.console_events import (
    NOW,
    VILLAGE,
    ZHUTUO,
    a_command,
    a_page,
    an_alert,
    an_assignment,
)
from tests.support.console_harness import ConsoleHarness

LEVELS = (Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED)
RECALLED = content_id("alt", "recalled")
STATES = (
    AssignmentState.DELIVERED,
    AssignmentState.SIGNED,
    AssignmentState.HANDLING,
    AssignmentState.REPORTED,
    AssignmentState.DONE,
)


def tasks(chance: random.Random, many: int) -> list[tuple[Any, AssignmentEvent]]:
    """Return commands of an assignment each, of all levels, states and deadlines."""
    created = []
    for n in range(many):
        order = a_command(
            f"task-{n}",
            ZHUTUO,
            recipients=1,
            level=chance.choice(LEVELS),
            status=chance.choice((Status.ACTUAL, Status.EXERCISE)),
            at=NOW + timedelta(minutes=chance.randrange(40)),
            alert=chance.choice((None, content_id("alt", "stands"), RECALLED)),
        )
        unit = chance.choice((ZHUTUO, VILLAGE))
        created.append((order, an_assignment(order, unit, chance.choice(STATES))))
    return created


def turn(assignment_event: AssignmentEvent) -> tuple[Any, ...]:
    due = {
        "delivered": assignment_event.sign_by,
        "signed": assignment_event.finish_by,
        "handling": assignment_event.finish_by,
    }
    running = due.get(assignment_event.state)
    return (
        assignment_event.status is not Status.ACTUAL,
        assignment_event.alert_id != RECALLED,
        -LEVEL_ORDER[assignment_event.level],
        running is None,
        running.timestamp() if running else 0,
        assignment_event.assignment_id,
    )


async def test_tasks_are_listed_by_urgency_for_unit_subtree_and_command(
    console: ConsoleHarness,
) -> None:
    created = tasks(random.Random(3), 160)
    for status in Status:
        stands = an_alert("stands", status=status)
        recalled = an_alert(
            "recalled",
            status=status,
            state=AlertState.RECALLED,
            version=2,
            proposed=None,
            transition=AlertTransition.RECALLED,
        )
        if status is Status.ACTUAL:
            await console.project([stands, recalled])
    await console.project([entry for pair in created for entry in pair])
    for query in ({}, {"subtree": 1}, {"subtree": 1, "status": "Exercise"}, {"open": 1}):
        assignments = sorted(
            (
                assignment
                for _, assignment in created
                if (query.get("subtree") or assignment.unit == ZHUTUO)
                and (assignment.status == query.get("status", assignment.status))
                and not (query.get("open") and assignment.state is AssignmentState.DONE)
            ),
            key=turn,
        )
        listed = await all_of(
            console, "o-town-b", "/api/assignments", "assignments", limit=7, **query
        )
        assert [row["assignment_id"] for row in listed] == [
            assignment.assignment_id for assignment in assignments
        ]
        head = await read(console, "o-town-b", "/api/assignments", limit=3, **query)
        assert head["total"] == len(assignments)
        assert head["assignments"] == listed[:3]


def many_pages(chance: random.Random, many: int) -> list[Page]:
    pages = []
    for n in range(many):
        page = a_page(
            "o-town-b",
            ZHUTUO,
            name=f"blue-{n}",
            level=chance.choice((Level.BLUE, Level.YELLOW)),
            status=chance.choice((Status.ACTUAL, Status.EXERCISE)),
            state=chance.choice((PageState.SENT, PageState.DELIVERED, PageState.NO_ANSWER)),
            at=NOW + timedelta(minutes=1, seconds=chance.randrange(9_000)),
        )
        pages.append(page)
    return pages


def page_turn(page: Page) -> tuple[Any, ...]:
    if page.state is PageState.NO_ANSWER:
        return (1, -page.sent_at.timestamp(), page.page_id)
    return (
        0,
        page.status is not Status.ACTUAL,
        page.alert_id != RECALLED,
        -LEVEL_ORDER[page.level],
        page.answer_by.timestamp(),
        -page.sent_at.timestamp(),
        page.page_id,
    )


async def test_a_red_page_older_than_all_others_stands_first_on_the_phone(
    console: ConsoleHarness,
) -> None:
    recalled = an_alert("recalled", state=AlertState.RECALLED, version=2, proposed=None)
    red = a_page("o-town-b", ZHUTUO, name="red", level=Level.RED)
    taken_back = a_page("o-town-b", ZHUTUO, name="recalled", level=Level.BLUE)
    other_pages = many_pages(random.Random(4), 400)
    await console.project([recalled, red, taken_back, *other_pages])
    first = await read(console, "o-town-b", "/api/pages", limit=100)  # what the phone asks
    assert [entry["page_id"] for entry in first["pages"][:2]] == [taken_back.page_id, red.page_id]
    pages = sorted([red, taken_back, *other_pages], key=page_turn)
    waiting = [page for page in pages if page.state is not PageState.NO_ANSWER]
    assert first["waiting"] == len(waiting) > 200
    listed = await all_of(console, "o-town-b", "/api/pages", "pages", limit=60)
    assert [row["page_id"] for row in listed] == [page.page_id for page in pages]
    listed = await all_of(console, "o-town-b", "/api/pages", "pages", open=1, limit=60)
    assert [row["page_id"] for row in listed] == [page.page_id for page in waiting]
    drill = await read(console, "o-town-b", "/api/pages", open=1, status="Exercise", limit=500)
    assert {item["status"] for item in drill["pages"]} == {"Exercise"}
    assert drill["waiting"] == len(drill["pages"])
