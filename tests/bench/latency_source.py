"""A program of its own: 2,000 readings a second at an even pace, 5 % of them changing an alarm.

    python -m tests.bench.latency_source BOOTSTRAP SECONDS WARM_UP_SECONDS

The program notes three times per reading: the hand-over to the producer (linger 2 ms), the arrival
at a plain consumer (the floor), and the arrival of the caused alarm at a consumer of alarms. Both
consumers have equal settings and run together, so a disturbance affects both.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.contracts.topics import ALARMS, READINGS, TopicSpec
from tests.bench.payload import UNITS, moment, writer
from tests.bench.reference import KINDS, PARAMETERS, sensor_id

SENSORS = 2_000
RATE = 2_000
SLOT_S = 0.005
CYCLE, UP, DOWN = 80, 40, 60
"""A sensor is over its first level for 20 of 80 readings: four changes of alarms in a cycle."""
DRAIN_S = 3.0
_HIGH = {"water_level": 3.3, "rainfall": 35.0, "gas_lel": 12.0, "temperature": 45.0}
_WRITERS = tuple(writer(kind, UNITS[kind]) for kind in KINDS)


class _Reading(msgspec.Struct):
    id: str = ""


class _Evidence(msgspec.Struct):
    event_id: str


class _Alarm(msgspec.Struct):
    evidence: _Evidence


def reading(number: int, turn: int, at_ms: int) -> tuple[str, bytes]:
    """Return id and bytes of the `turn`-th reading of a sensor."""
    kind = KINDS[number % 4]
    high = UP <= (turn + number) % CYCLE < DOWN
    value = _HIGH[kind] if high else PARAMETERS[kind].base
    name = sensor_id(number)
    event_id = f"{name}:{turn}"
    return event_id, _WRITERS[number % 4](event_id, moment(at_ms), name, value)


def percentile(values: list[float], share: float) -> float:
    """Return the value below which this share lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def summary(seconds: list[float]) -> dict[str, float]:
    """Return percentiles in ms."""
    if not seconds:
        return {"count": 0}
    results = {f"p{round(share * 1000) / 10:g}_ms": percentile(seconds, share) * 1000
             for share in (0.5, 0.9, 0.99, 0.999)}  # fmt: skip
    return {"count": len(seconds), **results, "max_ms": max(seconds) * 1000}


async def _consumer(bootstrap: str, spec: TopicSpec) -> AIOKafkaConsumer:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    partitions = [TopicPartition(spec.name, number) for number in range(spec.partitions)]
    consumer.assign(partitions)
    await consumer.seek_to_end(*partitions)
    return consumer


async def _note(consumer: AIOKafkaConsumer, cause: Any, noted: list[tuple[str, float]]) -> None:
    while True:
        result = await consumer.getmany(timeout_ms=1000)
        at = time.perf_counter()
        for records in result.values():
            noted += [(cause(record.value), at) for record in records]


async def main(bootstrap: str, seconds: float, warm_up_s: float) -> None:
    """Send, note, report."""
    as_reading = msgspec.json.Decoder(_Reading).decode
    as_alarm = msgspec.json.Decoder(_Alarm).decode
    plain, alarmed = await _consumer(bootstrap, READINGS), await _consumer(bootstrap, ALARMS)
    arrived: list[tuple[str, float]] = []
    raised: list[tuple[str, float]] = []
    tasks = [
        asyncio.create_task(_note(plain, lambda value: as_reading(value).id, arrived)),
        asyncio.create_task(
            _note(alarmed, lambda value: as_alarm(value).evidence.event_id, raised)
        ),
    ]
    sent = await _send(bootstrap, seconds)
    await asyncio.sleep(DRAIN_S)
    for task in tasks:
        task.cancel()
    await plain.stop()
    await alarmed.stop()
    since = min(sent.values()) + warm_up_s
    floor = [at - sent[name] for name, at in arrived if sent.get(name, 0) >= since]
    path = [at - sent[name] for name, at in raised if sent.get(name, 0) >= since]
    took = max(sent.values()) - min(sent.values())
    result = {"rate": len(sent) / took, "floor": summary(floor), "alarm": summary(path)}
    print(json.dumps(result))


async def _send(bootstrap: str, seconds: float) -> dict[str, float]:
    sent: dict[str, float] = {}
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=2)
    await producer.start()
    began, index = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - began) < seconds:
        while index < elapsed * RATE:
            turn, number = divmod(index, SENSORS)
            event_id, value = reading(number, turn, int(time.time() * 1000))
            sent[event_id] = time.perf_counter()
            await producer.send(READINGS.name, value, key=sensor_id(number).encode())
            index += 1
        await asyncio.sleep(SLOT_S)
    await producer.stop()
    return sent


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))
