"""The same again within the set time: the closed case goes on, no new command is made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from shared.contracts.commands import CommandState, Step
from shared.contracts.fields import Level, Status
from shared.contracts.topics import COMMANDS
from tests.component.command.harness import (
    DISTRICT,
    TOWN,
    VILLAGE,
    Office,
    a_request,
    a_step,
    an_alert,
    an_office,
    profile,
)
from tests.component.command.scenes import sound


@asynccontextmanager
async def a_closed_case(dsn: str, recurrence_s: float = 3600) -> AsyncIterator[tuple[Office, str]]:
    """A flood command to a town and its villages that was done and closed; one village returned it."""
    async with an_office(dsn, replace(profile(), recurrence_s=recurrence_s)) as office:
        await office.apply(an_alert(Level.YELLOW, key="first"))
        command = await office.the_command()
        rows = await office.rows("SELECT unit FROM command.assignment")
        units = [row["unit"] for row in rows if row["unit"] != VILLAGE]
        await office.apply(a_step(command, VILLAGE, Step.RETURN, text="无此河段"))
        await office.apply(*(a_step(command, unit) for unit in units))
        await office.apply(*(a_step(command, unit, Step.REPORT) for unit in units))
        await office.apply(a_request("check", command, DISTRICT))
        await office.apply(a_request("close", command, DISTRICT))
        told = (await office.published(COMMANDS.name))[-1]
        assert told.state is CommandState.CLOSED
        yield office, command


async def commands(office: Office) -> int:
    return int(await office.value("SELECT count(*) FROM command.command"))


async def test_the_same_alert_again_opens_the_same_case_with_new_attempts(dsn: str) -> None:
    async with a_closed_case(dsn) as (office, command):
        again = an_alert(Level.YELLOW, key="second")
        await office.apply(again)
        await office.apply(again)
        assert await commands(office) == 1
        told = (await office.published(COMMANDS.name))[-1]
        assert (told.command_id, told.state) == (command, CommandState.ISSUED)
        assert again.id in told.references
        assert {(tier.total, tier.signed, tier.done) for tier in told.rollup} == {
            (1, 0, 0),
            (20, 0, 0),
        }
        rows = await office.rows("SELECT DISTINCT state, attempt FROM command.assignment")
        assert [tuple(row) for row in rows] == [("delivered", 2)]
        assert await sound(office)
        # a step of the first attempt is late, one of the second counts
        await office.apply(a_step(command, TOWN, Step.REPORT), a_step(command, TOWN, attempt=2))
        assert (await office.assignment(TOWN))["state"] == "signed"
        assert await office.value("SELECT count(*) FROM command.late_acknowledgement") == 1


@pytest.mark.parametrize(
    "other",
    [
        an_alert(Level.YELLOW, key="second", event_type="11A02"),
        an_alert(Level.YELLOW, key="second", place="500118001000"),
        an_alert(Level.BLUE, key="second"),
        an_alert(Level.YELLOW, key="second", status=Status.EXERCISE),
    ],
    ids=["another kind", "another place", "another order", "a drill"],
)
async def test_what_is_not_the_same_is_a_command_of_its_own(dsn: str, other: object) -> None:
    async with a_closed_case(dsn) as (office, command):
        await office.apply(other)
        assert await commands(office) == 2
        state = await office.value(
            "SELECT state FROM command.command WHERE command_id = $1", command
        )
        assert state == "closed"
        assert await sound(office)


@pytest.mark.parametrize("recurrence_s", [0.0, 0.001])
async def test_after_the_set_time_it_is_a_new_case(dsn: str, recurrence_s: float) -> None:
    async with a_closed_case(dsn, recurrence_s) as (office, _):
        await office.apply(an_alert(Level.YELLOW, key="second"))
        assert await commands(office) == 2


async def test_while_the_case_is_open_another_alert_is_a_command_of_its_own(dsn: str) -> None:
    async with a_closed_case(dsn) as (office, _):
        await office.apply(an_alert(Level.YELLOW, key="second"))
        await office.apply(an_alert(Level.YELLOW, key="third"))
        assert await commands(office) == 2


async def test_the_issuer_opens_a_closed_case_himself_at_any_time(dsn: str) -> None:
    async with a_closed_case(dsn, 0.0) as (office, command):
        request = a_request("reopen", command, DISTRICT, instruction="水又涨了")
        await office.apply(request, a_request("reopen", command, DISTRICT))
        told = (await office.published(COMMANDS.name))[-1]
        assert (told.state, told.actor) == (CommandState.ISSUED, "officer-1")
        row = await office.assignment(TOWN)
        assert (row["state"], row["attempt"], row["reason"]) == ("delivered", 2, "水又涨了")
        assert await sound(office)
