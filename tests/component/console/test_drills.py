"""The start of a drill: a report of status Exercise, with the right to command the place."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from shared.contracts.fields import Status
from shared.contracts.pages import Answer, AnswerVerb
from shared.contracts.topics import COMMAND_REQUESTS, REPORTS
from shared.contracts.units import tier_of
from tests.support.console_events import DISTRICT, SONGJI, VILLAGE, ZHUTUO, a_page, a_silent_sensor
from tests.support.console_harness import ConsoleHarness

SCENARIO = {
    "title": "朱沱镇洪水演练",
    "event_type": "11A01",
    "level": "red",
    "place": ZHUTUO,
    "text": "水位超过保证水位。",
}


async def post(
    console: ConsoleHarness, officer: str | None, path: str, body: Any, key: str | None = None
) -> httpx2.Response:
    headers = {"idempotency-key": key} if key else {}
    async with console.client(officer) as client:
        return await client.post(path, json=body, headers=headers)


async def test_a_drill_is_one_report_of_status_exercise(console: ConsoleHarness) -> None:
    first = await post(console, "o-district-b", "/api/drills", SCENARIO)
    repeated = await post(console, "o-district-b", "/api/drills", SCENARIO)
    assert (first.status_code, first.json()["repeated"]) == (202, False)
    assert (repeated.status_code, repeated.json()["repeated"]) == (202, True)
    (sent,) = {outgoing.body for outgoing in console.kafka.sent}
    report = REPORTS.model.validate_json(sent)
    assert report.status is Status.EXERCISE
    assert (report.place, report.headline) == (ZHUTUO, SCENARIO["title"])
    assert report.incident_id == first.json()["incident_id"]
    assert "red" in report.text
    assert report.means is None, "it is no report upward: nobody's clock is met by it"


@pytest.mark.parametrize(
    ("officer", "change", "status"),
    [
        (None, {}, 401),
        ("o-town-b", {"place": SONGJI}, 403),
        ("o-village-b", {"place": DISTRICT}, 403),
        ("o-village-b", {"place": VILLAGE}, 202),
        ("o-district-b", {"place": "500118999000"}, 404),
        ("o-district-b", {"status": "Actual"}, 422),
        ("o-district-b", {"level": "purple"}, 422),
    ],
)
async def test_who_may_start_one(
    console: ConsoleHarness, officer: str | None, change: dict[str, str], status: int
) -> None:
    answer = await post(console, officer, "/api/drills", SCENARIO | change)
    assert answer.status_code == status, answer.text


async def test_a_command_of_a_drill_says_so_and_its_key_hides_no_real_one(
    console: ConsoleHarness,
) -> None:
    body = {
        "selection": {"include": [{"kind": "subtree", "of": ZHUTUO, "tiers": ["town"]}]},
        "event_type": "11A01",
        "level": "blue",
        "title": "巡查",
    }
    for more in ({"status": "Exercise"}, {}):
        answer = await post(console, "o-district-b", "/api/commands", body | more, key="step-1")
        assert (answer.status_code, answer.json()["repeated"]) == (202, False), answer.text
    sent = [COMMAND_REQUESTS.model.validate_json(outgoing.body) for outgoing in console.kafka.sent]
    assert [entry.status for entry in sent] == [Status.EXERCISE, Status.ACTUAL]


async def test_neither_an_answer_nor_a_sensor_of_a_drill_changes_a_real_count(
    console: ConsoleHarness,
) -> None:
    page = a_page("o-town-b", ZHUTUO)
    sensor = a_silent_sensor("gauge-1", ZHUTUO)
    well = a_silent_sensor("gauge-1", ZHUTUO, version=2, online=True)
    answer = Answer(
        id="ans-drill",
        status=Status.EXERCISE,
        occurred_at=page.sent_at,
        sent_at=page.sent_at,
        origin_unit=ZHUTUO,
        tier=tier_of(ZHUTUO),
        page_id=page.page_id,
        officer_id=page.officer_id,
        verb=AnswerVerb.COMING,
    )
    drill = well.model_copy(update={"status": Status.EXERCISE})
    await console.project([page, sensor, answer, drill])
    async with console.client("o-district-b") as client:
        result = (await client.get("/api/overview")).json()
    assert (result["pages_open"], result["sensors_silent"]) == (1, 1)


async def test_open_pages_of_a_drill_push_no_real_one_out_of_the_list(
    console: ConsoleHarness,
) -> None:
    drills = [
        a_page("o-town-b", ZHUTUO, name=f"drill-{n}", status=Status.EXERCISE) for n in range(5)
    ]
    await console.project([a_page("o-town-b", ZHUTUO, name="zz-real"), *drills])
    async with console.client("o-town-b") as client:
        result = (await client.get("/api/pages?open=true&limit=3")).json()["pages"]
    assert [entry["status"] for entry in result] == ["Actual", "Exercise", "Exercise"]
