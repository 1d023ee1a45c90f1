"""An alert that should never have been: its commands are revoked, whatever arrives in what order."""

from __future__ import annotations

import itertools

import pytest

from shared.contracts.alerts import AlertEvent, AlertTransition
from shared.contracts.commands import AssignmentState, CommandState
from shared.contracts.fields import Level, Status
from shared.contracts.topics import ASSIGNMENTS, COMMANDS, MODE_PROPOSALS
from shared.runtime.errors import Reject
from tests.component.command.harness import DISTRICT, Office, a_request, a_step, an_alert, an_office
from tests.component.command.harness import VILLAGE as SOMEWHERE
from tests.component.command.test_recurrence import a_closed_case

RECALLED = AlertTransition.RECALLED


async def open_commands(office: Office) -> int:
    number: int = await office.value(
        "SELECT count(*) FROM command.command WHERE state IN ('issued', 'awaiting_check')"
    )
    return number


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
    def story(key: str) -> list[AlertEvent]:
        alerts = [
            an_alert(Level.BLUE, version=4, key=key),
            an_alert(Level.YELLOW, version=5, transition=AlertTransition.ADJUSTED, key=key),
            an_alert(Level.YELLOW, version=6, transition=RECALLED, key=key),
        ]
        return [alerts[n] for n in order]

    async with an_office(dsn) as office:
        for alert in story("one by one"):
            await office.apply(alert)
        assert await open_commands(office) == 0
        await office.apply(*story("in one batch"))
        assert await open_commands(office) == 0


async def test_an_issue_that_is_recalled_in_the_same_batch_proposes_no_mode(dsn: str) -> None:
    async with an_office(dsn) as office:
        false, true = an_alert(Level.RED), an_alert(Level.RED, key="true")
        recall = an_alert(Level.RED, version=false.version + 1, transition=RECALLED)
        await office.apply(false, true, recall)
        proposed = await office.published(MODE_PROPOSALS.name)
        assert [one.alert_id for one in proposed] == [true.alert_id]


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


async def test_what_an_alert_brought_back_is_revoked_with_it(dsn: str) -> None:
    second = an_alert(Level.YELLOW, key="second")
    async with a_closed_case(dsn) as (office, command):
        await office.apply(second)
        assert await open_commands(office) == 1
        told = [one for one in await office.published(ASSIGNMENTS.name) if one.attempt == 2]
        assert {one.alert_id for one in told} == {second.alert_id}, (
            "those called hear of its recall"
        )
        await office.apply(an_alert(Level.YELLOW, version=6, transition=RECALLED, key="first"))
        assert await open_commands(office) == 1, "it stands because of the second one now"
        await office.apply(an_alert(Level.YELLOW, version=6, transition=RECALLED, key="second"))
        assert await open_commands(office) == 0
        revoked = (await office.published(COMMANDS.name))[-1]
        assert (revoked.command_id, revoked.state) == (command, CommandState.REVOKED)


async def test_what_was_given_because_of_a_recalled_alert_is_not_opened_again(dsn: str) -> None:
    async with a_closed_case(dsn) as (office, command):
        await office.apply(an_alert(Level.YELLOW, version=6, transition=RECALLED, key="first"))
        with pytest.raises(Reject, match="recalled"):
            await office.apply(a_request("reopen", command, DISTRICT))
