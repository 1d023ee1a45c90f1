"""One card per person and matter: supervision of one command gathers, and one answer answers it."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import timedelta

from deploy.example.units import all_units
from shared.contracts.commands import CommandEvent
from shared.contracts.fields import Level, Status
from shared.contracts.pages import Answer, AnswerVerb, Channel, Page, PageState, SubjectKind
from shared.contracts.topics import PAGE_ANSWERS, TOPICS
from tests.component.console.test_alert_acts import post, read
from tests.component.console.test_urgency import page_turn
from tests.support.console_events import (
    CITY,
    DISTRICT,
    NOW,
    SONGJI,
    ZHUTUO,
    a_command,
    a_page,
    an_assignment,
)
from tests.support.console_harness import ConsoleHarness

OFFICER = "o-town-b"
GRIDS = [
    entry.unit
    for entry in all_units()
    if entry.unit.startswith("500118118") and "/grid/" in entry.unit
]
MANY = 516


def supervision_pages(command: CommandEvent, count: int, **more: object) -> list[Page]:
    """Return pages about units of a command that do not answer, to one officer."""
    pages = []
    for n in range(count):
        fields = {"at": NOW + timedelta(seconds=n), "subject": SubjectKind.SUPERVISION, **more}
        page = a_page(OFFICER, ZHUTUO, name=f"{command.command_id}-{n}", **fields)  # type: ignore[arg-type]
        update = {
            "command_id": command.command_id,
            "assignment_id": an_assignment(command, GRIDS[n]).assignment_id,
        }
        pages.append(page.model_copy(update=update))
    return pages


def an_answer(page: Page) -> Answer:
    """Return the answer of the officer of a page."""
    return Answer(
        id=f"ans-{page.page_id}",
        status=page.status,
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit=page.unit,
        tier=page.tier,
        page_id=page.page_id,
        officer_id=page.officer_id,
        verb=AnswerVerb.COMING,
    )


def answers(console: ConsoleHarness) -> list[Answer]:
    """Return the answers that Kafka has."""
    return [
        TOPICS[record.topic].model.validate_json(record.body)
        for record in console.kafka.sent
        if record.topic == PAGE_ANSWERS.name
    ]


async def test_516_pages_about_one_command_are_one_card_that_one_answer_answers(
    console: ConsoleHarness,
) -> None:
    command = a_command("flood", CITY)
    pages = supervision_pages(command, MANY)
    red = a_page(OFFICER, ZHUTUO, name="red", level=Level.RED)
    elsewhere = a_page("o-songji-b", SONGJI, name="elsewhere", subject=SubjectKind.SUPERVISION)
    neighbour = elsewhere.model_copy(update={"command_id": command.command_id})
    tasks = [an_assignment(command, grid) for grid in GRIDS[:MANY]]
    await console.project([command, *tasks, *pages, red, neighbour])
    pages_answer = await read(console, OFFICER, "/api/pages", open=1, limit=10)
    assert pages_answer["waiting"] == MANY + 1
    listed = await read(console, OFFICER, "/api/pages", open=1, by_matter=1)
    assert listed["waiting"] == len(listed["pages"]) == 2
    assert listed["next"] is None
    alone, card = listed["pages"]
    assert (alone["page_id"], alone["matter_count"], alone["late_units"]) == (red.page_id, 1, [])
    assert (card["page_id"], card["matter_count"]) == (pages[0].page_id, MANY)
    assert card["late_unit_count"] == MANY
    assert card["late_units"] == [console.deps.names.unit(unit) for unit in GRIDS[:6]]

    path = f"/api/pages/{card['page_id']}/answers"
    receipt = await post(console, OFFICER, path, {"verb": "delivered", "whole_matter": True})
    assert receipt.status_code == 202
    assert {answer.page_id for answer in answers(console)} == {page.page_id for page in pages}
    console.kafka.sent.clear()
    answered = await post(console, OFFICER, path, {"verb": "coming", "whole_matter": True})
    assert answered.status_code == 202
    assert {(answer.page_id, answer.verb) for answer in answers(console)} == {
        (page.page_id, "coming") for page in pages
    }
    assert len(answers(console)) == MANY
    await console.project(answers(console))
    after = await read(console, OFFICER, "/api/pages", open=1, by_matter=1)
    assert [entry["page_id"] for entry in after["pages"]] == [red.page_id]
    assert (await read(console, "o-songji-b", "/api/pages", by_matter=1))["waiting"] == 1


async def test_the_counter_of_the_wall_counts_officers_and_matters(
    console: ConsoleHarness,
) -> None:
    chance = random.Random(24)
    pages: list[Page] = []
    officers = (
        (OFFICER, ZHUTUO),
        ("li", ZHUTUO),
        ("o-songji-b", SONGJI),
        ("o-district-b", DISTRICT),
    )
    for officer, unit in officers:
        for name in ("flood", "gas"):
            for page in supervision_pages(a_command(name, CITY), 12):
                update = {
                    "page_id": f"{page.page_id}-{officer}",
                    "officer_id": officer,
                    "unit": unit,
                    "channel": chance.choice((Channel.CONSOLE, Channel.CONSOLE, Channel.SMS)),
                    "status": chance.choice((Status.ACTUAL, Status.ACTUAL, Status.EXERCISE)),
                    "state": chance.choice((PageState.SENT, PageState.READ, PageState.NO_ANSWER)),
                    "to_note": chance.random() < 0.2,
                }
                pages.append(page.model_copy(update=update))
        alert = a_page(officer, unit, name=f"alert-{officer}")
        fault = a_page(officer, unit, name=f"fault-{officer}", subject=SubjectKind.FAULT)
        repeat = alert.model_copy(update={"page_id": f"pag-again-{officer}", "round": 2})
        pages += [alert, repeat, fault]
    answered = [pages[0], *(page for page in pages if page.officer_id == "li")]
    answers_given = [an_answer(page) for page in answered]
    await console.project([*pages, *answers_given])
    answered_ids = {answer.page_id for answer in answers_given if answer.status is Status.ACTUAL}
    waiting = [
        page
        for page in pages
        if page.status is Status.ACTUAL
        and page.channel is Channel.CONSOLE
        and page.state in (PageState.SENT, PageState.READ)
        and page.subject_kind is not SubjectKind.FAULT
        and page.page_id not in answered_ids
    ]
    for reader, prefix in ((OFFICER, ZHUTUO[:9]), ("o-district-b", DISTRICT[:6])):
        inside = [page for page in waiting if page.unit.startswith(prefix)]
        cards = {
            (page.officer_id, page.subject_kind, page.command_id or page.subject_id, page.to_note)
            for page in inside
        }
        overview = await read(console, reader, "/api/overview")
        assert overview["pages_open"] == len(cards) < len(inside), reader
    listed = await read(
        console, OFFICER, "/api/pages", open=1, by_matter=1, status="Actual", system=0
    )
    own = {page.command_id or page.subject_id for page in waiting if page.officer_id == OFFICER}
    assert listed["waiting"] >= len(own)
    assert (await read(console, OFFICER, "/api/overview"))["pages_open"] == listed["waiting"]


async def test_an_answer_to_one_page_answers_no_other(console: ConsoleHarness) -> None:
    pages = supervision_pages(a_command("flood", CITY), 3)
    await console.project(pages)
    path = f"/api/pages/{pages[0].page_id}/answers"
    assert (await post(console, OFFICER, path, {"verb": "coming"})).status_code == 202
    assert [answer.page_id for answer in answers(console)] == [pages[0].page_id]


async def test_a_card_has_the_receipts_that_its_new_pages_lack(console: ConsoleHarness) -> None:
    command = a_command("flood", CITY)
    delivered = supervision_pages(command, 2, state=PageState.DELIVERED)
    new = supervision_pages(command, 4)[2:]
    await console.project([*delivered, *new])
    path = f"/api/pages/{new[0].page_id}/answers"
    await post(console, OFFICER, path, {"verb": "delivered", "whole_matter": True})
    assert {answer.page_id for answer in answers(console)} == {page.page_id for page in new}


async def test_the_list_by_matter_equals_a_recount_in_every_order(console: ConsoleHarness) -> None:
    chance = random.Random(16)
    pages: list[Page] = []
    for name in ("flood", "gas", "landslide"):
        command = a_command(name, CITY)
        for n, page in enumerate(supervision_pages(command, 40)):
            update = {
                "status": chance.choice((Status.ACTUAL, Status.EXERCISE)),
                "level": chance.choice((Level.RED, Level.BLUE)),
                "state": chance.choice((PageState.SENT, PageState.READ, PageState.NO_ANSWER)),
                "to_note": n % 5 > 0,
            }
            pages.append(page.model_copy(update=update))
    repeats = [a_page(OFFICER, ZHUTUO, name=f"alert-{n // 3}", version=1) for n in range(9)]
    repeats = [
        page.model_copy(update={"page_id": f"pag-repeat-{n}", "round": 1 + n % 3})
        for n, page in enumerate(repeats)
    ]
    pages += repeats
    await console.project(pages)
    matters: dict[tuple[object, ...], list[Page]] = defaultdict(list)
    for page in sorted(pages, key=page_turn):
        waits = page.state is not PageState.NO_ANSWER
        subject = page.command_id or page.subject_id
        matters[(page.status, subject, page.to_note) if waits else (page.page_id,)].append(page)
    expected = sorted((group[0] for group in matters.values()), key=page_turn)
    listed, after = [], ""
    while True:
        answer = await read(console, OFFICER, "/api/pages", by_matter=1, limit=7, after=after)
        listed += answer["pages"]
        if not (after := answer["next"] or ""):
            break
    assert [entry["page_id"] for entry in listed] == [page.page_id for page in expected]
    counts = {group[0].page_id: len(group) for group in matters.values()}
    assert {entry["page_id"]: entry["matter_count"] for entry in listed} == counts
    assert len({(entry["status"], entry["matter"]) for entry in listed}) == len(listed)
    waiting = sum(group[0].state is not PageState.NO_ANSWER for group in matters.values())
    assert answer["waiting"] == waiting
