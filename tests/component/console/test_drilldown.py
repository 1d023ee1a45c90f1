"""From the city down to the last micro-grid: each step counts the whole subtree, the sums agree."""

from __future__ import annotations

from typing import Any

from deploy.example.units import all_units
from shared.contracts.assignments import AssignmentState
from shared.contracts.supervision import SupervisionKind
from shared.contracts.units import is_within
from tests.support.console_events import (
    CITY,
    DISTRICT,
    GRID,
    NOW,
    SONGJI,
    VILLAGE,
    ZHUTUO,
    a_command,
    a_supervision,
    an_assignment,
    assignments,
)
from tests.support.console_harness import ConsoleHarness


async def get(console: ConsoleHarness, officer: str, path: str, **query: str) -> tuple[int, Any]:
    async with console.client(officer) as client:
        answer = await client.get(path, params=query)
    return answer.status_code, answer.json()


async def test_every_step_down_adds_up_to_the_step_above(console: ConsoleHarness) -> None:
    units = [unit_entry.unit for unit_entry in all_units() if is_within(unit_entry.unit, DISTRICT)]
    order = a_command("evacuate", DISTRICT, recipients=len(units), at=NOW)
    assigned = assignments(order, units, signed_share=0.6, done_share=0.3)
    late = next(
        assignment
        for assignment in assigned
        if assignment.unit.startswith(f"{VILLAGE}/grid/")
        and assignment.unit.count("/") == 3
        and not assignment.signed_at
    )
    await console.project([order, *assigned, a_supervision(late, SupervisionKind.OVERDUE)])
    path = f"/api/commands/{order.command_id}/below"
    unit, before = CITY, None
    for _ in range(5):
        _, result = await get(console, "o-city-b", path, unit=unit)
        counted = {
            name: sum(item[name] for item in result["below"]) for name in ("total", "signed")
        }
        if before is not None:
            own = result["own"]
            assert own["unit"] == unit
            counted["total"] += 1
            counted["signed"] += own["state"] not in ("queued", "delivered")
            assert counted == before
        step = next(entry for entry in result["below"] if is_within(late.unit, entry["unit"]))
        assert step["overdue"] == 1
        assert [element["unit"] for element in result["way"]][-1] == unit
        unit, before = step["unit"], {name: step[name] for name in ("total", "signed")}
    assert unit == late.unit


async def test_a_unit_that_the_command_does_not_concern_is_left_out(
    console: ConsoleHarness,
) -> None:
    order = a_command("local", ZHUTUO, recipients=1)
    await console.project([order, an_assignment(order, VILLAGE, AssignmentState.SIGNED)])
    _, result = await get(
        console, "o-city-b", f"/api/commands/{order.command_id}/below", unit=DISTRICT
    )
    assert [unit["unit"] for unit in result["below"]] == [ZHUTUO]
    assert result["own"] is None


async def test_nobody_looks_beside_or_above_the_own_unit(console: ConsoleHarness) -> None:
    order = a_command("local", ZHUTUO, recipients=1)
    await console.project([order])
    path = f"/api/commands/{order.command_id}/below"
    for unit in (DISTRICT, SONGJI):
        status, problem = await get(console, "o-town-b", path, unit=unit)
        assert (status, problem["reason"]) == (403, "outside_subtree")
    assert (await get(console, "o-town-b", "/api/commands/cmd-none/below"))[0] == 404


async def test_units_are_listed_with_what_a_selection_can_name(console: ConsoleHarness) -> None:
    _, result = await get(console, "o-district-b", "/api/units")
    assert (result["unit"], [item["unit"] for item in result["way"]]) == (DISTRICT, [DISTRICT])
    towns = [unit for unit in result["below"] if unit["tier"] == "town"]
    departments = [entry["department"] for entry in result["below"] if entry["department"]]
    assert len(towns) == 23
    assert "water" in departments
    assert {"water", "safety"} <= set(result["departments"])
    assert result["groups"][0]["group"] == "flood_task_force"
    _, grid = await get(console, "o-city-b", "/api/units", unit=GRID)
    assert grid["synthetic"] is True
