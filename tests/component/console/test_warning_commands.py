"""A warning of another agency becomes a command in one act: who may, with what, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contracts.commands import CommandRequest
from shared.contracts.fields import DataGrade, Status
from tests.component.console.test_acts import decoded, post
from tests.component.console.test_agency_warnings import HOUR, a_warning, listed
from tests.component.console.test_alert_acts import read
from tests.support.console_events import (
    CITY,
    DISTRICT,
    SONGJI,
    VILLAGE,
    ZHUTUO,
    a_command,
    an_assignment,
)
from tests.support.console_harness import ConsoleHarness

WORDS = {
    "sender_name": "永川区气象台",
    "description": "三小时内雨量将达 80 毫米。",
    "instruction": "转移低洼处人员。",
}
ORDER: dict[str, Any] = {
    "selection": {"include": [{"kind": "units", "units": [ZHUTUO]}]},
    "event_type": "11B03",
    "level": "orange",
    "title": "转外部预警：暴雨橙色预警",
    "warning_id": "wrn-1",
}


def listing(*units: str) -> dict[str, Any]:
    return {"kind": "units", "units": list(units)}


async def proposed(
    console: ConsoleHarness, officer: str, status: Status = Status.ACTUAL
) -> dict[str, Any] | None:
    """Return what a command because of the first warning begins with; None where there is none."""
    async with console.client(officer) as client:
        answer = await client.get("/api/warnings/wrn-1/command", params={"status": status.value})
    assert answer.status_code in (200, 404), answer.text
    return answer.json() if answer.status_code == 200 else None


@pytest.mark.parametrize(
    ("officer", "areas", "recipients"),
    [
        ("o-district-b", (ZHUTUO, SONGJI, VILLAGE), listing(SONGJI, ZHUTUO)),
        ("o-district-b", (DISTRICT,), {"kind": "subtree", "of": DISTRICT, "tiers": ["town"]}),
        ("o-town-b", (CITY, VILLAGE), {"kind": "subtree", "of": ZHUTUO, "tiers": ["village"]}),
        ("o-town-b", (VILLAGE,), listing(VILLAGE)),
        ("o-city-b", (DISTRICT, "500118999000"), listing(DISTRICT)),
        ("o-city-b", ("500118999000",), None),
    ],
)
async def test_a_command_begins_with_the_words_and_areas_of_the_warning(
    console: ConsoleHarness, officer: str, areas: tuple[str, ...], recipients: Any
) -> None:
    await console.project([a_warning(1, areas=areas, **WORDS)])
    (entry,) = await listed(console, officer)
    assert entry["may_command"]
    result = await proposed(console, officer)
    assert result is not None
    assert {name: result[name] for name in WORDS} == WORDS
    assert (result["event_type"], result["level"]) == ("11B03", "orange")
    if recipients is None:
        assert (result["selection"], result["names"]) == (None, {})
    else:
        assert result["selection"]["include"] == [recipients]
        units = recipients.get("units") or [recipients["of"]]
        assert result["names"].keys() == set(units)
        assert result["names"].get(ZHUTUO, "朱沱镇") == "朱沱镇"


async def test_the_command_refers_to_the_warning_and_has_its_grade(
    console: ConsoleHarness,
) -> None:
    await console.project([a_warning(1, data_grade=DataGrade.IMPORTANT)])
    answer = await post(console, "o-district-b", "/api/commands", ORDER)
    assert answer.status_code == 202, answer.text
    (request,) = decoded(console)
    assert isinstance(request, CommandRequest)
    assert (request.references, request.warning_id) == (("wrn-1",), "wrn-1")
    assert request.data_grade is DataGrade.IMPORTANT


@pytest.mark.parametrize(
    ("officer", "changes"),
    [
        ("o-songji-b", {}),
        ("o-town-b", {"areas": (DISTRICT,), "data_grade": DataGrade.IMPORTANT}),
        ("o-district-b", {"expires_at": datetime.now(UTC) - timedelta(seconds=1)}),
        ("o-district-b", {"status": Status.EXERCISE}),
    ],
)
async def test_another_warning_is_behind_no_command(
    console: ConsoleHarness, officer: str, changes: dict[str, Any]
) -> None:
    await console.project([a_warning(1, **changes)])
    assert await proposed(console, officer) is None
    assert not any(entry["may_command"] for entry in await listed(console, officer))
    own = {"o-songji-b": SONGJI, "o-town-b": ZHUTUO}.get(officer, DISTRICT)
    selection = {"include": [{"kind": "subtree", "of": own, "tiers": ["village"]}]}
    order = {**ORDER, "selection": selection}
    answer = await post(console, officer, "/api/commands", order)
    assert (answer.status_code, answer.json()["reason"]) == (409, "warning_over")
    assert console.kafka.sent == []


async def test_a_cancelled_warning_is_behind_no_command_but_the_words_can_still_be_sent(
    console: ConsoleHarness,
) -> None:
    await console.project([a_warning(1)])
    assert await proposed(console, "o-district-b") is not None
    await console.project([a_warning(2, "Cancel", references=("wrn-1",), expires_at=None)])
    assert await proposed(console, "o-district-b") is None
    refused = await post(console, "o-district-b", "/api/commands", ORDER)
    assert refused.status_code == 409
    completed = await post(console, "o-district-b", "/api/commands", {**ORDER, "warning_id": None})
    assert completed.status_code == 202
    (request,) = decoded(console)
    assert (request.references, request.warning_id) == ((), None)


async def test_a_warning_of_a_drill_becomes_a_command_of_a_drill(console: ConsoleHarness) -> None:
    later = datetime.now(UTC) + 3 * HOUR
    await console.project([a_warning(1, status=Status.EXERCISE, expires_at=later)])
    assert await proposed(console, "o-district-b", Status.EXERCISE) is not None
    order = {**ORDER, "status": "Exercise"}
    assert (await post(console, "o-district-b", "/api/commands", order)).status_code == 202


async def test_a_draft_keeps_the_warning(console: ConsoleHarness) -> None:
    async with console.client("o-district-b") as client:
        saved = await client.put("/api/command-drafts/dft-1", json={**ORDER, "level": None})
        assert saved.status_code == 200, saved.text
        (draft,) = (await client.get("/api/command-drafts")).json()["drafts"]
    assert draft["warning_id"] == "wrn-1"


async def test_the_card_of_a_command_names_the_warning_behind_it(console: ConsoleHarness) -> None:
    command = a_command("flood", DISTRICT).model_copy(update={"warning_id": "wrn-1"})
    await console.project([command, a_command("other", DISTRICT)])

    async def origins(officer: str) -> dict[str, Any]:
        answer = await read(console, officer, "/api/commands")
        return {entry["command_id"]: entry["warning"] for entry in answer["commands"]}

    masked_origin = {"masked": True, "source_id": "", "sender_name": None, "headline": ""}
    assert (await origins("o-district-b"))[command.command_id] == masked_origin
    areas: dict[str, Any] = {"areas": (DISTRICT,), "data_grade": DataGrade.IMPORTANT}
    await console.project([a_warning(1, **WORDS, **areas)])
    await console.project([a_warning(2, "Cancel", references=("wrn-1",), expires_at=None)])
    assert (await origins("o-district-b"))[command.command_id] == {
        "masked": False,
        "source_id": "cma",
        "sender_name": WORDS["sender_name"],
        "headline": "暴雨橙色预警 1",
    }
    assert (await origins("o-district-b"))[a_command("other").command_id] is None
    await console.project([an_assignment(command, ZHUTUO)])
    masked = (await origins("o-town-b"))[command.command_id]
    assert (masked["masked"], masked["sender_name"], masked["headline"]) == (True, None, "")
