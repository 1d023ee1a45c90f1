"""A producer with another partitioner: its readings are refused, and no sensor has two states."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from aiokafka import TopicPartition

from services.scoring.handlers.readings import ReadingsWorker
from services.scoring.readings_partition import readings_partition
from shared.contracts.alarms import AlarmEvent
from shared.contracts.dead_letter import DeadLetter, Reason
from shared.contracts.fields import Status
from shared.contracts.topics import ALARMS, DEAD_LETTER, READINGS, SCORING_STATE
from tests.component.scoring.log import Log, a_worker, as_records
from tests.support.scoring import T0, a_reading, a_rule, a_threshold_rule, as_span

GAUGE = "gauge-zhutuo"
RIGHT = readings_partition(GAUGE)
WRONG = (RIGHT + 1) % READINGS.partitions
RULES = (a_rule(a_threshold_rule(("orange", 212.5, 212))),)


def records(partition: int, *values: float, status: Status = Status.ACTUAL) -> list[Any]:
    """Readings a minute apart."""
    seconds = [60.0 * number for number in range(len(values))]
    result = as_records(
        [
            a_reading(value, at, GAUGE, f"{partition}-{at:g}", status)
            for value, at in zip(values, seconds, strict=True)
        ],
        [T0 + at + 1 for at in seconds],
    )
    for record in result:
        record.partition = partition
    return result


def letters(log: Log) -> list[DeadLetter]:
    return [
        DEAD_LETTER.validate_json(record.body)
        for record in log.records
        if record.topic == READINGS.dlq
    ]


def alarms(log: Log) -> list[tuple[str, str, bool]]:
    results = []
    for record in log.records:
        if record.topic == ALARMS.name:
            event: AlarmEvent = ALARMS.model.validate_json(record.body)
            results.append((event.transition.value, event.alarm_id, event.withdrawn))
    return results


async def started(log: Log) -> ReadingsWorker:
    worker = a_worker(log, RULES, [GAUGE], flush_states=1)
    await worker.restore([TopicPartition(READINGS.name, number) for number in (RIGHT, WRONG)])
    return worker


def test_a_reading_in_another_partition_is_refused_with_the_partitioner_named() -> None:
    log = Log()

    async def story() -> None:
        worker = await started(log)
        await worker.handle([as_span(records(WRONG, 213.0, 213.2))])
        await worker.handle(records(WRONG, *[213.0] * 2, 213.5, status=Status.EXERCISE)[2:])
        await worker.handle([as_span(records(RIGHT, 204.0, 205.0))])
        assert not worker._partitions[WRONG].engine.states
        assert len(worker._partitions[RIGHT].engine.states) == 1
        assert worker._partitions[WRONG].engine.next_offset == 3
        await worker.release([TopicPartition(READINGS.name, number) for number in (RIGHT, WRONG)])

    asyncio.run(story())
    assert alarms(log) == []
    result = letters(log)
    assert [
        (dead_letter.reason, dead_letter.partition, dead_letter.offset) for dead_letter in result
    ] == [(Reason.WRONG_PARTITION, WRONG, offset) for offset in range(3)]
    assert "murmur2" in result[0].detail
    assert f"partition {RIGHT}" in result[0].detail
    assert base64.b64decode(result[0].key_b64 or "") == GAUGE.encode()


def test_a_state_from_before_in_another_partition_ends_with_its_alarm() -> None:
    """As an older version stored it: state and open alarm in the partition that CRC32 leads to."""
    older, log = Log(), Log()

    async def story() -> None:
        worker = await started(older)
        await worker.handle(records(RIGHT, 213.0, 213.2))
        await worker.release([TopicPartition(READINGS.name, RIGHT)])
        for record in older.records:
            if record.topic == SCORING_STATE.name:
                record = type(record)(record.topic, record.key, record.value, WRONG, record.headers)
            log.records.append(record)
        worker = await started(log)
        assert len(worker._partitions[WRONG].engine.states) == 1
        later = records(WRONG, *[0.0] * 2, 213.5, 213.5)[2:]
        await worker.handle([as_span(later)])
        assert not worker._partitions[WRONG].engine.states
        await worker.release([TopicPartition(READINGS.name, WRONG)])
        assert not (await log.read("", [WRONG]))[WRONG].states

    asyncio.run(story())
    raised, ended = alarms(log)
    assert (raised[0], ended[0]) == ("raised", "cleared")
    assert raised[1] == ended[1]
    assert {letter.reason for letter in letters(log)} == {Reason.WRONG_PARTITION}
    assert len(letters(log)) == 2
