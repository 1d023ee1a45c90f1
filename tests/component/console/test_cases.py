"""Cases on a real Postgres: independent of order, equal to a recount, limited to the subtree."""

from __future__ import annotations

import csv
import io
import random
from statistics import median
from typing import Any

import pytest

from deploy.example.units import all_units
from shared.contracts.assignments import AssignmentEvent, AssignmentState, Part
from shared.contracts.commands import CommandEvent
from shared.contracts.fields import Status
from shared.contracts.ids import content_id
from shared.contracts.pages import Answer, Page
from shared.contracts.supervision import SupervisionEvent, SupervisionKind
from tests.support import console_case_records
from tests.support.console_case_records import a_case
from tests.support.console_events import DISTRICT, SONGJI, VILLAGE, ZHUTUO, a_command
from tests.support.console_harness import ConsoleHarness

TOWN = [
    ZHUTUO,
    *sorted(
        unit_entry.unit for unit_entry in all_units() if unit_entry.unit.startswith("5001181182")
    ),
][:40]
ALERT, COMMAND = content_id("alt", "case"), content_id("cmd", "case")


async def read(console: ConsoleHarness, path: str, officer: str = "o-city-b", **query: Any) -> Any:
    async with console.client(officer) as client:
        answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def timeline(
    console: ConsoleHarness, case: str = ALERT, officer: str = "o-city-b", **query: Any
) -> Any:
    results: list[Any] = []
    cursor = ""
    while True:
        path = f"/api/cases/{case}/timeline"
        part = await read(console, path, officer, after=cursor, **query)
        results += part["lines"]
        cursor = part["next"] or ""
        if not cursor:
            return results


@pytest.mark.parametrize("seed", range(3))
async def test_any_order_and_any_repeat_tell_the_same(console: ConsoleHarness, seed: int) -> None:
    history = a_case("case", TOWN)
    await console.project(history)
    expected = await timeline(console), await read(console, f"/api/cases/{ALERT}/evaluation")
    await console.deps.database.pool.execute(
        "TRUNCATE console.case_fact, console.alert, console.command, console.assignment, "
        "console.page, console.answer"
    )
    shuffled = history + random.Random(seed).sample(history, 50)
    random.Random(seed + 9).shuffle(shuffled)
    for start in range(0, len(shuffled), 70):
        await console.project(shuffled[start : start + 70])
    result = await timeline(console), await read(console, f"/api/cases/{ALERT}/evaluation")
    assert result == expected
    assert [entry["at"] for entry in result[0]] == sorted(item["at"] for item in result[0])


