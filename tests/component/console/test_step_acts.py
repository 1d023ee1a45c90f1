"""Steps of units and issuers through the API: required fields, rights and records."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.assignments import Ask, AssignmentState, Part, Step
from shared.contracts.commands import CommandState
from tests.component.console.test_acts import decoded, post
from tests.support.console_events import (
    CITY,
    DISTRICT,
    GRID,
    SONGJI,
    VILLAGE,
    ZHUTUO,
    a_command,
    an_assignment,
)
from tests.support.console_harness import ConsoleHarness

LATER = "2030-01-01T00:00:00+08:00"
NEEDS: list[tuple[dict[str, Any], str | None]] = [
    ({"step": "ask_extend", "until": LATER}, "body.text"),
    ({"step": "ask_extend", "text": "船未到"}, "body.until"),
    ({"step": "ask_extend", "text": "船未到", "until": "2030-01-01T00:00:00"}, "body.until"),
    ({"step": "ask_extend", "text": "船未到", "until": LATER}, None),
    ({"step": "ask_suspend", "text": "路断", "until": LATER}, None),
    ({"step": "split"}, "body.units"),
    ({"step": "split", "units": ["not a unit"]}, "body.units.0"),
    ({"step": "split", "units": [GRID]}, None),
    ({"step": "report", "units": [GRID]}, "body.units"),
]


@pytest.mark.parametrize(("body", "where"), NEEDS)
async def test_a_step_says_what_it_needs(
    console: ConsoleHarness, body: dict[str, Any], where: str | None
) -> None:
    command = a_command("c")
    assignment = an_assignment(command, VILLAGE, AssignmentState.SIGNED, version=2)
    await console.project([command, assignment])
    path = f"/api/assignments/{assignment.assignment_id}/acknowledgements"
    answer = await post(console, "o-village-b", path, body)
    if where is not None:
        assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, where)
        assert decoded(console) == []
        return
    assert answer.status_code == 202, answer.text
    (record,) = decoded(console)
    assert (record.step, record.number) == (body["step"], 2)
    assert record.units == (tuple(body["units"]) if "units" in body else None)


async def test_a_consent_takes_the_time_that_was_asked_for_and_a_refusal_says_why(
    console: ConsoleHarness,
) -> None:
    command = a_command("c", issuer=CITY)
    until = command.finish_by + timedelta(hours=2)
    ask = Ask(step=Step.ASK_EXTEND, until=until, officer_id="o-village-b", text="船未到")
    assignment = an_assignment(command, VILLAGE, AssignmentState.SIGNED, version=2)
    await console.project([command, assignment.model_copy(update={"asked": ask})])
    path = f"/api/assignments/{assignment.assignment_id}/acknowledgements"
    async with console.client("o-city-b") as client:
        view = (await client.get(f"/api/assignments/{assignment.assignment_id}")).json()
    assert (view["asked"]["step"], view["asked"]["text"]) == ("ask_extend", "船未到")
    assert view["may"][0] == "refuse"
    bare = await post(console, "o-city-b", path, {"step": "refuse"})
    assert bare.json()["errors"][0]["where"] == "body.text"
    response = await post(console, "o-city-b", path, {"step": "suspend"})
    assert response.json()["errors"][0]["where"] == "body.until"
    granted = await post(console, "o-city-b", path, {"step": "extend"})
    assert granted.status_code == 202
    own = await post(console, "o-village-b", path, {"step": "extend", "until": LATER})
    assert (own.status_code, own.json()["reason"]) == (403, "not_issuer")


async def test_who_splits_gives_parts_and_who_is_above_alone_drops_them(
    console: ConsoleHarness,
) -> None:
    command = a_command("c", issuer=CITY)
    complete = an_assignment(command, ZHUTUO, AssignmentState.SIGNED, version=2)
    part = an_assignment(command, VILLAGE).model_copy(
        update={
            "issuer_unit": ZHUTUO,
            "part": Part(
                parent_assignment_id=complete.assignment_id, mandatory=True, release_unit=CITY
            ),
        }
    )
    await console.project([command, complete, part])
    of_whole, of_part = (
        f"/api/assignments/{assignment.assignment_id}/acknowledgements"
        for assignment in (complete, part)
    )
    sideways = await post(console, "o-town-b", of_whole, {"step": "split", "units": [SONGJI]})
    assert (sideways.status_code, sideways.json()["reason"]) == (403, "outside_subtree")
    drop = {"step": "waive", "text": "道路中断"}
    own = await post(console, "o-town-b", of_part, drop)
    assert (own.status_code, own.json()["reason"]) == (403, "not_issuer")
    assert (await post(console, "o-city-b", of_part, drop)).status_code == 202
    give = {"step": "reassign", "text": "改派"}
    assert (await post(console, "o-town-b", of_part, give)).status_code == 422
    elsewhere = {**give, "units": [SONGJI]}
    assert (await post(console, "o-city-b", of_part, elsewhere)).status_code == 403
    own_work = await post(console, "o-city-b", of_whole, {**give, "units": [CITY]})
    assert (own_work.status_code, own_work.json()["reason"]) == (403, "outside_subtree")
    assert (await post(console, "o-town-b", of_part, {**give, "units": [GRID]})).status_code == 202
    async with console.client("o-town-b") as client:
        view = (await client.get(f"/api/assignments/{part.assignment_id}")).json()
    assert view["parent_assignment_id"] == complete.assignment_id
    assert "check" not in view["may"]
    assert {"reassign", "suspend"} <= set(view["may"])
    assert not {"waive", "recall", "sign"} & set(view["may"])


async def test_a_closed_command_is_opened_again_by_its_issuer(console: ConsoleHarness) -> None:
    command = a_command("c", issuer=CITY, state=CommandState.CLOSED)
    await console.project([command])
    path = f"/api/commands/{command.command_id}/reopen"
    assert (await post(console, "o-district-b", path, {})).status_code == 403
    assert (await post(console, "o-city-b", path, {})).status_code == 202
    (request,) = decoded(console)
    assert request.verb == "reopen"


async def test_units_are_urged_by_the_units_above_them_once_a_minute(
    console: ConsoleHarness,
) -> None:
    command = a_command("c", ZHUTUO, issuer=CITY)
    await console.project([command])
    path = f"/api/commands/{command.command_id}/urge"
    assert (await post(console, "o-district-b", path, {"within": ZHUTUO})).status_code == 202
    assert (await post(console, "o-district-b", path, {"within": ZHUTUO})).status_code == 202
    assert (await post(console, "o-town-b", path, None)).status_code == 202
    refused = await post(console, "o-songji-b", path, {"within": ZHUTUO})
    assert (refused.status_code, refused.json()["reason"]) == (403, "outside_subtree")
    records = {entry.id: entry for entry in decoded(console)}.values()
    assert 2 <= len(records) <= 3  # the minute may have passed between the two
    assert {(entry.verb, entry.within, entry.origin_unit) for entry in records} == {
        ("urge", ZHUTUO, DISTRICT),
        ("urge", ZHUTUO, ZHUTUO),
    }
