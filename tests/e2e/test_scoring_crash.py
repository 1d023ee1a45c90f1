"""kill -9 of scoring in mid-stream, again and again, on a real Kafka: the same alarms, none twice.

What must come out is computed by the pure core from what lies in the topic. What came out is read
from the alarm topic: per id one body, per alarm versions without a gap, nothing missing or
invented.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.local.stack import Stack
from services.scoring.core.alarms.emitter import ShadowDiffers
from services.scoring.core.partition_engine import PartitionEngine
from services.scoring.core.refusals import RefusedInput
from services.scoring.core.rules.rule_registry import RuleRegistry
from services.scoring.readings_partition import readings_partition
from shared.contracts.alarms import AlarmEvent
from shared.contracts.fields import Contract
from shared.contracts.readings import Reading, SensorHealth, Tick
from shared.contracts.rules import AbsenceRule, WindowRule
from shared.contracts.topics import ALARMS, CATALOG, READINGS, RULES, SENSOR_HEALTH
from shared.runtime.inbound_messages import body_digest
from shared.runtime.outbound_records import encode
from tests.support.kafka import Message, produce, read_all
from tests.support.scoring import (
    SENT,
    a_catalog_entry,
    a_reading,
    a_rule,
    a_sensor,
    a_threshold_rule,
    a_tick,
    rungs,
)
from tests.support.waiting import PATIENCE_S

pytestmark = [pytest.mark.e2e, pytest.mark.real_kafka]

SENSORS = [a_sensor(f"wl-{number:03d}") for number in range(200)]
RULE_SET = [
    a_rule(
        a_threshold_rule(("yellow", 212, 211), ("red", 216, 215), for_s=90, count=2), rule_id="held"
    ),
    a_rule(a_threshold_rule(("orange", 214, 213)), rule_id="plain"),
    a_rule(
        WindowRule(aggregate="mean", window_s=600, rungs=rungs(("blue", 211, 210))), rule_id="mean"
    ),
    a_rule(AbsenceRule(factor=2), rule_id="silent"),
]
ROUNDS = 100
KILLS = 3


def a_stream(chance: random.Random) -> list[list[Message]]:
    """Rounds of readings a minute apart: wandering levels, repeats, gaps, dirt, ticks."""
    level = {sensor.sensor_id: 210.0 for sensor in SENSORS}
    rounds: list[list[Message]] = []
    for minute in range(ROUNDS):
        messages: list[Message] = []
        for sensor in SENSORS:
            name = sensor.sensor_id
            level[name] += (210 - level[name]) * 0.1 + chance.gauss(0, 1.5)
            if chance.random() < 0.02:
                continue
            reading = encode(a_reading(round(level[name], 2), minute * 60, name))
            messages += [(name, reading, None)] * (2 if chance.random() < 0.02 else 1)
        messages.append(("wl-000", b'{"value": NaN', None))
        tick = encode(a_tick(minute * 60 + 30))
        messages += [(None, tick, partition) for partition in range(READINGS.partitions)]
        rounds.append(messages)
    return rounds


async def expected(bootstrap: str) -> dict[str, bytes]:
    """Digest by event id, from the pure core over the log as it is."""
    registry = RuleRegistry(partition_of=readings_partition)
    for sensor in SENSORS:
        registry.add_sensor(sensor)
    for rule in RULE_SET:
        registry.add_rule(rule)
    engines = [PartitionEngine(registry, number=number) for number in range(READINGS.partitions)]
    for record in await read_all(bootstrap, READINGS):
        try:
            message = READINGS.model.validate_json(record.value)
        except ValueError:
            continue
        engine, stamped = engines[record.partition], record.timestamp / 1000
        try:
            if isinstance(message, Reading):
                engine.apply_reading(record.offset, message, stamped, SENT)
            else:
                assert isinstance(message, Tick)
                engine.apply_tick(record.offset, message, stamped, SENT)
        except RefusedInput:
            continue
    return {
        message.id: body_digest(message.to_wire())
        for engine in engines
        for message in engine.messages
        if not isinstance(message, ShadowDiffers)
    }


async def published(bootstrap: str) -> dict[str, bytes]:
    """Digest by event id, from the topics; repeats must be equal."""
    results: dict[str, bytes] = {}
    versions: dict[str, int] = defaultdict(int)
    for spec in (ALARMS, SENSOR_HEALTH):
        for record in await read_all(bootstrap, spec):
            message: AlarmEvent | SensorHealth = spec.model.validate_json(record.value)
            digest = body_digest(record.value)
            assert results.setdefault(message.id, digest) == digest, "one id, two bodies"
            if isinstance(message, AlarmEvent):
                last_version = versions[message.alarm_id]
                assert message.version <= last_version + 1, "a version is missing"
                versions[message.alarm_id] = max(last_version, message.version)
    return results


async def until(goal: str, check: Any) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while not await check():
        assert asyncio.get_running_loop().time() < deadline, f"not in time: {goal}"
        await asyncio.sleep(0.2)


async def metric(stack: Stack, name: str) -> float:
    """A series of scoring, summed over its labels; 0 while it does not answer."""
    try:
        async with httpx2.AsyncClient(timeout=20) as client:
            text = (await client.get(f"{stack.url('scoring')}/metrics")).text
    except httpx2.HTTPError:
        return 0
    lines = [line for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


async def write(bootstrap: str, topic: str, entries: Sequence[tuple[str, Contract]]) -> None:
    await produce(bootstrap, topic, [(key, encode(entry), None) for key, entry in entries])


@pytest.mark.timeout(1_200)
async def test_kill_nine_in_mid_stream(tmp_path: Path) -> None:
    chance = random.Random(3)
    async with Stack(tmp_path, services=("scoring",)) as stack:
        kafka = stack.kafka_bootstrap
        catalogue = [(f"sensor:{SENSOR.sensor_id}", a_catalog_entry(SENSOR)) for SENSOR in SENSORS]
        await write(kafka, CATALOG.name, catalogue)

        async def catalogued() -> bool:
            return await metric(stack, "fenghuo_scoring_sensors") == len(SENSORS)

        async def ruled() -> bool:
            return await metric(stack, "fenghuo_scoring_rules") == len(RULE_SET)

        await until("catalogue", catalogued)
        await write(kafka, RULES.name, [(rule.rule_id, rule) for rule in RULE_SET])
        await until("rules", ruled)

        killed = 0
        for number, messages in enumerate(a_stream(chance)):
            await produce(kafka, READINGS.name, messages)
            if number % (ROUNDS // (KILLS + 1)) == ROUNDS // (KILLS + 1) - 1 and killed < KILLS:
                await asyncio.sleep(chance.uniform(0, 0.4))
                await stack.kill("scoring")
                killed += 1
                await asyncio.sleep(0.3)
                await stack.wait_ready()
        expected_digests = await expected(kafka)

        async def complete() -> bool:
            return len(await published(kafka)) >= len(expected_digests)

        await until("all alarms", complete)
        await asyncio.sleep(1.5)
        assert await published(kafka) == expected_digests
        assert killed == KILLS
        assert len(expected_digests) > 1000
        letters = await read_all(kafka, READINGS, dead=True)
        assert len({letter.value[:120] for letter in letters}) == ROUNDS
