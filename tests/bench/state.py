"""Rows 7 and 8: the memory per sensor, and the time of a restart after a crash."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from shared.contracts.topics import READINGS
from tests.bench import crowd, ruleset
from tests.bench.log import write
from tests.bench.plan import Plan
from tests.bench.sampling import rss_mib
from tests.bench.service import Service, service

STEP_MS = 10_000
TURNS = 8
"""Readings per sensor: the sliding minute then holds six."""
_WARM_SENSORS, _WARM_TURNS = 1_000, 120
HOURS = 24
_PATIENCE_S = 60.0


async def until_scored(scoring: Service, target: int, processes: int = 1) -> None:
    """Return when so many readings are handled; raises RuntimeError when they stand still."""
    best, since = -1, time.monotonic()
    while (written := sum(await scoring.scored(processes))) < target:
        if written > best:
            best, since = written, time.monotonic()
        elif time.monotonic() - since > _PATIENCE_S:
            raise RuntimeError(f"scoring stands still at {written} of {target} readings")
        await asyncio.sleep(0.1)


async def put(scoring: Service, records: Iterable[tuple[bytes | None, bytes]]) -> int:
    """Write readings."""
    return await write(scoring.kafka, READINGS.name, READINGS.partitions, records)


async def memory(plan: Plan, say: Callable[[str], None]) -> dict[str, Any]:
    """RSS of one process with nothing, with the catalogue, and with a state for every sensor.

    A warm-up of a few sensors comes before the last step, so that fetch buffers are not counted.
    """
    count = plan.memory_sensors
    async with service() as scoring:
        await scoring.start()
        await scoring.settle()
        empty = rss_mib(scoring.pid())
        await scoring.stop()
        catalog = ruleset.catalog(ruleset.numbered(count + _WARM_SENSORS), STEP_MS / 1000)
        await scoring.seed(catalog, ruleset.reference_rules())
        await scoring.start()
        await scoring.settle()
        catalogued = rss_mib(scoring.pid())
        warm = range(count, count + _WARM_SENSORS)
        written = await put(scoring, crowd.backlog(warm, range(_WARM_TURNS), STEP_MS))
        await until_scored(scoring, written)
        await scoring.settle()
        before = rss_mib(scoring.pid())
        written += await put(scoring, crowd.backlog(range(count), range(TURNS), STEP_MS))
        await until_scored(scoring, written)
        await scoring.settle()
        after = rss_mib(scoring.pid())
    scale = 100_000 / count
    say(f"memory: {(after - before) * scale:.0f} MiB per 100,000 sensors")
    return {
        "sensors": count,
        "rss_empty_mib": empty,
        "rss_catalogued_mib": catalogued,
        "rss_warm_mib": before,
        "rss_full_mib": after,
        "catalogue_mib_per_100k_sensors": (catalogued - empty) * scale,
        "mib_per_100k_sensors": (after - before) * scale,
    }


async def restore(plan: Plan, say: Callable[[str], None]) -> dict[str, Any]:
    """kill -9 with 24 hours of rain in every state; time to ready and to the first new reading."""
    count = plan.restore_sensors
    names = ((crowd.gauge(number), "rainfall") for number in range(count))
    async with service() as scoring:
        await scoring.seed(ruleset.catalog(names, 3600.0), ruleset.rain_rules())
        await put(scoring, crowd.rain(range(count), range(HOURS), 3_600_000))
        await scoring.start(ready_s=300)
        await until_scored(scoring, count * HOURS)
        await scoring.settle(5)
        result = await after_a_crash(
            scoring, crowd.rain(range(64), range(HOURS, HOURS + 1), 3_600_000)
        )
    say(f"restore of {count} sensors: {result['first_reading_s']:.1f} s")
    return {"sensors": count, "readings_per_sensor": HOURS, **result}


async def after_a_crash(
    scoring: Service, fresh: Iterable[tuple[bytes, bytes]], timeout_s: float = 600
) -> dict[str, Any]:
    """Kill it, write fresh readings, wait for the first of them to be scored."""
    rss = rss_mib(scoring.pid())
    began = time.monotonic()
    await scoring.kill()
    await put(scoring, fresh)
    ready = asyncio.create_task(_ready(scoring, timeout_s))
    while not sum(await scoring.scored()):
        if time.monotonic() - began > timeout_s:
            raise RuntimeError("no reading is scored after the crash")
        await asyncio.sleep(0.05)
    first = time.monotonic() - began
    restored = await scoring.series("fenghuo_scoring_restore_seconds")
    return {
        "ready_s": await ready - began,
        "first_reading_s": first,
        "restore_seconds_metric": next(iter(restored.values()), None),
        "states_restored": _states(scoring.log_text()),
        "rss_before_mib": rss,
        "rss_after_mib": rss_mib(scoring.pid()),
    }


async def _ready(scoring: Service, timeout_s: float) -> float:
    await scoring.ready(timeout_s)
    return time.monotonic()


def _states(log: str) -> int | None:
    """Return the number of states that the last restore reports."""
    lines = [line for line in log.splitlines() if '"restored"' in line]
    result = re.search(r'"states":\s*(\d+)', lines[-1]) if lines else None
    return int(result[1]) if result else None
