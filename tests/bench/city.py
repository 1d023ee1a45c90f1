"""Row 9: a million sensors.

Memory, minutes of a city's load with its lag, and a crash at the end.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from shared.contracts.topics import READINGS
from tests.bench import crowd, ruleset
from tests.bench.log import ends
from tests.bench.plan import Plan
from tests.bench.sampling import MIB, cpu_s, rss_mib
from tests.bench.service import Service, service
from tests.bench.state import after_a_crash, until_scored

SAMPLE_S = 5.0
GROWS = 0.005
"""Lag grows when it gains more than this share of the readings that come."""
_READY_S = 900.0
Sample = tuple[float, int, int]
"""Seconds since the load began, readings scored so far, readings in Kafka that are not scored yet.
"""


def slope(samples: Sequence[Sample]) -> float:
    """Readings per second by which the lag grows, fitted over the second half."""
    half = samples[len(samples) // 2 :]
    if len(half) < 2:
        return 0.0
    mean_t = sum(t for t, _, _ in half) / len(half)
    mean_lag = sum(lag for _, _, lag in half) / len(half)
    spread = sum((t - mean_t) ** 2 for t, _, _ in half)
    return sum((t - mean_t) * (lag - mean_lag) for t, _, lag in half) / spread


def steady(samples: Sequence[Sample]) -> float:
    """Readings scored per second between the first and the last sample."""
    (began, before, _), (ended, after, _) = samples[0], samples[-1]
    return (after - before) / (ended - began) if ended > began else 0.0


async def million(plan: Plan, say: Callable[[str], None]) -> dict[str, Any]:
    """All of row 9."""
    sensors = plan.million_sensors
    async with service() as scoring:
        say(f"cataloguing {sensors} sensors")
        await scoring.start()
        empty = rss_mib(scoring.pid())
        await scoring.stop()
        catalog = ruleset.catalog(ruleset.numbered(sensors), sensors / plan.city_rate)
        await scoring.seed(catalog, ruleset.reference_rules())
        began = time.monotonic()
        await scoring.start(ready_s=_READY_S)
        starting = time.monotonic() - began
        await scoring.settle()
        catalogued = rss_mib(scoring.pid())
        load = await _load(scoring, plan, say)
        await until_scored(scoring, load["sent"])
        await scoring.settle()
        full = rss_mib(scoring.pid())
        fresh = _fresh(64, int(time.time() * 1000))
        crash = await after_a_crash(scoring, fresh, timeout_s=_READY_S)
    sensor_count = min(sensors, load["sent"])
    say(f"million: {(full - catalogued) * MIB / sensor_count:.0f} bytes per sensor")
    return {
        "sensors": sensors,
        "sensors_heard": sensor_count,
        "start_with_catalogue_s": starting,
        "rss_empty_mib": empty,
        "rss_catalogued_mib": catalogued,
        "rss_full_mib": full,
        "catalogue_bytes_per_sensor": (catalogued - empty) * MIB / sensors,
        "bytes_per_sensor": (full - catalogued) * MIB / sensor_count,
        "restore": crash,
        "city": load,
    }


def _fresh(count: int, at_ms: int) -> list[tuple[bytes, bytes]]:
    """One reading of the first sensors, later than any that the load had."""
    names = [name.encode() for name, _ in ruleset.numbered(count)]
    return [(name, crowd.reading(i, 10**6, at_ms)) for i, name in enumerate(names)]


async def _load(scoring: Service, plan: Plan, say: Callable[[str], None]) -> dict[str, Any]:
    argv = [scoring.kafka, str(plan.million_sensors), str(plan.city_rate), str(plan.city_s)]
    source = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.city_source", *argv, stdout=asyncio.subprocess.PIPE
    )
    reading = asyncio.create_task(_last_line(source))
    began, samples = time.monotonic(), list[Sample]()
    used = cpu_s([scoring.pid()])
    try:
        while True:
            await asyncio.wait({reading}, timeout=SAMPLE_S)
            if reading.done():  # what comes now is the rest of the load, not the load
                break
            written = await ends(scoring.kafka, READINGS.name, READINGS.partitions)
            scored = sum(await scoring.scored())
            samples.append((time.monotonic() - began, scored, max(0, written - scored)))
            say(f"city {samples[-1][0]:.0f} s: {scored} scored, {samples[-1][2]} behind")
    finally:
        if source.returncode is None:
            source.terminate()
    sent = await reading
    used, counted = cpu_s([scoring.pid()]) - used, sum(await scoring.scored())
    if len(samples) < 2:
        raise RuntimeError("the city's load was too short to say anything")
    rising = slope(samples)
    return {
        "wanted_per_s": plan.city_rate,
        "source_per_s": sent["sent"] / sent["elapsed_s"],
        "readings_per_s": steady(samples),
        "cpu_us": used / max(1, counted) * 1e6,
        "sent": sent["sent"],
        "lag_slope_per_s": rising,
        "lag_grows": rising > GROWS * plan.city_rate,
        "samples": samples,
    }


async def _last_line(source: asyncio.subprocess.Process) -> dict[str, Any]:
    assert source.stdout
    last = b"{}"
    async for line in source.stdout:
        last = line
    results: dict[str, Any] = json.loads(last)
    if not results:
        raise RuntimeError("the city's source ended before it sent anything")
    return results
