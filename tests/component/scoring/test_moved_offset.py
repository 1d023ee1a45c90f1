"""A partition of scoring whose offset was moved by hand: states and checkpoint go with it."""

from __future__ import annotations

import asyncio

import pytest

from services.scoring.store.changelog import StoredPartition, apply_record
from shared.contracts.topics import ALARMS, SCORING_STATE
from shared.runtime.stored_offsets import StoredOffset, fingerprint
from tests.component.scoring.log import PARTITION, Log, RuleTable, a_worker_of, as_records
from tests.component.scoring.test_crash import SENSORS
from tests.support.scoring import T0, a_reading, a_rule, a_threshold_rule

RULE = a_rule(a_threshold_rule(("orange", 214, 213)), rule_id="plain")
VALUES = [205.0, 206.0, 207.0, 208.0]
READINGS = as_records(
    [a_reading(value, 60.0 * n, SENSORS[0]) for n, value in enumerate(VALUES)],
    [T0 + 60.0 * n + 1 for n in range(len(VALUES))],
)
NEW_LOG = as_records(
    [
        a_reading(value, 600 + 60.0 * n, SENSORS[0], f"new-{n}")
        for n, value in enumerate([209, 217])
    ],
    [T0 + 600 + 60.0 * n + 1 for n in range(2)],
)


def stored_in(log: Log) -> StoredPartition:
    stored = StoredPartition()
    for record in log.records:
        if record.topic == SCORING_STATE.name:
            assert record.key is not None
            apply_record(stored, record.key, record.value)
    return stored


@pytest.mark.parametrize("restart", [False, True])
def test_a_topic_that_was_created_anew_is_judged_from_its_beginning(restart: bool) -> None:
    log, table = Log(), RuleTable(SENSORS, [RULE])

    async def story() -> None:
        worker = a_worker_of(log, table, flush_states=1)
        await worker.restore([PARTITION])
        await worker.handle(READINGS)
        last = fingerprint(READINGS[-1].value)
        assert worker.stored(PARTITION) == StoredOffset(len(READINGS), last)
        await worker.release([PARTITION])
        (offset,) = (await worker.restore([PARTITION])).values()
        assert offset == StoredOffset(len(READINGS), last), "what the platform compares at a start"
        await worker.move(PARTITION, StoredOffset(0))
        assert worker.stored(PARTITION) == StoredOffset(0)
        if restart:
            worker = a_worker_of(log, table, flush_states=1)
            assert await worker.restore([PARTITION]) == {}, "the beginning"
        await worker.handle(NEW_LOG)
        await worker.release([PARTITION])

    asyncio.run(story())
    assert [record.topic for record in log.records].count(ALARMS.name) == 1
    checkpoint = stored_in(log).checkpoint
    assert checkpoint is not None
    assert checkpoint.next_offset == len(NEW_LOG)


def test_an_untrusted_offset_and_an_offset_further_on_are_stored() -> None:
    log, table = Log(), RuleTable(SENSORS, [RULE])

    async def story() -> None:
        worker = a_worker_of(log, table, flush_states=1)
        await worker.restore([PARTITION])
        await worker.handle(READINGS)
        for target in (StoredOffset(len(READINGS), "replaced"), StoredOffset(100)):
            await worker.move(PARTITION, target)
            assert worker.stored(PARTITION) == target
            worker = a_worker_of(log, table, flush_states=1)
            assert await worker.restore([PARTITION]) == {PARTITION: target}

    asyncio.run(story())
