"""The same again within the set time: the closed case goes on, no new command is made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from shared.contracts.assignments import Step
from shared.contracts.commands import CommandState
from shared.contracts.fields import Level, Status
from shared.contracts.topics import COMMANDS
from tests.component.command.harness import (
    DISTRICT,
    TOWN,
    VILLAGE,
    CommandHarness,
    a_harness,
    a_request,
    a_step,
    an_alert,
    some_times,
)
from tests.component.command.scenes import sound


@asynccontextmanager
async def a_closed_case(
    dsn: str, recurrence_s: float = 3600
) -> AsyncIterator[tuple[CommandHarness, str]]:
    """A flood command to a town and its villages, done and closed; one village returned it."""
    async with a_harness(dsn, some_times(reopen_s=recurrence_s)) as harness:
        await harness.apply(an_alert(Level.YELLOW, key="first"))
        command = await harness.the_command()
        rows = await harness.rows("SELECT unit FROM command.assignment")
        units = [row["unit"] for row in rows if row["unit"] != VILLAGE]
        await harness.apply(a_step(command, VILLAGE, Step.RETURN, text="无此河段"))
        await harness.apply(*(a_step(command, unit) for unit in units))
        await harness.apply(*(a_step(command, unit, Step.REPORT) for unit in units))
        await harness.apply(a_request("check", command, DISTRICT))
        await harness.apply(a_request("close", command, DISTRICT))
        events = (await harness.published(COMMANDS.name))[-1]
        assert events.state is CommandState.CLOSED
        yield harness, command


async def commands(harness: CommandHarness) -> int:
    return int(await harness.value("SELECT count(*) FROM command.command"))


async def test_the_same_alert_again_opens_the_same_case_with_new_attempts(dsn: str) -> None:
    async with a_closed_case(dsn) as (harness, command):
        recurring = an_alert(Level.YELLOW, key="second")
        await harness.apply(recurring)
        await harness.apply(recurring)
        assert await commands(harness) == 1
        events = (await harness.published(COMMANDS.name))[-1]
        assert (events.command_id, events.state) == (command, CommandState.ISSUED)
        assert recurring.id in events.references
        assert {(tier.total, tier.signed, tier.done) for tier in events.rollup} == {
            (1, 0, 0),
            (20, 0, 0),
        }
        rows = await harness.rows("SELECT DISTINCT state, attempt FROM command.assignment")
        assert [tuple(row) for row in rows] == [("delivered", 2)]
        assert await sound(harness)
        # a step of the first attempt is late, one of the second counts
        await harness.apply(a_step(command, TOWN, Step.REPORT), a_step(command, TOWN, attempt=2))
        assert (await harness.assignment(TOWN))["state"] == "signed"
        assert await harness.value("SELECT count(*) FROM command.late_acknowledgement") == 1


@pytest.mark.parametrize(
    "message",
    [
        an_alert(Level.YELLOW, key="second", event_type="11A02"),
        an_alert(Level.YELLOW, key="second", place="500118001000"),
        an_alert(Level.BLUE, key="second"),
        an_alert(Level.YELLOW, key="second", status=Status.EXERCISE),
    ],
    ids=["another kind", "another place", "another order", "a drill"],
)
async def test_what_is_not_the_same_is_a_command_of_its_own(dsn: str, message: object) -> None:
    async with a_closed_case(dsn) as (harness, command):
        await harness.apply(message)
        assert await commands(harness) == 2
        state = await harness.value(
            "SELECT state FROM command.command WHERE command_id = $1", command
        )
        assert state == "closed"
        assert await sound(harness)


@pytest.mark.parametrize("recurrence_s", [0.0, 0.001])
async def test_after_the_set_time_it_is_a_new_case(dsn: str, recurrence_s: float) -> None:
    async with a_closed_case(dsn, recurrence_s) as (harness, _):
        await harness.apply(an_alert(Level.YELLOW, key="second"))
        assert await commands(harness) == 2


async def test_while_the_case_is_open_another_alert_is_a_command_of_its_own(dsn: str) -> None:
    async with a_closed_case(dsn) as (harness, _):
        await harness.apply(an_alert(Level.YELLOW, key="second"))
        await harness.apply(an_alert(Level.YELLOW, key="third"))
        assert await commands(harness) == 2


async def test_the_issuer_opens_a_closed_case_himself_at_any_time(dsn: str) -> None:
    async with a_closed_case(dsn, 0.0) as (harness, command):
        request = a_request("reopen", command, DISTRICT, instruction="水又涨了")
        await harness.apply(request, a_request("reopen", command, DISTRICT))
        events = (await harness.published(COMMANDS.name))[-1]
        assert (events.state, events.actor) == (CommandState.ISSUED, "officer-1")
        row = await harness.assignment(TOWN)
        assert (row["state"], row["attempt"], row["reason"]) == ("delivered", 2, "水又涨了")
        assert await sound(harness)