async def test_thousands_are_summed_and_every_fact_counts_once(console: ConsoleHarness) -> None:
    units = [unit_entry.unit for unit_entry in all_units() if unit_entry.unit.startswith("500118")][
        :2_000
    ]
    await console.project(a_case("case", units))
    lines = await timeline(console)
    assert len(lines) < 400
    delivered = [
        line for line in lines if (line["kind"], line["what"]) == ("assignment", "delivered")
    ]
    first = [entry for entry in delivered if entry["attempt"] == 1]
    assert sum(element["count"] for element in first) == len(units)
    assert len(first) == len({candidate["tier"] for candidate in first})
    completed = [line for line in lines if (line["kind"], line["what"]) == ("assignment", "done")]
    assert sum(candidate["count"] for candidate in completed) == len(units)
    called = [line for line in lines if line["kind"] == "supervision"]
    assert sum(candidate["count"] for candidate in called) == 3 * (len(units) // 5)
    single = [line for line in lines if line["count"] == 1 and line["kind"] == "assignment"]
    assert all(item["unit"] for item in single)
    coarse = await timeline(console, slot="3600")
    assert len(coarse) < len(lines)
    assert sum(candidate["count"] for candidate in coarse) == sum(line["count"] for line in lines)


async def test_a_timeline_in_parts_is_the_whole(console: ConsoleHarness) -> None:
    await console.project(a_case("case", TOWN))
    complete = await timeline(console, limit=500)
    assert await timeline(console, limit=7) == complete
    unit_lines = await timeline(console, unit=VILLAGE)
    assert len(unit_lines) > 4
    assert await timeline(console, unit=VILLAGE, limit=2) == unit_lines


async def test_a_unit_is_reported_with_its_officers_own_words(console: ConsoleHarness) -> None:
    await console.project(a_case("case", TOWN, reason="水已退，无需转移"))
    third = TOWN[2]
    lines = await timeline(console, unit=third)
    assert {line["unit"] for line in lines} == {third}
    written = [line for line in lines if line["kind"] == "acknowledgement"]
    assert ("return", "水已退，无需转移") in [
        (entry["what"], entry.get("text")) for entry in written
    ]
    states = [line["what"] for line in lines if line["kind"] == "assignment"]
    assert states == [
        "delivered", "returned", "delivered", "signed", "reported", "checked", "done",
    ]  # fmt: skip


async def test_the_evaluation_equals_a_recount_of_the_log(console: ConsoleHarness) -> None:
    history = a_case("case", TOWN)
    await console.project(history)
    result = await read(console, f"/api/cases/{ALERT}/evaluation", limit=1_000)
    states = [assignment for assignment in history if isinstance(assignment, AssignmentEvent)]
    calls = [supervision for supervision in history if isinstance(supervision, SupervisionEvent)]
    replies = {answer.page_id: answer.sent_at for answer in history if isinstance(answer, Answer)}
    pages = {page.page_id: page for page in history if isinstance(page, Page) and page.version == 1}
    assert [unit["unit"] for unit in result["units"]] != []
    for row in result["units"]:
        own_lines = [state for state in states if state.unit == row["unit"]]
        own_calls = [call for call in calls if call.unit == row["unit"]]
        own_pages = [page for page in pages.values() if page.unit == row["unit"]]

        def first(state: str, assignments: list[AssignmentEvent] = own_lines) -> Any:
            return next(
                assignment.sent_at for assignment in assignments if assignment.state == state
            )

        assert row["deliver_s"] == 0
        assert row["sign_s"] == (first("signed") - first("delivered")).total_seconds()
        assert row["finish_s"] == (first("reported") - first("delivered")).total_seconds()
        assert row["late"] == int(any(assignment.late for assignment in own_lines))
        assert row["returned"] == sum(assignment.state == "returned" for assignment in own_lines)
        assert row["sent_back"] == max(assignment.attempt for assignment in own_lines) - 1
        assert row["escalations"] == sum(call.kind == "escalated" for call in own_calls)
        assert (row["pages"], row["state"]) == (len(own_pages), "done")
        answered = [replies[page.page_id] for page in own_pages if page.page_id in replies]
        assert row["answered"] == len(answered)
        if answered:
            assert row["answer_s"] == (answered[0] - own_pages[0].sent_at).total_seconds()
    complete = result["whole"]
    assert complete["units"] == complete["signed"] == len(TOWN)
    for name in ("late", "returned", "sent_back", "escalations", "pages", "answered", "signed"):
        assert complete[name] == sum(row[name] for row in result["units"])
        assert complete[name] == sum(tier[name] for tier in result["by_tier"])
    signing = [row["sign_s"] for row in result["units"]]
    assert complete["sign_s"]["median_s"] == median(signing)
    assert complete["sign_s"]["slowest_s"] == max(signing)


async def test_an_overdue_unit_that_never_signs_is_late(console: ConsoleHarness) -> None:
    history = [
        assignment
        for assignment in a_case("case", TOWN[:5])
        if not (
            isinstance(assignment, AssignmentEvent)
            and assignment.unit == TOWN[4]
            and assignment.version > 1
        )
    ]
    await console.project(history)
    result = await read(console, f"/api/cases/{COMMAND}/evaluation")
    row = next(unit for unit in result["units"] if unit["unit"] == TOWN[4])
    assert (row["late"], row["signed"], row["sign_s"], row["state"]) == (1, 0, None, "delivered")


async def test_a_drill_says_so_in_every_line_and_never_joins_a_real_case(
    console: ConsoleHarness,
) -> None:
    await console.project(a_case("case", TOWN[:9]))
    real = await timeline(console), await read(console, f"/api/cases/{ALERT}/evaluation")
    await console.project(a_case("drill", TOWN[:9], status=Status.EXERCISE))
    assert (await timeline(console), await read(console, f"/api/cases/{ALERT}/evaluation")) == real
    lines = await timeline(console, content_id("alt", "drill"))
    assert {line["status"] for line in lines} == {"Exercise"}
    heading = await read(console, f"/api/cases/{content_id('alt', 'drill')}/timeline")
    assert heading["status"] == "Exercise"


async def test_an_alert_has_its_commands_and_a_command_is_a_case_of_its_own(
    console: ConsoleHarness,
) -> None:
    await console.project(a_case("case", TOWN[:4]))
    kinds = {entry["kind"] for entry in await timeline(console, ALERT)}
    assert kinds == {"alert", "command", "assignment", "page", "answer"}
    lines = await timeline(console, COMMAND)
    assert {line["kind"] for line in lines} == kinds - {"alert"}


async def test_others_see_their_own_part_or_nothing(console: ConsoleHarness) -> None:
    await console.project(a_case("case", TOWN))
    result = await read(console, f"/api/cases/{COMMAND}/evaluation", "o-village-b", limit=1_000)
    assert 0 < result["whole"]["units"] < len(TOWN)
    assert all(unit["unit"].startswith(VILLAGE) for unit in result["units"])
    lines = await timeline(console, COMMAND, "o-village-b")
    signed = [line for line in lines if (line["kind"], line["what"]) == ("assignment", "signed")]
    assert sum(entry["count"] for entry in signed) == result["whole"]["signed"]
    async with console.client("o-songji-b") as client:
        for part in ("timeline", "evaluation"):
            assert (await client.get(f"/api/cases/{COMMAND}/{part}")).status_code == 404
    async with console.client("o-village-b") as client:
        path = f"/api/cases/{COMMAND}/timeline"
        assert (await client.get(path, params={"unit": ZHUTUO})).status_code == 403
        assert (await client.get(path, params={"unit": SONGJI})).status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "after=x", "after=2026-11-24T99:99:99.000000Z~1~a", "after=%00", "slot=1", "limit=0",
        "unit=x", "after=2026-11-24T02:13:40.000000Z~1~'", "limit=501",
    ],
)  # fmt: skip
async def test_bad_questions_are_refused(console: ConsoleHarness, query: str) -> None:
    await console.project([a_command("case")])
    async with console.client("o-city-b") as client:
        answer = await client.get(f"/api/cases/{COMMAND}/timeline?{query}")
    assert answer.status_code == 422, answer.text


