"""Acknowledgements and requests on a real Postgres: roll-up, life of the command, refusals."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from shared.contracts.assignments import Acknowledgement, AssignmentState, Step
from shared.contracts.commands import CommandState
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Level, Status, Tier
from shared.contracts.topics import ASSIGNMENTS, COMMANDS
from shared.contracts.units import is_within
from shared.runtime.errors import Reject
from tests.component.command.harness import (
    CITY,
    DISTRICT,
    GRID,
    MICROGRID,
    TOWN,
    VILLAGE,
    CommandHarness,
    a_harness,
    a_request,
    a_step,
    an_alert,
)


@asynccontextmanager
async def gas_leak(dsn: str) -> AsyncIterator[tuple[CommandHarness, str, list[str]]]:
    """An harness with one command to a town, one village and what is below it."""
    async with a_harness(dsn) as harness:
        await harness.apply(an_alert(Level.YELLOW, place=VILLAGE, event_type="12:gas_leak"))
        rows = await harness.rows("SELECT unit FROM command.assignment ORDER BY unit")
        yield harness, await harness.the_command(), [row["unit"] for row in rows]


async def states(harness: CommandHarness) -> set[str]:
    return {row["state"] for row in await harness.rows("SELECT state FROM command.assignment")}


async def test_the_whole_life_of_a_command(dsn: str) -> None:
    async with gas_leak(dsn) as (harness, command, units):
        await harness.apply(*(a_step(command, unit) for unit in units))
        assert await states(harness) == {"signed"}
        await harness.apply(*(a_step(command, unit, Step.HANDLE) for unit in units))
        await harness.apply(*(a_step(command, unit, Step.REPORT) for unit in units))
        await harness.apply(a_request("close", command))
        assert await states(harness) == {"reported"}  # nothing has been checked yet
        await harness.apply(a_request("check", command))
        await harness.apply(a_request("close", command), a_request("close", command))
        assert await states(harness) == {"done"}
        events = await harness.published(COMMANDS.name)
        assert [event.version for event in events] == list(range(1, len(events) + 1))
        assert [event.state for event in events][-2:] == [
            CommandState.AWAITING_CHECK,
            CommandState.CLOSED,
        ]
        assert all(tier.done == tier.total for tier in events[-1].rollup)
        assert await harness.wrongly_counted() == await harness.wrongly_armed() == 0
        assert await harness.armed() == 0


async def test_a_tier_that_becomes_fully_signed_is_published_once(dsn: str) -> None:
    async with gas_leak(dsn) as (harness, command, units):
        grids = [unit for unit in units if unit.count("/") == 2]
        for unit in grids:
            await harness.apply(a_step(command, unit))
        await harness.apply(a_step(command, grids[0], officer="another"))
        first, second = await harness.published(COMMANDS.name)
        assert (first.version, second.version) == (1, 2)
        signed = {tier.tier: (tier.signed, tier.total) for tier in second.rollup}
        assert signed[Tier.GRID] == (len(grids), len(grids))
        # a unit's own signature never counts for its children
        assert signed[Tier.MICROGRID][0] == 0


async def test_any_order_and_repetition_gives_the_same_rows(dsn: str) -> None:
    chain = (Step.SIGN, Step.ACCEPT, Step.HANDLE, Step.REPORT)
    async with gas_leak(dsn) as (harness, command, units):
        sent = [a_step(command, unit, step) for unit in units for step in chain]
        sent += [a_step(command, unit, Step.SIGN, officer="second") for unit in units]
        random.Random(7).shuffle(sent)
        while sent:
            await harness.apply(*sent[:23])
            sent = sent[23:]
        assert await states(harness) == {"reported"}
        assert await harness.wrongly_counted() == await harness.wrongly_armed() == 0
        events = await harness.published(ASSIGNMENTS.name)
        versions: dict[str, list[int]] = {}
        for event in events:
            versions.setdefault(event.assignment_id, []).append(event.version)
        assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in versions.values())


async def test_a_return_a_second_attempt_and_a_late_step(dsn: str) -> None:
    async with gas_leak(dsn) as (harness, command, _):
        await harness.apply(a_step(command, VILLAGE, Step.RETURN, text="道路中断"))
        assert await harness.wrongly_armed() == 0
        await harness.apply(a_step(command, VILLAGE, Step.SEND_BACK, officer_unit=CITY))
        await harness.apply(a_step(command, VILLAGE, Step.SIGN, attempt=1))
        await harness.apply(a_step(command, VILLAGE, Step.SIGN, attempt=2))
        row = (
            await harness.rows(
                "SELECT state, attempt, version FROM command.assignment WHERE unit = $1", VILLAGE
            )
        )[0]
        assert tuple(row) == ("signed", 2, 4)
        late_steps = await harness.rows(
            "SELECT step, attempt, late FROM command.late_acknowledgement"
        )
        assert [tuple(event) for event in late_steps] == [("sign", 1, True)]
        assert await harness.wrongly_counted() == await harness.wrongly_armed() == 0


async def test_a_command_reopens_and_closes_with_a_returned_assignment(dsn: str) -> None:
    async with gas_leak(dsn) as (harness, command, units):
        other_units = [unit for unit in units if unit != VILLAGE]
        await harness.apply(*(a_step(command, unit) for unit in units))
        await harness.apply(*(a_step(command, unit, Step.REPORT) for unit in units))
        await harness.apply(a_step(command, VILLAGE, Step.SEND_BACK, officer_unit=DISTRICT))
        await harness.apply(a_step(command, VILLAGE, Step.RETURN, attempt=2, text="无此事"))
        await harness.apply(a_request("check", command, DISTRICT))
        last = [a_step(command, unit, Step.CLOSE, officer_unit=DISTRICT) for unit in other_units]
        await harness.apply(*last)
        events = [event.state for event in await harness.published(COMMANDS.name)]
        assert events[-4:] == [
            CommandState.AWAITING_CHECK,
            CommandState.ISSUED,
            CommandState.AWAITING_CHECK,
            CommandState.CLOSED,
        ]
        await harness.apply(a_step(command, VILLAGE, Step.SEND_BACK, attempt=2, officer_unit=CITY))
        assert await harness.value("SELECT count(*) FROM command.late_acknowledgement") == 1
        assert await harness.wrongly_counted() == await harness.wrongly_armed() == 0


async def test_a_revoked_command_stops_every_clock_and_keeps_what_comes_later(dsn: str) -> None:
    async with gas_leak(dsn) as (harness, command, units):
        await harness.apply(a_step(command, TOWN))
        await harness.apply(a_request("revoke", command, DISTRICT))
        assert await states(harness) == {"recalled"}
        await harness.apply(a_step(command, VILLAGE), a_request("revoke", command))
        assert await harness.value("SELECT count(*) FROM command.late_acknowledgement") == 1
        assert await harness.armed() == 0
        events = await harness.published(ASSIGNMENTS.name)
        assert [event.state for event in events[-len(units) :]] == [AssignmentState.RECALLED] * len(
            units
        )
        for verb in ("check", "reopen"):
            with pytest.raises(Reject):
                await harness.apply(a_request(verb, command))


async def test_the_village_acts_for_its_grids_and_micro_grids(dsn: str) -> None:
    async with gas_leak(dsn) as (harness, command, _):
        await harness.apply(
            a_step(command, GRID, officer_unit=VILLAGE),
            a_step(command, MICROGRID, officer_unit=VILLAGE),
        )
        result = await harness.rows("SELECT unit FROM command.assignment WHERE state = 'signed'")
        assert {row["unit"] for row in result} == {GRID, MICROGRID}


REFUSALS: list[tuple[dict[str, Any], Reason]] = [
    ({"officer_unit": TOWN}, Reason.NOT_ALLOWED),
    ({"step": Step.CHECK}, Reason.NOT_ALLOWED),
    ({"step": Step.CHECK, "officer_unit": CITY}, Reason.NOT_ALLOWED),
    ({"step": Step.RETURN}, Reason.NOT_ALLOWED),
    ({"attempt": 2}, Reason.NOT_ALLOWED),
    ({"status": Status.EXERCISE}, Reason.NOT_ALLOWED),
    ({"unit": "500118001200"}, Reason.UNKNOWN_SUBJECT),
    ({"command_id": "cmd-other"}, Reason.UNKNOWN_SUBJECT),
]


@pytest.mark.parametrize(("change", "reason"), REFUSALS)
async def test_a_refused_step_changes_nothing(
    dsn: str, change: dict[str, Any], reason: Reason
) -> None:
    async with gas_leak(dsn) as (harness, command, _):
        good = a_step(command, TOWN)
        bad: Acknowledgement = a_step(
            change.get("command_id", command),
            change.get("unit", VILLAGE),
            **{k: v for k, v in change.items() if k not in ("command_id", "unit")},
        )
        with pytest.raises(Reject) as refused:
            await harness.apply(good, bad)
        assert refused.value.reason is reason
        assert await states(harness) == {"delivered"}
        assert len(await harness.published(COMMANDS.name)) == 1


@pytest.mark.parametrize("verb", ["check", "close", "revoke", "reopen"])
async def test_only_the_issuer_or_above_directs_a_command(dsn: str, verb: str) -> None:
    async with gas_leak(dsn) as (harness, command, _):
        for request in (
            a_request(verb, command, TOWN),
            a_request(verb, "cmd-unknown"),
            a_request(verb, command, status=Status.EXERCISE),
        ):
            with pytest.raises(Reject):
                await harness.apply(request)
        assert await states(harness) == {"delivered"}


async def test_urging_calls_each_unit_that_has_not_acted_once(dsn: str) -> None:
    async with gas_leak(dsn) as (harness, command, units):
        await harness.apply(a_step(command, VILLAGE))
        before = await harness.rows("SELECT * FROM command.assignment ORDER BY unit")
        armed = await harness.armed()
        await harness.apply(a_request("urge", command, TOWN), a_request("urge", command, TOWN))
        calls = [call for call in await harness.supervision() if call.kind == "urged"]
        unsigned = [unit for unit in units if unit != VILLAGE]
        below = [unit for unit in unsigned if is_within(unit, TOWN)]
        assert len(below) > 0
        assert sorted(call.unit for call in calls) == sorted([*below, *below])
        assert len({call.id for call in calls}) == len(calls)
        assert {(call.clock, call.rung, call.status) for call in calls} == {
            ("sign", 0, Status.ACTUAL)
        }
        assert {call.target_unit for call in calls} <= {VILLAGE, *units}
        assert await harness.rows("SELECT * FROM command.assignment ORDER BY unit") == before
        assert await harness.armed() == armed
        await harness.apply(a_request("urge", command, within=VILLAGE))
        last = [call for call in await harness.supervision() if call.kind == "urged"][len(calls) :]
        assert {call.unit for call in last} == {
            unit for unit in unsigned if is_within(unit, VILLAGE)
        }


async def test_no_unit_urges_outside_its_subtree_or_a_closed_command(dsn: str) -> None:
    async with gas_leak(dsn) as (harness, command, _):
        with pytest.raises(Reject):
            await harness.apply(a_request("urge", command, VILLAGE, within=TOWN))
        await harness.apply(a_request("revoke", command))
        with pytest.raises(Reject):
            await harness.apply(a_request("urge", command))
        assert [call for call in await harness.supervision() if call.kind == "urged"] == []
