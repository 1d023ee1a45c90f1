"""Alarms by time alone: their delay in Kafka after the end of a silence or a duration."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.contracts.topics import ALARMS, READINGS
from tests.bench import ruleset
from tests.bench.latency_source import summary
from tests.bench.payload import UNITS, moment, writer
from tests.bench.plan import Plan
from tests.bench.service import service

METRIC = "temperature"
INTERVAL_S, FACTOR, FOR_S = 2.0, 2.0, 2.5
SPREAD_S = 20.0
"""Every sensor sends once, one after the other in this time."""
AFTER = {f"held.{METRIC}": FOR_S, f"silent.{METRIC}": INTERVAL_S * FACTOR}
"""Seconds after its reading at which a rule's alarm of a sensor is due."""
_PATIENCE_S = 30.0


class _Alarm(msgspec.Struct):
    sensor_id: str
    rule_id: str
    transition: str


async def due(plan: Plan, say: Callable[[str], None]) -> dict[str, Any]:
    """Lateness of `due_sensors` durations and as many silences; the clock is the one of real
    ingest.
    """
    names = [f"due-{number}" for number in range(plan.due_sensors)]
    rungs = [{"level": "yellow", "raise_at": 40, "clear_at": 38, "source": "benchmark"}]
    rules = [
        ruleset.rule("held", METRIC, {"kind": "threshold", "for_s": FOR_S, "rungs": rungs}),
        ruleset.rule("silent", METRIC, {"kind": "absence", "factor": FACTOR}),
    ]
    async with service(beside={"ingest": {}}) as scoring:
        await scoring.seed(ruleset.catalog(((name, METRIC) for name in names), INTERVAL_S), rules)
        await scoring.start()
        await scoring.settle()
        alarms = asyncio.create_task(_alarms(scoring.kafka, len(names) * len(rules)))
        sent = await _send(scoring.kafka, names)
        raised = await alarms
    late = [at - sent[name] - AFTER[rule_id] for name, rule_id, at in raised]
    results = {**summary(late), "early": sum(seconds < -0.001 for seconds in late)}
    say(f"due: p50 {results['p50_ms']:.0f} ms, latest {results['max_ms']:.0f} ms after its moment")
    return {
        **results,
        "wanted": len(names) * len(rules),
        "p99_s": results["p99_ms"] / 1000,
        "max_s": results["max_ms"] / 1000,
    }


async def _send(bootstrap: str, names: list[str]) -> dict[str, float]:
    """One reading of each, over the limit; returns their event times in seconds."""
    write = writer(METRIC, UNITS[METRIC])
    sent: dict[str, float] = {}
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    try:
        for name in names:
            at_ms = round(time.time() * 1000)
            sent[name] = at_ms / 1000
            value = write(f"{name}:0", moment(at_ms), name, 45.0)
            await producer.send(READINGS.name, value, key=name.encode())
            await asyncio.sleep(SPREAD_S / len(names))
    finally:
        await producer.stop()
    return sent


async def _alarms(bootstrap: str, count: int) -> list[tuple[str, str, float]]:
    """Return sensor, rule and Kafka's time (s) of `count` raised alarms; raises RuntimeError."""
    decode = msgspec.json.Decoder(_Alarm).decode
    results: list[tuple[str, str, float]] = []
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(ALARMS.name, number) for number in range(ALARMS.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        deadline = time.monotonic() + SPREAD_S * 2 + _PATIENCE_S
        while len(results) < count:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{len(results)} of {count} alarms came")
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    alarm = decode(record.value)
                    if alarm.transition == "raised":
                        results.append((alarm.sensor_id, alarm.rule_id, record.timestamp / 1000))
    finally:
        await consumer.stop()
    return results
