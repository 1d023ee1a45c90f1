"""Row 10: the district as it is shipped: its 20,000 sensors, its rule packs, ticks as ingest writes
them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from deploy.example import rules, sensors
from deploy.local.seed import entries
from shared.contracts.catalog import catalog_key
from shared.contracts.topics import READINGS
from shared.runtime.outbound_records import encode
from tests.bench.log import Loader
from tests.bench.payload import moment, tick, writer
from tests.bench.plan import Plan
from tests.bench.reference import SEED, T0_MS
from tests.bench.service import service

STEP_MS = 60_000
_OVER = 0.02
"""Share of readings far above a quiet day."""


def readings(turns: int) -> Iterator[tuple[bytes, bytes]]:
    """Every sensor once a minute; the nine real gauges with the datum they are catalogued with."""
    chance = random.Random(SEED)
    plans = []
    for sensor in sensors.all_sensors():
        kind = sensors.BY_SLUG.get(sensor.sensor_kind)
        low, high = (kind.low, kind.high) if kind else (180.0, 190.0)
        write = writer(sensor.metric, sensor.unit, sensor.datum)
        plans.append((sensor.sensor_id, sensor.sensor_id.encode(), write, low, high))
    for turn in range(turns):
        for place, (name, key, write, low, high) in enumerate(plans):
            at = moment(T0_MS + turn * STEP_MS + place * STEP_MS // len(plans))
            value = chance.uniform(low, high)
            if chance.random() < _OVER:
                value = 3 * high
            yield key, write(f"{name}:{turn}", at, name, round(value, 2))


async def district(plan: Plan, say: Callable[[str], None]) -> dict[str, Any]:
    """The rate on a complete backlog, and CPU and memory with it."""
    now = datetime.now(UTC)
    total = len(sensors.all_sensors())
    turns = plan.district_readings // total
    async with service() as scoring:
        catalog = [
            (catalog_key(catalog_entry.entry).encode(), encode(catalog_entry))
            for catalog_entry in entries(now)
        ]
        definitions = rules.definitions(now)
        await scoring.seed(catalog, definitions)
        count = 0
        async with Loader(scoring.kafka, READINGS.name, READINGS.partitions) as loader:
            for key, value in readings(turns):
                if count % total == 0:
                    at_ms = T0_MS + count // total * STEP_MS
                    for partition in range(READINGS.partitions):
                        await loader.add(None, tick(at_ms), partition)
                await loader.add(key, value)
                count += 1
        await scoring.forget()
        run = await scoring.measure(count)
        await scoring.settle()
        alarms = sum((await scoring.series("fenghuo_scoring_alarms_total")).values())
        refused = sum((await scoring.series("fenghuo_dead_letters_total")).values())
    say(f"district: {run.rate:,.0f} readings/s, {run.cpu_us:.1f} us each")
    return {
        "sensors": total,
        "rules": len(definitions),
        "readings": count,
        "readings_per_s": run.rate,
        "readings_per_s_and_core": 1e6 / run.cpu_us,
        "cpu_us": run.cpu_us,
        "memory_mib": run.memory_mib,
        "alarm_changes": alarms,
        "refused": refused,
    }
