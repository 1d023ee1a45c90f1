"""A long batch is written in parts while further steps are decided; the result is the same."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import asyncpg
import pytest

from services.command.core.assignments import steps
from services.command.handlers import acknowledgements
from services.command.store import assignments as store
from shared.contracts.assignments import Acknowledgement, Step
from shared.contracts.fields import Level
from shared.contracts.topics import ASSIGNMENTS
from shared.runtime.errors import Reject, Transient
from tests.component.command.harness import (
    MICROGRID,
    VILLAGE,
    CommandHarness,
    a_harness,
    a_step,
    an_alert,
)
from tests.support.postgres import fresh_database

PART = 3
"""Steps that are written together in these tests."""
_TIMES = ("changed_at", "sign_by", "finish_by", "signed_at", "reported_at", "done_at")
_TOO_LATE = asyncpg.SerializationError("could not serialize access")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acknowledgements, "_STEPS_PER_PART", PART)
    monkeypatch.setattr(acknowledgements, "_STEPS_PER_TURN", 1)


async def ordered(harness: CommandHarness) -> tuple[str, list[str]]:
    """One command to a town, one village and what is below it; its units."""
    await harness.apply(an_alert(Level.YELLOW, place=VILLAGE, event_type="12:gas_leak"))
    rows = await harness.rows("SELECT unit FROM command.assignment ORDER BY unit")
    return await harness.the_command(), [row["unit"] for row in rows]


async def outcome(harness: CommandHarness) -> tuple[list[dict[str, Any]], list[Any]]:
    """All rows without their moments, and what was told of each unit, in order."""
    rows = await harness.rows("SELECT * FROM command.assignment ORDER BY assignment_id")
    events = await harness.published(ASSIGNMENTS.name)
    events.sort(key=lambda item: item.unit)  # stable: a unit's own records keep their order
    return (
        [{name: dict(row)[name] for name in dict(row) if name not in _TIMES} for row in rows],
        [
            (event.unit, event.version, event.id, event.state, event.actor, event.children)
            for event in events
        ],
    )


def all_steps(command: str, units: list[str]) -> list[Acknowledgement]:
    """Every unit goes through its chain, in any order; one returns it, some steps come twice."""
    chain = (Step.SIGN, Step.ACCEPT, Step.HANDLE, Step.REPORT)
    steps = [a_step(command, unit, step) for unit in units if unit != MICROGRID for step in chain]
    steps.append(a_step(command, MICROGRID, Step.RETURN, text="重复"))
    random.Random(7).shuffle(steps)
    return [*steps, *steps[:5]]


async def test_a_batch_written_in_parts_ends_as_one_written_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    results = []
    for together in (PART, 100_000):
        monkeypatch.setattr(acknowledgements, "_STEPS_PER_PART", together)
        with fresh_database() as dsn:
            async with a_harness(dsn) as harness:
                command, units = await ordered(harness)
                await harness.apply(*all_steps(command, units))
                results.append(await outcome(harness))
                assert await harness.wrongly_counted() == await harness.wrongly_armed() == 0
                assert await harness.wrongly_added_up() == 0
    in_parts, at_once = results
    assert in_parts == at_once
    assert len(in_parts[1]) > 4 * PART


async def test_postgres_writes_and_looks_up_while_steps_are_decided(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided, meanwhile, looked_up = 0, [], []
    take, save, look_up = steps.apply_step, store.save_assignments, store.load_assignments

    def counted(*values: Any, **more: Any) -> Any:
        nonlocal decided
        decided += 1
        return take(*values, **more)

    async def slow(work: Any, changes: Any) -> None:
        before = decided
        for _ in range(20):
            await asyncio.sleep(0)
        meanwhile.append((len(changes), decided - before))
        await save(work, changes)

    async def noted(work: Any, ids: Any) -> Any:
        looked_up.append((len(ids), decided))
        return await look_up(work, ids)

    monkeypatch.setattr(store, "load_assignments", noted)
    monkeypatch.setattr(steps, "apply_step", counted)
    monkeypatch.setattr(store, "save_assignments", slow)
    async with a_harness(dsn) as harness:
        command, units = await ordered(harness)
        await harness.apply(*(a_step(command, unit) for unit in units[: 3 * PART]))
        assert await harness.wrongly_counted() == await harness.wrongly_armed() == 0
    assert meanwhile == [(0, PART), (PART, PART), (PART, PART), (PART, 0)]
    assert looked_up == [(PART, 0), (PART, PART), (PART, 2 * PART)]


async def test_a_refused_step_leaves_nothing_of_what_was_written_before_it(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        command, units = await ordered(harness)
        before = await outcome(harness)
        batch = [a_step(command, unit) for unit in units]
        for place in (PART, PART + 1, len(batch)):  # just begun to write, writing, at the end
            refused = a_step(command, units[0], Step.RETURN, officer_unit="500118118200/water")
            with pytest.raises(Reject):
                await harness.apply(*batch[:place], refused, *batch[place:])
            assert await outcome(harness) == before
            assert await harness.wrongly_counted() == await harness.wrongly_armed() == 0
        await harness.apply(*batch)
        assert {
            row["state"] for row in await harness.rows("SELECT state FROM command.assignment")
        } == {"signed"}


@pytest.mark.parametrize("failing", [1, 2])
async def test_a_part_that_cannot_be_written_takes_all_of_its_batch_along(
    dsn: str, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    save, calls = store.save_assignments, 0

    async def fails(work: Any, changes: Any) -> None:
        nonlocal calls
        calls += 1
        await save(work, changes)
        if calls == failing:
            raise _TOO_LATE

    async with a_harness(dsn) as harness:
        command, units = await ordered(harness)
        before = await outcome(harness)
        batch = [a_step(command, unit) for unit in units]
        monkeypatch.setattr(store, "save_assignments", fails)
        with pytest.raises(Transient):
            await harness.apply(*batch)
        assert await outcome(harness) == before
        await harness.apply(*batch)
        assert await harness.wrongly_counted() == await harness.wrongly_armed() == 0
        assert (await harness.assignment(units[-1]))["state"] == "signed"
