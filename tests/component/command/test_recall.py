"""An alert that should never have been: its commands are revoked, whatever arrives in what order."""

from __future__ import annotations

import itertools

import pytest

from shared.contracts.alerts import AlertTransition
from shared.contracts.commands import AssignmentState, CommandState
from shared.contracts.fields import Level, Status
from shared.contracts.topics import ASSIGNMENTS, COMMANDS
from tests.component.command.harness import VILLAGE as SOMEWHERE
from tests.component.command.harness import Office, a_step, an_alert, an_office

RECALLED = AlertTransition.RECALLED


async def open_commands(office: Office) -> int:
    found: int = await office.value(
        "SELECT count(*) FROM command.command WHERE state IN ('issued', 'awaiting_check')"
    )
    return found


async def test_a_recall_revokes_the_alerts_open_commands_and_no_others(dsn: str) -> None:
    async with an_office(dsn) as office:
        await office.apply(an_alert(Level.YELLOW), an_alert(Level.YELLOW, key="other"))
        (mine, _) = await office.published(COMMANDS.name)
        await office.apply(a_step(mine.command_id, SOMEWHERE))
        await office.apply(an_alert(Level.YELLOW, version=6, transition=RECALLED))
        assert await open_commands(office) == 1
        revoked = (await office.published(COMMANDS.name))[-1]
        assert (revoked.command_id, revoked.state) == (mine.command_id, CommandState.REVOKED)
        told = [
            one
            for one in await office.published(ASSIGNMENTS.name)
            if one.state is AssignmentState.RECALLED
        ]
        assert len({one.unit for one in told}) == mine.recipients
        assert (
            await office.value(
                "SELECT count(*) FROM command.timer AS t JOIN command.assignment AS a "
                "ON a.assignment_id = t.subject_id WHERE t.state = 'armed' AND a.command_id = $1",
                mine.command_id,
            )
            == 0
        )
        assert await office.wrongly_counted() == 0


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_the_newest_version_wins_whatever_the_order_of_arrival(
    dsn: str, order: tuple[int, ...]
) -> None:
    story = [
        an_alert(Level.BLUE, version=4),
        an_alert(Level.YELLOW, version=5, transition=AlertTransition.ADJUSTED),
        an_alert(Level.YELLOW, version=6, transition=RECALLED),
    ]
    async with an_office(dsn) as office:
        for n in order:
            await office.apply(story[n])
        assert await open_commands(office) == 0


async def test_a_drills_recall_leaves_the_real_command_alone(dsn: str) -> None:
    async with an_office(dsn) as office:
        await office.apply(
            an_alert(Level.YELLOW), an_alert(Level.YELLOW, key="drill", status=Status.EXERCISE)
        )
        await office.apply(
            an_alert(
                Level.YELLOW,
                key="drill",
                status=Status.EXERCISE,
                version=6,
                transition=RECALLED,
            )
        )
        assert await open_commands(office) == 1
