"""Fan-out on a real Postgres: complete, once, in about a second for nine thousand units."""

from __future__ import annotations

import time
from typing import Any

import pytest

from shared.contracts.alerts import AlertTransition
from shared.contracts.commands import AssignmentState, CommandState
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Level, Status, Tier
from shared.contracts.topics import ASSIGNMENTS, COMMANDS
from shared.runtime.errors import Reject
from tests.component.command.harness import (
    CITY,
    DISTRICT,
    TOWN,
    VILLAGE,
    Office,
    a_request,
    an_alert,
    an_office,
    below,
)


async def totals(office: Office) -> tuple[int, int, int, int]:
    """(recipients told, assignment rows, assignments in the outbox, armed signing timers)."""
    return (
        await office.value("SELECT sum(recipients) FROM command.command"),
        await office.value("SELECT count(*) FROM command.assignment"),
        await office.value(
            "SELECT count(*) FROM command.outbox WHERE topic = $1", ASSIGNMENTS.name
        ),
        await office.value(
            "SELECT count(*) FROM command.timer WHERE kind = 'sign_escalate' AND state = 'armed'"
        ),
    )


async def test_a_red_command_to_all_of_yongchuan_is_complete(dsn: str) -> None:
    async with an_office(dsn) as office:
        started = time.perf_counter()
        await office.apply(an_alert(Level.RED, areas=(DISTRICT,)))
        took = time.perf_counter() - started
        print(f"fan-out to {len(office.tree) - 1} recipients: {took:.2f} s")
        assert await totals(office) == (9105, 9105, 9105, 9105)
        assert took < 8  # about a second on an idle machine
        assert await office.wrongly_armed() == 0
        assert await office.wrongly_counted() == 0
        (command,) = await office.published(COMMANDS.name)
        assert (command.state, command.recipients) == (CommandState.ISSUED, 9105)
        assert sum(tier.delivered for tier in command.rollup) == 9105
        told = await office.published(ASSIGNMENTS.name)
        assert {one.state for one in told} == {AssignmentState.DELIVERED}
        assert len({one.id for one in told}) == len({one.unit for one in told}) == 9105
        assert all(one.synthetic == ("/grid/" in one.unit) for one in told)


async def test_the_same_alert_again_commands_nothing_more(dsn: str) -> None:
    async with an_office(dsn) as office:
        alert = an_alert(Level.ORANGE)
        await office.apply(alert)
        before = await totals(office)
        await office.apply(alert)
        await office.apply(alert, alert)
        assert await totals(office) == before


async def test_only_an_adjustment_upward_brings_a_new_command(dsn: str) -> None:
    async with an_office(dsn) as office:
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
            await office.apply(an_alert(level, transition=transition, version=version))
            assert await office.value("SELECT count(*) FROM command.command") == commands
        # an old state that arrives late changes nothing
        await office.apply(an_alert(Level.RED, transition=adjusted, version=4))
        assert await office.value("SELECT count(*) FROM command.command") == 3
        assert await office.wrongly_counted() == 0


async def test_an_exercise_stays_an_exercise_in_every_row_and_record(dsn: str) -> None:
    async with an_office(dsn) as office:
        await office.apply(
            an_alert(Level.YELLOW, key="real"),
            an_alert(Level.YELLOW, key="drill", status=Status.EXERCISE),
        )
        for table in ("command", "tier_count", "assignment", "alert_level"):
            rows = await office.rows(
                f"SELECT status, count(*) AS n FROM command.{table} GROUP BY 1"
            )
            results = {row["status"]: row["n"] for row in rows}
            assert results.keys() == {"Actual", "Exercise"}
            assert results["Actual"] == results["Exercise"]
        for one in await office.published(ASSIGNMENTS.name):
            command = await office.value(
                "SELECT status FROM command.command WHERE command_id = $1", one.command_id
            )
            assert one.status == command


async def test_a_free_command_reaches_the_tiers_it_names(dsn: str) -> None:
    async with an_office(dsn) as office:
        request = a_request(
            "issue",
            "cmd-free",
            DISTRICT,
            selection=below(TOWN, Tier.VILLAGE),
            event_type="11A01",
            level=Level.BLUE,
            title="值守检查",
            instruction="自查",
        )
        await office.apply(request)
        await office.apply(request.model_copy(update={"id": "request-again"}))
        assert await totals(office) == (20, 20, 20, 20)
        (told,) = await office.published(COMMANDS.name)
        assert (told.command_id, told.actor, told.alert_id) == ("cmd-free", "officer-1", None)


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
    async with an_office(dsn) as office:
        with pytest.raises(Reject) as refused:
            await office.apply(a_request("issue", "cmd-1", DISTRICT, **{**fields, **change}))
        assert refused.value.reason is reason
        assert await office.value("SELECT count(*) FROM command.command") == 0