async def test_the_csv_has_all_units_and_no_formula(console: ConsoleHarness) -> None:
    await console.project(a_case("case", TOWN))
    async with console.client("o-city-b") as client:
        answer = await client.get(f"/api/cases/{ALERT}/evaluation", params={"format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert sorted(row["unit"] for row in rows) == sorted(TOWN)
    result = await read(console, f"/api/cases/{ALERT}/evaluation")
    for name in ("late", "returned", "escalations"):
        assert sum(int(row[name]) for row in rows) == result["whole"][name]
    assert not [cell for row in rows for cell in row.values() if cell[:1] in "=+-@" and cell]


async def test_states_reported_at_one_time_stand_in_their_order(console: ConsoleHarness) -> None:
    """Steps that waited for a signature take effect in the signature's transaction."""
    command = a_command("case", ZHUTUO)
    states = ("delivered", "signed", "accepted", "handling", "reported", "checked", "done")
    history = [
        console_case_records.assignment_at(command, VILLAGE, AssignmentState(state), 5, version)
        for version, state in enumerate(states, 1)
    ]
    await console.project([command, *reversed(history)])
    lines = await timeline(console, COMMAND, unit=VILLAGE)
    assert tuple(line["what"] for line in lines) == states


async def test_what_was_made_later_counts_from_its_own_delivery(console: ConsoleHarness) -> None:
    """The part of a split assignment did not exist when the command was issued."""
    command = a_command("case", ZHUTUO)
    part = Part(parent_assignment_id="asg-1", mandatory=True, release_unit=ZHUTUO)
    assignment = console_case_records.assignment_at(
        command, VILLAGE, AssignmentState.DELIVERED, 600, 1, part=part
    )
    moved = console_case_records.assignment_at(
        command, SONGJI, AssignmentState.DELIVERED, 600, 1, reassigned_from="asg-1"
    )
    first = console_case_records.assignment_at(command, ZHUTUO, AssignmentState.DELIVERED, 2, 1)
    await console.project([command, first, assignment, moved])
    result = await read(console, f"/api/cases/{COMMAND}/evaluation")
    took = {unit["unit"]: unit["deliver_s"] for unit in result["units"]}
    assert took == {ZHUTUO: 2, VILLAGE: None, SONGJI: None}


async def test_calls_for_missing_reports_and_what_came_of_them_are_reported(
    console: ConsoleHarness,
) -> None:
    """The case holds the missed report, the paged officer and the answer; counts stay equal."""
    history = a_case("case", TOWN[:4])
    await console.project(history)
    before = await read(console, f"/api/cases/{ALERT}/evaluation")
    command = next(command for command in history if isinstance(command, CommandEvent))
    signed = console_case_records.assignment_at(command, ZHUTUO, AssignmentState.SIGNED, 11, 2)
    call = console_case_records.supervision_at(
        signed, SupervisionKind.ESCALATED, 1_500, rung=1
    ).model_copy(
        update={
            "id": "sup-report",
            "supervision_id": "sup-report",
            "clock": "report_phone",
            "subject_id": "duty-1",
            "command_id": None,
            "incident_id": content_id("inc", "case"),
        }
    )
    pages = [
        page.model_copy(update={"command_id": None, "subject_id": call.id})
        if isinstance(page, Page)
        else page
        for page in console_case_records.page_at(a_command("missing", DISTRICT), ZHUTUO, 1_501, 20)
    ]
    await console.project([call, *pages])
    lines = [
        entry for entry in await timeline(console) if entry["thread"] in (call.incident_id, call.id)
    ]
    assert [(line["kind"], line["what"]) for line in lines] == [
        ("supervision", "escalated"),
        ("page", "sent"),
    ]
    assert (lines[0]["clock"], lines[0]["unit"], lines[0]["rung"]) == ("report_phone", ZHUTUO, 1)
    own_lines = [
        item["kind"]
        for item in await timeline(console, unit=ZHUTUO)
        if item["at"] >= lines[0]["at"]
    ]
    assert own_lines[:3] == ["supervision", "page", "answer"]
    assert await read(console, f"/api/cases/{ALERT}/evaluation") == before
    async with console.client("o-city-b") as client:
        page = await client.get(f"/api/cases/{ALERT}/export", params={"format": "html"})
    assert "未电话初报" in page.text
