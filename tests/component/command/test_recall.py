"""A recalled alert: its commands are revoked in whatever order records arrive."""

from __future__ import annotations

import itertools

import pytest

from shared.contracts.alerts import AlertEvent, AlertTransition
from shared.contracts.assignments import AssignmentState
from shared.contracts.commands import CommandState
from shared.contracts.fields import Level, Status
from shared.contracts.topics import ASSIGNMENTS, COMMANDS, MODE_PROPOSALS
from shared.runtime.errors import Reject
from tests.component.command.harness import (
    DISTRICT,
    CommandHarness,
    a_harness,
    a_request,
    a_step,
    an_alert,
)
from tests.component.command.harness import VILLAGE as SOMEWHERE
from tests.component.command.test_recurrence import a_closed_case

RECALLED = AlertTransition.RECALLED


async def open_commands(harness: CommandHarness) -> int:
    number: int = await harness.value(
        "SELECT count(*) FROM command.command WHERE state IN ('issued', 'awaiting_check')"
    )
    return number


async def test_a_recall_revokes_the_alerts_open_commands_and_no_others(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        await harness.apply(an_alert(Level.YELLOW), an_alert(Level.YELLOW, key="other"))
        (first_command, _) = await harness.published(COMMANDS.name)
        await harness.apply(a_step(first_command.command_id, SOMEWHERE))
        await harness.apply(an_alert(Level.YELLOW, version=6, transition=RECALLED))
        assert await open_commands(harness) == 1
        revoked = (await harness.published(COMMANDS.name))[-1]
        assert (revoked.command_id, revoked.state) == (
            first_command.command_id,
            CommandState.REVOKED,
        )
        events = [
            event
            for event in await harness.published(ASSIGNMENTS.name)
            if event.state is AssignmentState.RECALLED
        ]
        assert len({event.unit for event in events}) == first_command.recipients
        assert (
            await harness.value(
                "SELECT count(*) FROM command.timer AS t JOIN command.assignment AS a "
                "ON a.assignment_id = t.subject_id WHERE t.state = 'armed' AND a.command_id = $1",
                first_command.command_id,
            )
            == 0
        )
        assert await harness.wrongly_counted() == 0


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

    async with a_harness(dsn) as harness:
        for alert in story("one by one"):
            await harness.apply(alert)
        assert await open_commands(harness) == 0
        await harness.apply(*story("in one batch"))
        assert await open_commands(harness) == 0


async def test_an_issue_that_is_recalled_in_the_same_batch_proposes_no_mode(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        false, true = an_alert(Level.RED), an_alert(Level.RED, key="true")
        recall = an_alert(Level.RED, version=false.version + 1, transition=RECALLED)
        await harness.apply(false, true, recall)
        proposed = await harness.published(MODE_PROPOSALS.name)
        assert [event.alert_id for event in proposed] == [true.alert_id]


async def test_a_drills_recall_leaves_the_real_command_alone(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        await harness.apply(
            an_alert(Level.YELLOW), an_alert(Level.YELLOW, key="drill", status=Status.EXERCISE)
        )
        await harness.apply(
            an_alert(
                Level.YELLOW,
                key="drill",
                status=Status.EXERCISE,
                version=6,
                transition=RECALLED,
            )
        )
        assert await open_commands(harness) == 1


async def test_what_an_alert_brought_back_is_revoked_with_it(dsn: str) -> None:
    second = an_alert(Level.YELLOW, key="second")
    async with a_closed_case(dsn) as (harness, command):
        await harness.apply(second)
        assert await open_commands(harness) == 1
        events = [
            event for event in await harness.published(ASSIGNMENTS.name) if event.attempt == 2
        ]
        assert {event.alert_id for event in events} == {second.alert_id}, (
            "those called hear of its recall"
        )
        await harness.apply(an_alert(Level.YELLOW, version=6, transition=RECALLED, key="first"))
        assert await open_commands(harness) == 1, "it stands because of the second one now"
        await harness.apply(an_alert(Level.YELLOW, version=6, transition=RECALLED, key="second"))
        assert await open_commands(harness) == 0
        revoked = (await harness.published(COMMANDS.name))[-1]
        assert (revoked.command_id, revoked.state) == (command, CommandState.REVOKED)


async def test_what_was_given_because_of_a_recalled_alert_is_not_opened_again(dsn: str) -> None:
    async with a_closed_case(dsn) as (harness, command):
        await harness.apply(an_alert(Level.YELLOW, version=6, transition=RECALLED, key="first"))
        with pytest.raises(Reject, match="recalled"):
            await harness.apply(a_request("reopen", command, DISTRICT))
