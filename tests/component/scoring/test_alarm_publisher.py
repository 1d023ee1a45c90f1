"""Alarms under way while the next batch is evaluated: states wait for them, batches do not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from aiokafka import TopicPartition

from services.scoring.handlers.readings import ReadingsWorker
from services.scoring.store.changelog import StoredPartition, apply_record
from services.scoring.unit_of_work import alarm_publisher
from shared.contracts.topics import ALARMS, READINGS, SCORING_STATE
from shared.runtime.errors import Transient
from shared.runtime.outbound_records import OutboundRecord
from tests.component.scoring.log import PARTITION, Log, a_worker, as_records, live, until_done
from tests.support.scoring import T0, a_reading, a_rule, a_threshold_rule

RULES = (a_rule(a_threshold_rule(("yellow", 212, 211))),)
SECOND_PARTITION = TopicPartition(READINGS.name, 1)
VALUES = [205.0, 213.0, 205.0, 214.0, 205.0]
"""Up and down twice: four alarm records, each in a batch of its own."""


class SlowLog(Log):
    """Confirms the records of a topic, alarms if none is named, only while `open` is set, and not
    as often as `fails` says. What goes to the partition `fails_at_once` is refused."""

    def __init__(self, slow: str = ALARMS.name) -> None:
        super().__init__()
        self.slow = slow
        self.open = asyncio.Event()
        self.fails = 0
        self.fails_at_once = -1

    async def send(self, records: Iterable[OutboundRecord]) -> None:
        records = list(records)
        if self.fails_at_once in {record.partition for record in records}:
            raise Transient("not confirmed")
        if any(record.topic == self.slow for record in records):
            await self.open.wait()
            if self.fails:
                self.fails -= 1
                raise Transient("not confirmed")
        await super().send(records)

    def count(self, topic: str) -> int:
        first = topic == SCORING_STATE.name  # the checkpoint that a new partition begins with
        return sum(record.topic == topic for record in self.records) - first


def readings() -> list[Any]:
    messages = [a_reading(value, 60.0 * n, "s-11", f"e-{n}") for n, value in enumerate(VALUES)]
    return as_records(messages, [T0 + 60.0 * n + 1 for n in range(len(VALUES))])


async def started(log: Log, flush_states: int) -> ReadingsWorker:
    worker = a_worker(log, RULES, ["s-11"], flush_states)
    await worker.restore([PARTITION])
    return worker


async def test_batches_are_decided_while_alarms_are_on_their_way() -> None:
    """And what they emit leaves by itself, behind the first: no further batch is needed for it."""
    log = SlowLog()
    worker = await started(log, flush_states=1_000)
    for place in range(len(VALUES)):
        await asyncio.wait_for(worker.handle(readings()[place : place + 1]), 5)
    assert worker._partitions[0].engine.next_offset == len(VALUES)
    assert log.count(ALARMS.name) == 0
    log.open.set()
    async with asyncio.timeout(5):
        while log.count(ALARMS.name) < 4:
            await asyncio.sleep(0.01)
    versions = [record.key for record in log.records if record.topic == ALARMS.name]
    assert versions == [versions[0]] * 2 + [versions[2]] * 2


async def test_with_too_much_waiting_work_waits_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarm_publisher, "_MOST_QUEUED", 1)
    log = SlowLog()
    worker = await started(log, flush_states=1_000)
    await asyncio.wait_for(worker.handle(readings()[:2]), 5)
    task = asyncio.create_task(worker.handle(readings()[2:3]))
    await asyncio.sleep(0.05)
    assert worker._partitions[0].engine.next_offset == 3
    assert not task.done()
    log.open.set()
    await task
    await worker.release([PARTITION])
    assert log.count(ALARMS.name) == 2


async def test_no_state_is_stored_before_its_alarms_have_arrived() -> None:
    log = SlowLog()
    worker = await started(log, flush_states=1)
    working = asyncio.create_task(worker.handle(readings()[:2]))
    await asyncio.sleep(0.05)
    assert log.count(SCORING_STATE.name) == 0
    log.open.set()
    await working
    async with asyncio.timeout(5):
        while log.count(SCORING_STATE.name) < 2:  # the state and the checkpoint
            await asyncio.sleep(0.01)
    assert log.count(ALARMS.name) == 1


async def test_readings_are_judged_while_states_are_on_their_way() -> None:
    log = SlowLog(slow=SCORING_STATE.name)
    log.open.set()
    worker = await started(log, flush_states=1)
    await worker.handle(readings()[:1])
    log.open.clear()
    for record in readings()[1:]:
        await asyncio.wait_for(worker.handle([record]), 5)
    assert log.count(ALARMS.name) == len(VALUES) - 1
    log.open.set()
    await worker.release([PARTITION])
    (state,) = stored(log).states.values()
    assert state[0] == len(VALUES) - 1


@pytest.mark.parametrize("arrive", [1, 2], ids=["no state", "no checkpoint"])
async def test_what_could_not_be_stored_beside_the_work_is_stored_later(arrive: int) -> None:
    quiet_log, log = Log(), Log()
    await live(a_worker(quiet_log, RULES, ["s-11"], 1_000), readings(), [1])
    worker = await started(log, flush_states=1)
    await worker.handle(readings()[:-1])
    await asyncio.sleep(0.05)
    log.capacity, log.failure = arrive, Transient  # the alarm, the state
    await worker.handle(readings()[-1:])
    await asyncio.sleep(0.05)
    assert log.has_failed
    await worker.release([PARTITION])
    assert log.messages() == quiet_log.messages()
    assert stored(log) == stored(quiet_log)


async def test_when_one_partition_cannot_be_stored_the_others_still_end_first() -> None:
    log = SlowLog(slow=SCORING_STATE.name)
    worker = a_worker(log, RULES, ["s-11"], 1_000)
    log.open.set()
    await worker.restore([PARTITION, SECOND_PARTITION])
    log.open.clear()
    log.fails_at_once = PARTITION.partition
    storing = asyncio.create_task(
        worker._checkpoints.store(list(worker._partitions.values()), final=True)
    )
    await asyncio.sleep(0.05)
    assert not storing.done()
    log.open.set()
    with pytest.raises(Transient):
        await storing
    assert [record.partition for record in log.records] == [SECOND_PARTITION.partition]


def stored(log: Log) -> StoredPartition:
    partition = StoredPartition()
    for record in log.records:
        if record.topic == SCORING_STATE.name and record.key is not None:
            apply_record(partition, record.key, record.value)
    return partition


async def test_a_partition_is_not_let_go_before_its_alarms_have_arrived() -> None:
    log = SlowLog()
    worker = await started(log, flush_states=1_000)
    await worker.handle(readings()[:2])
    leaving = asyncio.create_task(worker.release([PARTITION]))
    await asyncio.sleep(0.05)
    assert not leaving.done()
    assert log.count(SCORING_STATE.name) == 0
    log.open.set()
    await leaving
    assert (log.count(ALARMS.name), log.count(SCORING_STATE.name)) == (1, 2)


@pytest.mark.parametrize("fails", [1, 2])
async def test_what_failed_on_its_way_goes_with_the_next_in_order(fails: int) -> None:
    quiet_log = Log()
    await live(a_worker(quiet_log, RULES, ["s-11"], 1_000), readings(), [1])
    log = SlowLog()
    worker = await started(log, flush_states=1_000)
    await worker.handle(readings()[:2])
    log.fails = fails
    log.open.set()
    await until_done(worker, readings()[2:])
    await worker.release([PARTITION])
    assert log.fails == 0
    assert log.messages() == quiet_log.messages()
    assert log.count(ALARMS.name) == 4, "none lost, none twice"
