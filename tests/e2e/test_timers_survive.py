"""kill -9 of every process about a deadline, and an absence of ten minutes: timers fire once, never
early.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.local.stack import Stack
from shared.contracts.fields import Contract, Level, Post, Tier
from shared.contracts.supervision import SupervisionEvent, SupervisionKind
from shared.contracts.topics import CATALOG, COMMAND_REQUESTS, ROSTER, SUPERVISION, TopicSpec
from shared.contracts.units import parent_of
from shared.runtime.database import CLIENT_ERRORS
from shared.runtime.outbound_records import encode
from tests.component.command.harness import (
    CITY,
    DISTRICT,
    TOWN,
    a_request,
    below,
    catalogue_records,
    slot,
    units,
)
from tests.support.kafka import produce, read_all
from tests.support.profiles import STANDARD
from tests.support.waiting import PATIENCE_S

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]

SIGN_S, STEP_S = STANDARD.sign_s[Level.ORANGE][Tier.VILLAGE], STANDARD.step_s[Level.ORANGE]
"""Ten minutes to sign, five between two rungs."""
AWAY_S = 600
COMPONENTS = ("command", "kafka", "postgres")
CALLS = (SupervisionKind.REMINDED, SupervisionKind.ESCALATED)


async def put(stack: Stack, spec: TopicSpec, messages: Mapping[str, Contract]) -> None:
    records = [(key, encode(message), None) for key, message in messages.items()]
    await produce(stack.kafka_bootstrap, spec.name, records)


async def fetch(stack: Stack, query: str, *values: Any) -> list[Any]:
    connection = await asyncpg.connect(stack.dsn())
    try:
        return list(await connection.fetch(query, *values))
    finally:
        await connection.close()


async def issued(stack: Stack) -> int:
    """Issue a command to a town and its villages, which are on duty; returns the number of
    assignments.
    """
    tree = [
        unit_entry
        for unit_entry in units()
        if unit_entry.unit in (CITY, DISTRICT) or unit_entry.unit.startswith(TOWN[:9])
    ]
    offices = [unit_entry for unit_entry in tree if "/" not in unit_entry.unit]
    await put(stack, CATALOG, dict(catalogue_records(tree)))
    roster = [slot(office.unit, post) for office in offices for post in Post]
    await put(
        stack,
        ROSTER,
        {f"{roster_slot.unit}:{roster_slot.post}": roster_slot for roster_slot in roster},
    )
    # Units and roster are read beside the requests, and to their end before a start has ended.
    await stack.stop("command")
    await stack.start("command")
    await stack.wait_ready()
    request = a_request(
        "issue",
        "cmd-1",
        selection=below(TOWN, Tier.TOWN, Tier.VILLAGE),
        event_type="11A01",
        level=Level.ORANGE,
        title="转移危险区群众",
    )
    await put(stack, COMMAND_REQUESTS, {"cmd-1": request})
    async with asyncio.timeout(PATIENCE_S):
        while not (rows := await fetch(stack, "SELECT sign_by FROM command.assignment")):
            await asyncio.sleep(0.1)
    return len(rows)


async def killed(stack: Stack) -> None:
    """Send kill -9 to every process at once; supervisors start all again."""
    for name in COMPONENTS:
        await stack.kill(name)
    await asyncio.sleep(0.3)
    await stack.wait_ready()


async def passed(stack: Stack, seconds: float) -> None:
    """Let everything have happened so much earlier."""
    by = timedelta(seconds=seconds)
    await fetch(
        stack,
        "WITH moved AS (UPDATE command.timer SET due_at = due_at - $1::interval) "
        "UPDATE command.assignment SET sign_by = sign_by - $1::interval, "
        "finish_by = finish_by - $1::interval, changed_at = changed_at - $1::interval",
        by,
    )


async def until_due(stack: Stack) -> None:
    """Wait for the due moment of the next calls, up to a round of the sweeper."""
    (row,) = await fetch(
        stack,
        "SELECT min(due_at) - clock_timestamp() AS left FROM command.timer "
        "WHERE state = 'armed' AND kind = 'sign_escalate'",
    )
    await asyncio.sleep(max(0.0, row["left"].total_seconds()) + random.uniform(0, 0.3))


async def answers(stack: Stack) -> None:
    """Wait until Postgres does."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await fetch(stack, "SELECT 1")
            except (OSError, *CLIENT_ERRORS):
                await asyncio.sleep(0.2)
            else:
                return


async def calls(stack: Stack, count: int) -> dict[str, list[SupervisionEvent]]:
    """Return the called officers by unit, each once, in order, as soon as each unit has `count`.

    A relay that died says again what it does not know was heard: readers drop that by its id.
    """
    async with asyncio.timeout(PATIENCE_S):
        while True:
            records = await read_all(stack.kafka_bootstrap, SUPERVISION)
            supervisions = [
                SupervisionEvent.model_validate_json(record.value) for record in records
            ]
            results = {supervision.id: supervision for supervision in reversed(supervisions)}
            assert all(results[supervision.id] == supervision for supervision in supervisions), (
                "one id, two bodies"
            )
            by_unit: dict[str, list[SupervisionEvent]] = defaultdict(list)
            for supervision in sorted(results.values(), key=lambda item: item.sent_at):
                assert supervision.sent_at >= supervision.due_at, "early"
                if supervision.kind in CALLS:
                    by_unit[supervision.unit].append(supervision)
            if min(map(len, by_unit.values()), default=0) >= count:
                return by_unit
            await asyncio.sleep(0.3)


@pytest.mark.timeout(1_200)
async def test_every_process_killed_and_ten_minutes_away(tmp_path: Path) -> None:
    async with Stack(tmp_path, services=("command",)) as stack:
        count = await issued(stack)
        for number, ahead_s in enumerate((SIGN_S, STEP_S), 1):
            await passed(stack, ahead_s - 3)
            await until_due(stack)
            await killed(stack)
            await calls(stack, number)
        for name in COMPONENTS:
            await stack.kill(name)
        await asyncio.gather(*(stack.stop(name) for name in COMPONENTS))
        await stack.start("postgres")
        await stack.start("kafka")
        await answers(stack)
        await passed(stack, AWAY_S)
        await stack.start("command")
        await stack.wait_ready()
        await calls(stack, 3)
        await asyncio.sleep(2)  # another call would have come
        result = await calls(stack, 3)
        waiting = await fetch(stack, "SELECT count(*) FROM command.outbox")

    assert waiting[0][0] == 0
    assert len(result) == count
    for unit, supervisions in result.items():
        above = parent_of(unit)
        assert [
            (supervision.kind, supervision.rung, supervision.target_unit, supervision.target_post)
            for supervision in supervisions
        ] == [
            (SupervisionKind.REMINDED, 0, unit, Post.B),
            (SupervisionKind.ESCALATED, 1, unit, Post.A),
            # due for the commander five minutes before the end of the outage; by then the unit
            # above
            (SupervisionKind.ESCALATED, 3, above, Post.B),
        ]
        away = supervisions[-1]
        assert "skipped-rung:2" in away.references
        assert AWAY_S - STEP_S <= away.late_by_s < AWAY_S - STEP_S + 60
        assert all(supervision.late_by_s < 60 for supervision in supervisions[:-1])
