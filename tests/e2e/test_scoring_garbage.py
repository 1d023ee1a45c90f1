"""Garbage before a good reading: scoring continues, each record has its letter, alarms leave."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from services.scoring.fastpath.modules import MODULES
from services.scoring.store import changelog
from shared.contracts.dead_letter import DeadLetter, Reason
from shared.contracts.topics import ALARMS, CATALOG, DEAD_LETTER, READINGS, RULES
from shared.fastpath.loader import built
from shared.runtime.outbound_records import encode
from tests.e2e.test_scoring_crash import metric, until, write
from tests.support.kafka import Message, produce, read_all
from tests.support.scoring import a_catalog_entry, a_reading, a_rule, a_sensor, a_threshold_rule

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]

SENSORS = [a_sensor(f"wl-{number:03d}") for number in range(24)]
RULE = a_rule(a_threshold_rule(("red", 216, 215)), rule_id="plain")
GARBAGE = 48_000


def garbage_messages() -> list[Message]:
    """Return garbage: broken bytes, unknown sensors, other units, future times; everywhere."""
    messages: list[Message] = []
    name = SENSORS[0].sensor_id
    for number in range(GARBAGE // 4):
        place = number % READINGS.partitions
        stranger = f"stranger-{number % 500}"
        messages += [
            (None, f"flood {number}".encode(), place),
            (stranger, encode(a_reading(220, number, stranger)), None),
            (name, encode(a_reading(22_000, number, name, f"cm-{number}", unit="cm")), None),
            (name, encode(a_reading(220, 1e9, name, event_id=f"ahead-{number}")), None),
        ]
    return messages


@pytest.mark.timeout(300)
async def test_garbage_ends_nothing_and_is_dead_lettered_record_for_record(tmp_path: Path) -> None:
    async with Stack(tmp_path, services=("scoring",)) as stack:
        kafka = stack.kafka_bootstrap
        catalogue = [(f"sensor:{sensor.sensor_id}", a_catalog_entry(sensor)) for sensor in SENSORS]
        await write(kafka, CATALOG.name, catalogue)
        await write(kafka, RULES.name, [(RULE.rule_id, RULE)])

        async def informed() -> bool:
            rules = await metric(stack, "fenghuo_scoring_rules")
            return rules == 1 and await metric(stack, "fenghuo_scoring_sensors") == len(SENSORS)

        await until("tables", informed)
        plain = os.environ.get("FENGHUO_COMPILED") == "0" or built(MODULES) is None
        form = "plain" if plain else "compiled"
        assert await metric(stack, f'fenghuo_scoring_engine_info{{form="{form}"}}') == 1
        await stack.stop("scoring")  # it then meets a backlog of nothing but garbage
        await produce(kafka, READINGS.name, garbage_messages())
        for sensor in SENSORS:
            reading = encode(a_reading(220, 5, sensor.sensor_id))
            await produce(kafka, READINGS.name, [(sensor.sensor_id, reading, None)])
        await stack.start("scoring")
        process = stack.pid("scoring")

        async def alarmed() -> bool:
            return len(await read_all(kafka, ALARMS)) >= len(SENSORS)

        await until("an alarm of every sensor", alarmed)
        ends = Counter(record.partition for record in await read_all(kafka, READINGS))

        async def stored() -> bool:
            result = await changelog.read(kafka, range(READINGS.partitions))
            offsets = {number: stored.checkpoint for number, stored in result.items()}
            return all(
                (last := offsets[number]) is not None and last.next_offset == end
                for number, end in ends.items()
            )

        await until("a checkpoint behind the garbage", stored)
        assert stack.pid("scoring") == process, "scoring ended"
        letters: list[DeadLetter] = [
            DEAD_LETTER.validate_json(record.value)
            for record in await read_all(kafka, READINGS, dead=True)
        ]
        assert len(letters) == len({letter.id for letter in letters}) == GARBAGE
        assert Counter(letter.reason for letter in letters) == dict.fromkeys(
            (Reason.NOT_JSON, Reason.UNKNOWN_SENSOR, Reason.UNIT_MISMATCH, Reason.FUTURE_TIME),
            GARBAGE // 4,
        )
        alarms = [
            ALARMS.model.validate_json(record.value) for record in await read_all(kafka, ALARMS)
        ]
        assert {alarm.sensor_id for alarm in alarms} == {sensor.sensor_id for sensor in SENSORS}
