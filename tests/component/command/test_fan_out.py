"""Fan-out on a real Postgres: complete, once, in about a second for nine thousand units."""

from __future__ import annotations

import time
from typing import Any

import pytest

from shared.contracts.alerts import AlertTransition
from shared.contracts.assignments import AssignmentState
from shared.contracts.commands import CommandState
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Level, Status, Tier
from shared.contracts.topics import ASSIGNMENTS, COMMANDS
from shared.runtime.errors import Reject
from tests.component.command.harness import (
    CITY,
    DISTRICT,
    TOWN,
    VILLAGE,
    CommandHarness,
    a_harness,
    a_request,
    an_alert,
    below,
)


async def totals(harness: CommandHarness) -> tuple[int, int, int, int]:
    """(recipients told, assignment rows, assignments in the outbox, armed signing timers)."""
    return (
        await harness.value("SELECT sum(recipients) FROM command.command"),
        await harness.value("SELECT count(*) FROM command.assignment"),
        await harness.value(
            "SELECT count(*) FROM command.outbox WHERE topic = $1", ASSIGNMENTS.name
        ),
        await harness.value(
            "SELECT count(*) FROM command.timer WHERE kind = 'sign_escalate' AND state = 'armed'"
        ),
    )


async def test_a_red_command_to_all_of_yongchuan_is_complete(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        started = time.perf_counter()
        await harness.apply(an_alert(Level.RED, areas=(DISTRICT,)))
        took = time.perf_counter() - started
        print(f"fan-out to {len(harness.context.tree) - 1} recipients: {took:.2f} s")
        assert await totals(harness) == (9105, 9105, 9105, 9105)
        assert took < 8  # about a second on an idle machine
        assert await harness.wrongly_armed() == 0
        assert await harness.wrongly_counted() == 0
        (command,) = await harness.published(COMMANDS.name)
        assert (command.state, command.recipients) == (CommandState.ISSUED, 9105)
        assert sum(tier.delivered for tier in command.rollup) == 9105
        events = await harness.published(ASSIGNMENTS.name)
        assert {event.state for event in events} == {AssignmentState.DELIVERED}
        assert len({event.id for event in events}) == len({event.unit for event in events}) == 9105
        assert all(event.synthetic == ("/grid/" in event.unit) for event in events)


async def test_the_same_alert_again_commands_nothing_more(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        alert = an_alert(Level.ORANGE)
        await harness.apply(alert)
        before = await totals(harness)
        await harness.apply(alert)
        await harness.apply(alert, alert)
        assert await totals(harness) == before


async def test_only_an_adjustment_upward_brings_a_new_command(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        adjusted = AlertTransition.ADJUSTED
        history: list[tuple[Level, AlertTransition, int]] = [
            (Level.YELLOW, AlertTransition.ISSUED, 1),
            (Level.YELLOW, AlertTransition.UPDATED, 1),
            (Level.ORANGE, adjusted, 2),
            (Level.BLUE, adjusted, 2),
            (Level.ORANGE, adjusted, 3),
            (Level.ORANGE, AlertTransition.LIFTED, 3),
        ]
        for version, (level, transition, commands) in enumerate(history, 3):
            await harness.apply(an_alert(level, transition=transition, version=version))
            assert await harness.value("SELECT count(*) FROM command.command") == commands
        # an old state that arrives late changes nothing
        await harness.apply(an_alert(Level.RED, transition=adjusted, version=4))
        assert await harness.value("SELECT count(*) FROM command.command") == 3
        assert await harness.wrongly_counted() == 0


async def test_an_exercise_stays_an_exercise_in_every_row_and_record(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        await harness.apply(
            an_alert(Level.YELLOW, key="real"),
            an_alert(Level.YELLOW, key="drill", status=Status.EXERCISE),
        )
        for table in ("command", "tier_count", "assignment", "alert_level"):
            rows = await harness.rows(
                f"SELECT status, count(*) AS n FROM command.{table} GROUP BY 1"
            )
            results = {row["status"]: row["n"] for row in rows}
            assert results.keys() == {"Actual", "Exercise"}
            assert results["Actual"] == results["Exercise"]
        for event in await harness.published(ASSIGNMENTS.name):
            command = await harness.value(
                "SELECT status FROM command.command WHERE command_id = $1", event.command_id
            )
            assert event.status == command


async def test_a_free_command_reaches_the_tiers_it_names(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        request = a_request(
            "issue",
            "cmd-free",
            DISTRICT,
            selection=below(TOWN, Tier.VILLAGE),
            event_type="11A01",
            level=Level.BLUE,
            title="值守检查",
            instruction="自查",
            warning_id="wrn-1",
        )
        await harness.apply(request)
        await harness.apply(request.model_copy(update={"id": "request-again"}))
        assert await totals(harness) == (20, 20, 20, 20)
        (events,) = await harness.published(COMMANDS.name)
        assert (events.command_id, events.actor, events.alert_id) == ("cmd-free", "officer-1", None)
        assert events.warning_id == "wrn-1"
        await harness.apply(a_request("revoke", "cmd-free", DISTRICT))
        assert (await harness.published(COMMANDS.name))[-1].warning_id == "wrn-1"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"selection": below("500118999000", Tier.TOWN)}, Reason.UNKNOWN_SUBJECT),
        ({"selection": below("@town", Tier.TOWN)}, Reason.UNKNOWN_SUBJECT),
        ({"selection": None}, Reason.SCHEMA),
        ({"level": None}, Reason.SCHEMA),
        ({"selection": below(CITY, Tier.CITY, Tier.TOWN)}, Reason.NOT_ALLOWED),
        ({"selection": below(VILLAGE, Tier.TOWN)}, Reason.UNKNOWN_SUBJECT),
        ({"seen_digest": "0" * 64}, Reason.STALE),
    ],
)
async def test_a_free_command_that_cannot_be_is_refused(
    dsn: str, change: dict[str, Any], reason: Reason
) -> None:
    fields: dict[str, Any] = {
        "selection": below(TOWN, Tier.VILLAGE),
        "event_type": "11A01",
        "level": Level.BLUE,
        "title": "值守检查",
    }
    async with a_harness(dsn) as harness:
        with pytest.raises(Reject) as refused:
            await harness.apply(a_request("issue", "cmd-1", DISTRICT, **{**fields, **change}))
        assert refused.value.reason is reason
        assert await harness.value("SELECT count(*) FROM command.command") == 0
