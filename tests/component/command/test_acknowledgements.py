"""Acknowledgements and requests on a real Postgres: roll-up, life of the command, refusals."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from shared.contracts.commands import Acknowledgement, AssignmentState, CommandState, Step
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Level, Status, Tier
from shared.contracts.topics import ASSIGNMENTS, COMMANDS
from shared.runtime.errors import Reject
from tests.component.command.harness import (
    CITY,
    DISTRICT,
    GRID,
    MICROGRID,
    TOWN,
    VILLAGE,
    Office,
    a_request,
    a_step,
    an_alert,
    an_office,
)


@asynccontextmanager
async def gas_leak(dsn: str) -> AsyncIterator[tuple[Office, str, list[str]]]:
    """An office with one command to a town, one village and what is below it."""
    async with an_office(dsn) as office:
        await office.apply(an_alert(Level.YELLOW, place=VILLAGE, event_type="12:gas_leak"))
        rows = await office.rows("SELECT unit FROM command.assignment ORDER BY unit")
        yield office, await office.the_command(), [row["unit"] for row in rows]


async def states(office: Office) -> set[str]:
    return {row["state"] for row in await office.rows("SELECT state FROM command.assignment")}


async def test_the_whole_life_of_a_command(dsn: str) -> None:
    async with gas_leak(dsn) as (office, command, units):
        await office.apply(*(a_step(command, unit) for unit in units))
        assert await states(office) == {"signed"}
        await office.apply(*(a_step(command, unit, Step.HANDLE) for unit in units))
        await office.apply(*(a_step(command, unit, Step.REPORT) for unit in units))
        await office.apply(a_request("close", command))
        assert await states(office) == {"reported"}  # nothing has been checked yet
        await office.apply(a_request("check", command))
        await office.apply(a_request("close", command), a_request("close", command))
        assert await states(office) == {"done"}
        told = await office.published(COMMANDS.name)
        assert [one.version for one in told] == list(range(1, len(told) + 1))
        assert [one.state for one in told][-2:] == [
            CommandState.AWAITING_CHECK,
            CommandState.CLOSED,
        ]
        assert all(tier.done == tier.total for tier in told[-1].rollup)
        assert await office.wrongly_counted() == await office.wrongly_armed() == 0
        assert await office.armed() == 0


async def test_a_tier_that_becomes_fully_signed_is_told_once(dsn: str) -> None:
    async with gas_leak(dsn) as (office, command, units):
        grids = [unit for unit in units if unit.count("/") == 2]
        for unit in grids:
            await office.apply(a_step(command, unit))
        await office.apply(a_step(command, grids[0], officer="another"))
        first, second = await office.published(COMMANDS.name)
        assert (first.version, second.version) == (1, 2)
        signed = {tier.tier: (tier.signed, tier.total) for tier in second.rollup}
        assert signed[Tier.GRID] == (len(grids), len(grids))
        # a unit's own signature never counts for its children
        assert signed[Tier.MICROGRID][0] == 0


async def test_any_order_and_repetition_gives_the_same_rows(dsn: str) -> None:
    chain = (Step.SIGN, Step.ACCEPT, Step.HANDLE, Step.REPORT)
    async with gas_leak(dsn) as (office, command, units):
        sent = [a_step(command, unit, step) for unit in units for step in chain]
        sent += [a_step(command, unit, Step.SIGN, officer="second") for unit in units]
        random.Random(7).shuffle(sent)
        while sent:
            await office.apply(*sent[:23])
            sent = sent[23:]
        assert await states(office) == {"reported"}
        assert await office.wrongly_counted() == await office.wrongly_armed() == 0
        told = await office.published(ASSIGNMENTS.name)
        versions: dict[str, list[int]] = {}
        for one in told:
            versions.setdefault(one.assignment_id, []).append(one.version)
        assert all(seen == list(range(1, len(seen) + 1)) for seen in versions.values())


async def test_a_return_a_second_attempt_and_a_late_step(dsn: str) -> None:
    async with gas_leak(dsn) as (office, command, _):
        await office.apply(a_step(command, VILLAGE, Step.RETURN, text="道路中断"))
        assert await office.wrongly_armed() == 0
        await office.apply(a_step(command, VILLAGE, Step.SEND_BACK, officer_unit=CITY))
        await office.apply(a_step(command, VILLAGE, Step.SIGN, attempt=1))
        await office.apply(a_step(command, VILLAGE, Step.SIGN, attempt=2))
        row = (
            await office.rows(
                "SELECT state, attempt, version FROM command.assignment WHERE unit = $1", VILLAGE
            )
        )[0]
        assert tuple(row) == ("signed", 2, 4)
        kept = await office.rows("SELECT step, attempt, late FROM command.late_acknowledgement")
        assert [tuple(one) for one in kept] == [("sign", 1, True)]
        assert await office.wrongly_counted() == await office.wrongly_armed() == 0


async def test_a_command_reopens_and_closes_with_a_returned_assignment(dsn: str) -> None:
    async with gas_leak(dsn) as (office, command, units):
        others = [unit for unit in units if unit != VILLAGE]
        await office.apply(*(a_step(command, unit) for unit in units))
        await office.apply(*(a_step(command, unit, Step.REPORT) for unit in units))
        await office.apply(a_step(command, VILLAGE, Step.SEND_BACK, officer_unit=DISTRICT))
        await office.apply(a_step(command, VILLAGE, Step.RETURN, attempt=2, text="无此事"))
        await office.apply(a_request("check", command, DISTRICT))
        last = [a_step(command, unit, Step.CLOSE, officer_unit=DISTRICT) for unit in others]
        await office.apply(*last)
        told = [one.state for one in await office.published(COMMANDS.name)]
        assert told[-4:] == [
            CommandState.AWAITING_CHECK,
            CommandState.ISSUED,
            CommandState.AWAITING_CHECK,
            CommandState.CLOSED,
        ]
        await office.apply(a_step(command, VILLAGE, Step.SEND_BACK, attempt=2, officer_unit=CITY))
        assert await office.value("SELECT count(*) FROM command.late_acknowledgement") == 1
        assert await office.wrongly_counted() == await office.wrongly_armed() == 0


async def test_a_revoked_command_stops_every_clock_and_keeps_what_comes_later(dsn: str) -> None:
    async with gas_leak(dsn) as (office, command, units):
        await office.apply(a_step(command, TOWN))
        await office.apply(a_request("revoke", command, DISTRICT))
        assert await states(office) == {"recalled"}
        await office.apply(a_step(command, VILLAGE), a_request("revoke", command))
        assert await office.value("SELECT count(*) FROM command.late_acknowledgement") == 1
        assert await office.armed() == 0
        told = await office.published(ASSIGNMENTS.name)
        assert [one.state for one in told[-len(units) :]] == [AssignmentState.RECALLED] * len(units)
        for verb in ("check", "reopen"):
            with pytest.raises(Reject):
                await office.apply(a_request(verb, command))


async def test_the_village_acts_for_its_grids_and_micro_grids(dsn: str) -> None:
    async with gas_leak(dsn) as (office, command, _):
        await office.apply(
            a_step(command, GRID, officer_unit=VILLAGE),
            a_step(command, MICROGRID, officer_unit=VILLAGE),
        )
        result = await office.rows("SELECT unit FROM command.assignment WHERE state = 'signed'")
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
    async with gas_leak(dsn) as (office, command, _):
        good = a_step(command, TOWN)
        bad: Acknowledgement = a_step(
            change.get("command_id", command),
            change.get("unit", VILLAGE),
            **{k: v for k, v in change.items() if k not in ("command_id", "unit")},
        )
        with pytest.raises(Reject) as refused:
            await office.apply(good, bad)
        assert refused.value.reason is reason
        assert await states(office) == {"delivered"}
        assert len(await office.published(COMMANDS.name)) == 1


@pytest.mark.parametrize("verb", ["check", "close", "revoke", "reopen"])
async def test_only_the_issuer_or_above_directs_a_command(dsn: str, verb: str) -> None:
    async with gas_leak(dsn) as (office, command, _):
        for request in (
            a_request(verb, command, TOWN),
            a_request(verb, "cmd-unknown"),
            a_request(verb, command, status=Status.EXERCISE),
        ):
            with pytest.raises(Reject):
                await office.apply(request)
        assert await states(office) == {"delivered"}
