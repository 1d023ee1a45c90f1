"""Races on a real Postgres with real concurrency: one winner each, nobody escalated and in time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from shared.contracts.assignments import Step
from shared.contracts.fields import Level
from shared.contracts.supervision import SupervisionKind
from shared.runtime.errors import Reject
from tests.component.command.harness import (
    CITY,
    DISTRICT,
    CommandHarness,
    a_harness,
    a_step,
    an_alert,
    some_times,
)
from tests.component.command.races import RACES, Race, race
from tests.component.command.scenes import sound
from tests.component.command.test_timers import sweep_for


async def a_red_command(harness: CommandHarness) -> tuple[str, list[str]]:
    """A command to the district and one town with all below: its id and its units."""
    await harness.apply(an_alert(Level.RED))
    rows = await harness.rows("SELECT unit FROM command.assignment ORDER BY unit")
    return await harness.the_command(), [row["unit"] for row in rows]


async def consent(
    harness: CommandHarness,
    command: str,
    step: Step,
    units: Sequence[str],
    deadline: datetime,
    until: datetime,
) -> None:
    """The issuer consents for one unit after the other, from shortly before the deadline on."""
    await asyncio.sleep((deadline - await harness.now()).total_seconds() - 0.4)
    for at in range(0, len(units), 6):
        await harness.apply(
            *(
                a_step(command, unit, step, officer_unit=CITY, until=until)
                for unit in units[at : at + 6]
            )
        )


@pytest.mark.parametrize("kind", RACES, ids=lambda kind: kind.name)
async def test_two_at_once_have_one_winner(dsn: str, kind: Race) -> None:
    async with a_harness(dsn) as harness:
        command, units = await a_red_command(harness)
        units = [unit for unit in units if unit != DISTRICT][:150]
        assert await race(harness, command, units, kind) == {}
        assert await sound(harness)


async def test_who_is_given_it_is_decided_once(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        await harness.apply(an_alert(Level.YELLOW))  # a town and its villages
        command = await harness.the_command()
        (town,) = await harness.rows("SELECT unit FROM command.assignment WHERE unit_tier = 'town'")
        grids = [f"{town['unit'][:9]}200/grid/00{n}" for n in range(1, 6)]
        refused = 0

        async def give(unit: str) -> None:
            nonlocal refused
            acknowledgement = a_step(
                command,
                town["unit"],
                Step.REASSIGN,
                officer_unit=DISTRICT,
                officer=f"officer-{unit[-3:]}",
                units=(unit,),
                text="改派",
            )
            try:
                await harness.apply(acknowledgement)
            except Reject:
                refused += 1

        await asyncio.gather(*(give(unit) for unit in grids))
        issued = await harness.value(
            "SELECT count(*) FROM command.assignment WHERE reassigned_from IS NOT NULL"
        )
        late = await harness.value("SELECT count(*) FROM command.late_acknowledgement")
        assert (issued, late + refused) == (1, len(grids) - 1)
        assert await sound(harness)


async def test_an_extension_against_the_end_of_the_time_has_one_winner(dsn: str) -> None:
    async with a_harness(dsn, some_times(0.2, 8, 60)) as harness:
        command, units = await a_red_command(harness)
        units = [unit for unit in units if unit != DISTRICT]
        await harness.apply(*(a_step(command, unit) for unit in units))
        rows = await harness.rows("SELECT finish_by FROM command.assignment")
        end: datetime = rows[0]["finish_by"]
        until = end + timedelta(hours=1)

        await asyncio.gather(
            sweep_for(harness, 8.6),
            *(consent(harness, command, Step.EXTEND, units[n::2], end, until) for n in (0, 1)),
        )
        overdue = {
            event.subject_id
            for event in await harness.supervision()
            if event.clock == "finish" and event.kind is SupervisionKind.OVERDUE
        }
        result = await harness.rows(
            "SELECT * FROM command.assignment WHERE unit = ANY($1::text[])", units
        )
        assert {row["extensions"] for row in result} == {1}
        assert {row["original_finish_by"] for row in result} == {end}
        assert not any(row["finish_overdue"] for row in result)
        in_time = {row["assignment_id"] for row in result if row["changed_at"] < end}
        assert not in_time & overdue
        assert in_time, "the race was decided before it began"
        assert await sound(harness)


async def test_a_suspension_against_the_signing_deadline_has_one_winner(dsn: str) -> None:
    async with a_harness(dsn, some_times(2, 60, 0.3)) as harness:
        command, units = await a_red_command(harness)
        units = [unit for unit in units if unit != DISTRICT]
        rows = await harness.rows("SELECT sign_by FROM command.assignment")
        deadline: datetime = rows[0]["sign_by"]
        until = deadline + timedelta(hours=1)

        await asyncio.gather(
            sweep_for(harness, 2.8),
            *(
                consent(harness, command, Step.SUSPEND, units[n::2], deadline, until)
                for n in (0, 1)
            ),
        )
        called = {
            event.subject_id
            for event in await harness.supervision()
            if event.clock == "sign" and event.kind is not SupervisionKind.DUE_SOON
        }
        result = await harness.rows(
            "SELECT * FROM command.assignment WHERE unit = ANY($1::text[])", units
        )
        assert {row["state"] for row in result} == {"suspended"}
        in_time = {row["assignment_id"] for row in result if row["suspended_at"] < deadline}
        assert not in_time & called
        assert in_time, "the race was decided before it began"
        before = len([event for event in await harness.supervision() if event.unit in units])
        await sweep_for(harness, 0.7)
        events = [event for event in await harness.supervision() if event.unit in units]
        assert len(events) == before, "the clocks stand still"
        assert await sound(harness)
