"""How many readings scoring takes per second, everything switched on, on a real Kafka.

    .venv/bin/python -m tests.support.scoring_rate 300000

A backlog of readings of 20,000 sensors under four rules (level with count, level with duration,
sliding mean, silence) is written first; then the service starts. Start-up is not counted.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil

from deploy.local.stack import Stack
from shared.contracts.rules import AbsenceRule, WindowRule
from shared.contracts.topics import CATALOG, READINGS, RULES
from shared.runtime.publisher import encode
from tests.support.kafka import Message, produce
from tests.support.scoring import (
    a_catalog_entry,
    a_ladder,
    a_reading,
    a_rule,
    a_sensor,
    a_tick,
    rungs,
)

SENSORS = 20_000
RULE_SET = [
    a_rule(a_ladder(("yellow", 212, 211), ("red", 216, 215), count=3), rule_id="level"),
    a_rule(a_ladder(("orange", 214, 213), for_s=60), rule_id="held"),
    a_rule(
        WindowRule(aggregate="mean", window_s=120, rungs=rungs(("blue", 211, 210))), rule_id="mean"
    ),
    a_rule(AbsenceRule(factor=3), rule_id="silent"),
]


def backlog(count: int) -> Iterator[Message]:
    """Each sensor every 20 s of event time, about one reading in fifty over a limit, and ticks."""
    chance = random.Random(1)
    for number in range(count):
        turn, which = divmod(number, SENSORS)
        name = f"wl-{which:06d}"
        value = round(chance.gauss(205, 2.2), 2)
        yield name, encode(a_reading(value, turn * 20, name)), None
        if which == 0:
            tick = encode(a_tick(turn * 20))
            yield from ((None, tick, partition) for partition in range(READINGS.partitions))


async def scored(client: httpx.AsyncClient, url: str) -> float:
    """Readings counted so far."""
    try:
        text = (await client.get(f"{url}/metrics")).text
    except httpx.HTTPError:
        return 0
    wanted = "fenghuo_scoring_readings_total{"
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(wanted))


async def measure(count: int) -> None:
    """Write the backlog, start scoring, print what it did."""
    with tempfile.TemporaryDirectory(prefix="rate-") as folder:
        stack = Stack(Path(folder), services=("scoring",))
        async with stack, httpx.AsyncClient(timeout=10) as client:
            await stack.stop("scoring")
            kafka = stack.kafka_bootstrap
            sensors = [a_sensor(f"wl-{number:06d}", interval_s=20.0) for number in range(SENSORS)]
            entries = [(one.sensor_id, encode(a_catalog_entry(one)), None) for one in sensors]
            await produce(kafka, CATALOG.name, entries)
            await produce(kafka, RULES.name, [(r.rule_id, encode(r), None) for r in RULE_SET])
            await produce(kafka, READINGS.name, backlog(count))
            await stack.start("scoring")
            while not (first := await scored(client, stack.url("scoring"))):
                await asyncio.sleep(0.02)
            pid = stack.pid("scoring")
            assert pid is not None
            process = psutil.Process(pid)
            began, cpu = time.monotonic(), sum(process.cpu_times()[:2])
            while (done := await scored(client, stack.url("scoring"))) < count:
                await asyncio.sleep(0.05)
            took, used = time.monotonic() - began, sum(process.cpu_times()[:2]) - cpu
            print(
                f"{done - first:.0f} readings in {took:.2f} s: {(done - first) / took:.0f}/s, "
                f"{used / (done - first) * 1e6:.1f} us CPU each "
                f"({(done - first) / used:.0f}/s on a core of its own), "
                f"{process.memory_info().rss / 2**20:.0f} MiB"
            )


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 300_000))
