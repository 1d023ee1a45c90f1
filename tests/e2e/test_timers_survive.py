"""kill -9 of every process about a deadline, and ten minutes away: each timer once, never early, late said so."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.local.stack import Stack
from services.command.core.profiles import PROFILES, ProfileName
from shared.contracts.catalog import CatalogEntry
from shared.contracts.commands import SupervisionEvent, SupervisionKind
from shared.contracts.fields import Contract, Level, Tier
from shared.contracts.ids import content_id
from shared.contracts.topics import CATALOG, REQUESTS, ROSTER, SUPERVISION, TopicSpec
from shared.runtime.publisher import encode
from tests.component.command.harness import (
    CITY,
    DISTRICT,
    EVENT_TIME,
    TOWN,
    a_request,
    below,
    slot,
    units,
)
from tests.support.kafka import produce, read_all

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]

PROFILE = PROFILES[ProfileName.DEMO]
STEP_S = PROFILE.step_s[Level.RED]
AWAY_S = 600
EVERYTHING = ("command", "kafka", "postgres")
CALLS = (SupervisionKind.REMINDED, SupervisionKind.ESCALATED)


async def put(stack: Stack, spec: TopicSpec, messages: Mapping[str, Contract]) -> None:
    records = [(key, encode(one), None) for key, one in messages.items()]
    await produce(stack.kafka_bootstrap, spec.name, records)


async def fetch(stack: Stack, query: str, *values: Any) -> list[Any]:
    connection = await asyncpg.connect(stack.dsn())
    try:
        return list(await connection.fetch(query, *values))
    finally:
        await connection.close()


async def issued(stack: Stack) -> int:
    """A command to a town and its villages, who are on duty; how many assignments it has."""
    tree = [one for one in units() if one.unit in (CITY, DISTRICT) or one.unit.startswith(TOWN[:9])]
    offices = [one for one in tree if "/" not in one.unit]
    entries = {
        f"unit:{one.unit}": CatalogEntry(
            id=content_id("cat", one.unit),
            occurred_at=EVENT_TIME,
            sent_at=EVENT_TIME,
            origin_unit=one.unit,
            tier=one.tier,
            entry=one,
        )
        for one in tree
    }
    await put(stack, CATALOG, entries)
    await put(stack, ROSTER, {f"{one.unit}:B": slot(one.unit) for one in offices})
    await asyncio.sleep(2)  # units and roster are read beside the requests
    request = a_request(
        "issue",
        "cmd-1",
        selection=below(TOWN, Tier.TOWN, Tier.VILLAGE),
        event_type="11A01",
        level=Level.RED,
        title="转移危险区群众",
    )
    await put(stack, REQUESTS, {"cmd-1": request})
    async with asyncio.timeout(20):
        while not (rows := await fetch(stack, "SELECT sign_by FROM command.assignment")):
            await asyncio.sleep(0.1)
    return len(rows)


async def killed(stack: Stack, *, to_stay: bool = False) -> None:
    """kill -9 of every process at once; each comes back by itself, or stays away."""
    for name in EVERYTHING:
        await stack.kill(name)
    if to_stay:
        await asyncio.gather(*(stack.stop(name) for name in EVERYTHING))
    else:
        await asyncio.sleep(0.3)
        await stack.wait_ready(60)


async def told(stack: Stack) -> list[SupervisionEvent]:
    """What the timers have told, each once: a relay that died says again what it does not know was heard."""
    records = await read_all(stack.kafka_bootstrap, SUPERVISION)
    found = {one.id: one for one in map(_event, records)}
    assert all(found[one.id] == one for one in map(_event, records)), "one id, two bodies"
    return sorted(found.values(), key=lambda one: one.sent_at)


def _event(record: Any) -> SupervisionEvent:
    return SupervisionEvent.model_validate_json(record.value)


def by_subject(events: Sequence[SupervisionEvent]) -> dict[str, list[SupervisionEvent]]:
    found: dict[str, list[SupervisionEvent]] = defaultdict(list)
    for one in events:
        found[one.subject_id].append(one)
    return found


def chained(calls: Sequence[SupervisionEvent]) -> bool:
    """Each firing arms the next: none is missing and none came twice when each follows from the last."""
    return all(
        (after.due_at - before.sent_at).total_seconds() in (STEP_S, STEP_S * PROFILE.slow)
        for before, after in pairwise(calls)
    )


@pytest.mark.timeout(300)
async def test_every_process_killed_and_ten_minutes_away(tmp_path: Path) -> None:
    env = {"command": {"FENGHUO_SLA_PROFILE": "demo"}}
    async with Stack(tmp_path, services=("command",), env=env) as stack:
        count = await issued(stack)
        (row,) = await fetch(
            stack, "SELECT min(sign_by) - clock_timestamp() AS left FROM command.assignment"
        )
        await asyncio.sleep(max(0.0, row["left"].total_seconds()))
        await killed(stack)  # as they fire
        await asyncio.sleep(STEP_S)
        await killed(stack)
        await asyncio.sleep(STEP_S)
        before = by_subject(await told(stack))
        assert len(before) == count

        await killed(stack, to_stay=True)
        await stack.start("postgres")
        await stack.start("kafka")
        async with asyncio.timeout(60):
            while True:
                try:
                    await fetch(stack, "SELECT 1")
                    break
                except (OSError, asyncpg.PostgresError):
                    await asyncio.sleep(0.2)
        away = timedelta(seconds=AWAY_S)
        await fetch(stack, "UPDATE command.timer SET due_at = due_at - $1::interval", away)
        await fetch(
            stack,
            "UPDATE command.assignment SET sign_by = sign_by - $1::interval, "
            "finish_by = finish_by - $1::interval, changed_at = changed_at - $1::interval",
            away,
        )
        await stack.start("command")
        await stack.wait_ready(60)
        await asyncio.sleep(STEP_S / 2)
        after = by_subject(await told(stack))
        left = await fetch(stack, "SELECT count(*) FROM command.outbox")

    assert left[0][0] == 0
    assert after.keys() == before.keys()
    for subject, events in after.items():
        assert all(one.sent_at >= one.due_at for one in events), "early"
        signing = [one for one in events if one.clock == "sign"]
        facts = [one.kind for one in signing if one.kind not in CALLS]
        assert facts == [SupervisionKind.DUE_SOON, SupervisionKind.OVERDUE]
        calls = [one for one in signing if one.kind in CALLS]
        known = sum(one.kind in CALLS for one in before[subject] if one.clock == "sign")
        assert chained(calls[:known])
        (missed,) = calls[known:]
        assert AWAY_S <= missed.late_by_s < AWAY_S + 60
        assert (missed.kind, missed.target_unit) == (SupervisionKind.ESCALATED, CITY)
        finishing = [one.kind for one in events if one.clock == "finish"]
        assert finishing == [SupervisionKind.OVERDUE], "told once, however long it was over"
