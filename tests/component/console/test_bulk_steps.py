"""One act on many assignments: each is recorded or refused alone, by name."""

from __future__ import annotations

from typing import Any

from shared.contracts.assignments import AssignmentState, Step
from tests.component.console.test_acts import decoded, post
from tests.support.console_events import GRID, SONGJI, VILLAGE, ZHUTUO, a_command, an_assignment
from tests.support.console_harness import ConsoleHarness

PATH = "/api/assignments/acknowledgements"
SECOND_GRID = f"{VILLAGE}/grid/002"


async def test_a_village_signs_for_its_grids_in_one_act_and_hears_who_is_refused(
    console: ConsoleHarness,
) -> None:
    command = a_command("c")
    own, grid, signed, foreign, town = (
        an_assignment(command, VILLAGE),
        an_assignment(command, GRID),
        an_assignment(command, SECOND_GRID, AssignmentState.REPORTED),
        an_assignment(command, SONGJI),
        an_assignment(command, ZHUTUO),
    )
    await console.project([command, own, grid, signed, foreign, town])
    names = [event.assignment_id for event in (own, grid, signed, foreign, town)]
    body: dict[str, Any] = {"step": "sign", "assignments": [*names, "asg-none", names[0]]}
    answer = await post(console, "o-village-b", PATH, body)
    assert answer.status_code == 202, answer.text
    results = {result["assignment_id"]: result for result in answer.json()["results"]}
    assert answer.json()["recorded"] == 2
    assert len(answer.json()["results"]) == 6  # Each once, in their order.
    reasons = {name: result["reason"] for name, result in results.items()}
    assert reasons == {
        names[0]: None,
        names[1]: None,
        names[2]: "not_now",
        names[3]: "unknown",  # Of another town: it is not even named.
        names[4]: "unknown",
        "asg-none": "unknown",
    }
    assert results[names[2]]["unit_name"]
    assert results[names[3]]["unit_name"] is None
    records = [record for record in decoded(console) if record.type == "acknowledgement"]
    assert {(record.unit, record.step) for record in records} == {
        (VILLAGE, Step.SIGN),
        (GRID, Step.SIGN),
    }
    repeat = (await post(console, "o-village-b", PATH, body)).json()
    assert [result["repeated"] for result in repeat["results"]][:2] == [True, True]


async def test_a_unit_above_is_refused_by_name_as_it_may_not_report_for_another(
    console: ConsoleHarness,
) -> None:
    command = a_command("c")
    signed = an_assignment(command, VILLAGE, AssignmentState.SIGNED, version=2)
    await console.project([command, signed])
    body = {"step": "report", "assignments": [signed.assignment_id], "text": "已转移"}
    (result,) = (await post(console, "o-town-b", PATH, body)).json()["results"]
    assert (result["reason"], result["unit"]) == ("not_recipient", VILLAGE)
    (done,) = (await post(console, "o-village-b", PATH, body)).json()["results"]
    assert done["reason"] is None
    (record,) = [record for record in decoded(console) if record.type == "acknowledgement"]
    assert (record.step, record.text) == (Step.REPORT, "已转移")


async def test_only_plain_steps_are_taken_in_bulk(console: ConsoleHarness) -> None:
    for wrong in ({"step": "return"}, {"step": "sign", "assignments": []}):
        body = {"assignments": ["asg-1"], **wrong}
        assert (await post(console, "o-village-b", PATH, body)).status_code == 422
