"""Counts of assignments per command, town, tier and state equal a recount of the rows."""

from __future__ import annotations

import random

import pytest

from deploy.example.units import all_units
from services.console.core.access import Span, span_of
from services.console.features.commands import counts
from services.console.features.commands.assignment_queries import (
    AssignmentQuery,
    assignments,
    assignments_total,
)
from shared.contracts.assignments import AssignmentState
from shared.runtime.database import Transaction
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

YONGCHUAN = [unit_entry.unit for unit_entry in all_units() if unit_entry.unit.startswith("500118")]


@pytest.mark.parametrize("seed", range(3))
async def test_counts_equal_a_recount_after_any_change(console: ConsoleHarness, seed: int) -> None:
    chance = random.Random(seed)
    commands = [a_command(f"counts {n}", DISTRICT, recipients=len(YONGCHUAN)) for n in range(2)]
    states = [AssignmentState.DELIVERED, AssignmentState.SIGNED, AssignmentState.RETURNED]
    for version in range(1, 4):
        events = [
            an_assignment(command, unit, chance.choice(states), version=version)
            for command in commands
            for unit in chance.sample(YONGCHUAN, 60)
        ]
        await console.project([*events, *chance.sample(events, 20)])
        ids = [command.command_id for command in commands]
        async with console.deps.database.transaction() as work:
            for unit in (CITY, DISTRICT, ZHUTUO, SONGJI, VILLAGE):
                span = span_of(unit)
                tallied = await counts.by_command_and_tier(work.connection, ids, span)
                fields = ("total", "signed", "returned")
                assert {
                    (row["command_id"], row["unit_tier"]): tuple(row[name] for name in fields)
                    for row in tallied
                } == await one_by_one(work, ids, span)
    async with console.deps.database.transaction() as work:
        await work.connection.execute("DELETE FROM console.assignment")
        assert await work.connection.fetchval("SELECT count(*) FROM console.assignment_count") == 0


@pytest.mark.parametrize("root", [CITY, DISTRICT, ZHUTUO, VILLAGE])
@pytest.mark.parametrize("state", [None, AssignmentState.SIGNED, AssignmentState.DONE])
@pytest.mark.parametrize("only_open", [False, True])
async def test_the_number_of_tasks_of_a_command_equals_a_recount(
    console: ConsoleHarness, root: str, state: AssignmentState | None, *, only_open: bool
) -> None:
    command = a_command("tasks", DISTRICT, recipients=len(YONGCHUAN))
    states = list(AssignmentState)
    units = [*YONGCHUAN[:150], VILLAGE, f"{DISTRICT}/emergency"]
    await console.project(
        [an_assignment(command, unit, states[n % len(states)]) for n, unit in enumerate(units)]
    )
    query = AssignmentQuery(
        unit=root,
        span=span_of(root),
        command=command.command_id,
        state=state,
        only_open=only_open,
    )
    async with console.deps.database.transaction() as work:
        rows = await assignments(work.connection, query, None, 1_000)
        assert await assignments_total(work.connection, query) == len(rows)
    assert rows or root in (ZHUTUO, VILLAGE) or state is not None


async def one_by_one(
    work: Transaction, commands: list[str], span: Span
) -> dict[tuple[str, str], tuple[int, int, int]]:
    """(all, signed, returned) per command and tier, from the rows themselves."""
    results: dict[tuple[str, str], tuple[int, int, int]] = {}
    for row in await work.connection.fetch("SELECT * FROM console.assignment"):
        if row["command_id"] in commands and span.holds(row["unit"]):
            key = row["command_id"], row["unit_tier"]
            total, signed, returned = results.get(key, (0, 0, 0))
            is_returned = row["state"] == "returned"
            is_signed = row["state"] == "signed" or (is_returned and row["signed_at"] is not None)
            results[key] = total + 1, signed + is_signed, returned + is_returned
    return results
