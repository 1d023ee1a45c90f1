"""A rule changes while processes crash: one version alone decides about each record."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.scoring.handlers.readings import ReadingsWorker
from services.scoring.store import changelog
from services.scoring.store.tables import HISTORY_S
from services.scoring.unit_of_work.pinned_tables import pinned_tables
from shared.contracts.fields import Status
from shared.contracts.topics import ALARMS, SCORING_STATE
from shared.runtime.errors import Transient
from shared.runtime.tables import Positions
from tests.component.scoring.log import (
    PARTITION,
    Change,
    Died,
    Log,
    RuleTable,
    a_worker_of,
    start_of,
)
from tests.component.scoring.test_crash import RULES, SENSORS, as_log, entries
from tests.support.scoring import SENT, a_rule, a_threshold_rule

AFTER: tuple[Change, ...] = (
    *RULES,
    a_rule(a_threshold_rule(("orange", 212.5, 212)), rule_id="plain", version=2),
    a_rule(a_threshold_rule(("blue", 204, 203)), rule_id="new"),
    RULES[2].model_copy(update={"version": 2, "enabled": False}),
    SENSORS[2],
)
BEFORE_CHANGE, PRESENT = {"rules:0": len(RULES)}, {"rules:0": len(AFTER)}


async def life(
    log: Log, records: list[Any], start: int, end: int, published: int, flush: int
) -> ReadingsWorker:
    """One process: `start` readings are there when it begins, `end` when it ends, the rules change
    when `published` are. It stops in mid-air."""
    table = RuleTable(SENSORS, AFTER, len(AFTER) if published <= start else len(RULES))
    worker = a_worker_of(log, table, flush)
    log.arrived = start
    for record in records[await start_of(worker) : end]:
        if record.offset >= published and table.applied < len(AFTER):
            await change(worker, table)
        await worker.handle([record])
    return worker


async def orderly_life(*story: Any) -> None:
    """The same, and it lets go of its partition at its end."""
    await (await life(*story)).release([PARTITION])


async def change(worker: ReadingsWorker, table: RuleTable) -> None:
    async with worker.at_boundary():
        table.apply_all()


def switched_at(log: Log) -> int | None:
    """The first reading judged by the new rules, as the checkpoints say."""
    for record in log.records:
        if record.topic == SCORING_STATE.name and record.key == changelog.CHECKPOINT:
            checkpoint = msgspec.msgpack.decode(record.body, type=changelog.Checkpoint)
            if checkpoint.table_positions == PRESENT:
                return checkpoint.next_offset
    return None


def calm(records: list[Any], switch: int | None) -> tuple[Log, dict[str, Any]]:
    """Nobody dies, and the rules change there."""
    log = Log()
    table = RuleTable(SENSORS, AFTER, len(RULES))
    worker = a_worker_of(log, table, flush_states=1_000)

    async def story() -> dict[str, Any]:
        await worker.restore([PARTITION])
        for record in records:
            if record.offset == switch:
                await change(worker, table)
            await worker.handle([record])
        return await ended(worker)

    return log, asyncio.run(story())


async def ended(worker: ReadingsWorker) -> dict[str, Any]:
    states = worker._partitions[0].engine.states
    results = {key.decode(): state.dump()[2:] for key, state in states.items()}
    await worker.release([PARTITION])
    return results


UP_AND_DOWN = [
    ("reading", n % 3, value, 60, Status.ACTUAL)
    for n, value in enumerate([205.0, 213.0, 214.5, 213.0, 217.0, 205.0, 213.0, 205.0] * 3)
]


@settings(max_examples=150, deadline=None)
@example(UP_AND_DOWN, 9, [(3, 4, False), (6, 2, False), (0, 3, False)], 100)
@example(UP_AND_DOWN, 4, [(10, 30, False)], 100)
@example(UP_AND_DOWN, 13, [(5, 30, True), (5, 30, False), (4, 0, False)], 100)
@given(
    entries,
    st.integers(0, 40),
    st.lists(st.tuples(st.integers(0, 15), st.integers(0, 30), st.booleans()), max_size=4),
    st.integers(1, 6),
)
def test_a_change_of_rules_and_any_crash(
    drawn: list[tuple[Any, ...]], published: int, lives: list[tuple[int, int, bool]], flush: int
) -> None:
    records = as_log(drawn)
    log, start = Log(), 0
    for more, survives, lets_go in lives:
        end = min(start + more, len(records))
        log.capacity = survives
        with suppress(Died):
            run = orderly_life if lets_go else life
            asyncio.run(run(log, records, start, end, published, flush))
        start = end
    log.capacity = None

    async def last() -> dict[str, Any]:
        return await ended(await life(log, records, start, len(records), published, flush))

    states = asyncio.run(last())
    expected, final = calm(records, switched_at(log))
    assert log.messages() == expected.messages()
    assert states == final


@pytest.mark.parametrize(
    ("age_s", "processed_until", "pins", "state_positions", "expected"),
    [
        (10, 7, BEFORE_CHANGE, BEFORE_CHANGE, (BEFORE_CHANGE, 7)),
        (
            10,
            3,
            BEFORE_CHANGE,
            BEFORE_CHANGE,
            (BEFORE_CHANGE, 5),
        ),  # no input, but states to take over
        (10, 7, PRESENT, BEFORE_CHANGE, (PRESENT, None)),  # the change itself was not stored yet
        (10, 7, PRESENT, PRESENT, (PRESENT, None)),
        (
            HISTORY_S + 1,
            7,
            BEFORE_CHANGE,
            BEFORE_CHANGE,
            (PRESENT, None),
        ),  # the topic may have forgotten
        (10, 7, {}, {}, (PRESENT, None)),  # a checkpoint of an older version of ours
    ],
)
async def test_older_tables_judge_what_may_have_been_judged(
    age_s: float,
    processed_until: int,
    pins: Positions,
    state_positions: Positions,
    expected: tuple[Positions, int | None],
) -> None:
    table, now = RuleTable(SENSORS, AFTER), SENT.timestamp()
    stored = changelog.StoredPartition(processed_until=processed_until)
    stored.checkpoint = changelog.Checkpoint(5, 0.0, "", pins, state_positions, now - age_s)
    tables = (await pinned_tables({0: stored}, table.registry, table, now))[0]
    assert (tables.positions, tables.until) == expected
    assert (tables.registry is table.registry) == (tables.positions == PRESENT)
    older_states = state_positions == BEFORE_CHANGE and age_s < HISTORY_S
    assert (tables.state_registry is not table.registry) == older_states


async def test_what_comes_after_an_orderly_end_is_judged_by_the_tables_of_that_time() -> None:
    log, records = Log(), as_log(UP_AND_DOWN)
    await orderly_life(log, records, 0, 4, len(records), 100)
    emitted = len(log.records)
    log.arrived = len(records)
    worker = a_worker_of(log, RuleTable(SENSORS, AFTER), flush_states=100)
    assert await start_of(worker) == 4
    await worker.handle(records[4:])
    await ended(worker)
    raised = [record for record in log.records[emitted:] if record.topic == ALARMS.name]
    assert any(b'"new"' in outgoing.body for outgoing in raised), (
        "the new rule judges what came later"
    )
    assert switched_at(log) == 4


async def test_what_cannot_be_stored_leaves_the_tables_as_they_were() -> None:
    log, table = Log(), RuleTable(SENSORS, AFTER, len(RULES))
    worker = a_worker_of(log, table, flush_states=1_000)
    await worker.restore([PARTITION])
    await worker.handle(as_log(UP_AND_DOWN)[:3])
    log.capacity, log.failure = 0, Transient
    with pytest.raises(Transient):
        await change(worker, table)
    assert table.applied == len(RULES)
    await change(worker, table)
    assert table.applied == len(AFTER)
