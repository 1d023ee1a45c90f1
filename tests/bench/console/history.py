"""Row `history`: thirty days of any sensor, over HTTP, and what writing the history takes."""

from __future__ import annotations

import asyncio
import random
import time
from statistics import quantiles
from typing import Any

import asyncpg
import httpx2

from deploy.example.sensors import all_sensors
from services.console.features.sensors.history_points import ROW_S, SLOT_S, series_of
from services.console.web.sessions import COOKIE
from shared.contracts.catalog import SensorEntry
from tests.bench.console.plan import Plan, Say
from tests.bench.console.screens import Screens, screens
from tests.bench.log import write_catalogue

_ROWS_PER_SENSOR = 30 * 86_400 // ROW_S
_LOOKS = 300
_FILL = """
INSERT INTO console.sensor_history (sensor_id, status, series, begin_at, points, written_at)
SELECT sensor_id, 'Actual', series, begin_at, points, now()
FROM unnest($1::text[], $2::text[]) AS sensor (sensor_id, series)
CROSS JOIN LATERAL (
    SELECT begin_at, array_agg(number ORDER BY at, part) AS points
    FROM generate_series(1, $3::int) AS n
    CROSS JOIN LATERAL (SELECT to_timestamp(
        floor(extract(epoch FROM now()) / $4::int) * $4::int - n * $4::int) AS begin_at) AS row
    CROSS JOIN LATERAL generate_series(0, $4::int - 1, $5::int) AS slot
    CROSS JOIN LATERAL (VALUES (60), (420)) AS turn (second)
    CROSS JOIN LATERAL (SELECT extract(epoch FROM begin_at)::float8 + slot + second AS at) AS moment
    CROSS JOIN LATERAL (VALUES (0, at), (1, 200 + 10 * sin(at / 86400))) AS pair (part, number)
    GROUP BY begin_at
) AS rows
"""
"""Rows of six hours with two points in each slot: as many as a row can hold."""


async def history(plan: Plan, say: Say) -> dict[str, Any]:
    """Milliseconds of a look at thirty days, each of another sensor; p50, p99 and the slowest."""
    sensors = [sensor for sensor in all_sensors() if sensor.place.startswith("500118")]
    sensors = sensors[: plan.history_sensors]
    async with screens(("console",)) as running:
        (token, *_) = await running.officers(1)
        await write_catalogue(running.kafka, sensors)
        await running.restart()
        began = time.monotonic()
        await _fill(running, sensors)
        rows = len(sensors) * _ROWS_PER_SENSOR
        say(f"{rows:,} rows of {len(sensors):,} sensors in {time.monotonic() - began:.0f} s")
        times, wrong = await _look(running, token, sensors)
    return {
        "p50_ms": quantiles(times, n=100)[49],
        "p99_ms": quantiles(times, n=100)[98],
        "slowest_ms": max(times),
        "looks": len(times),
        "sensors": len(sensors),
        "rows": rows,
        "wrong": wrong,
    }


async def _fill(running: Screens, sensors: list[SensorEntry]) -> None:
    connection = await asyncpg.connect(running.dsn)
    try:
        for first in range(0, len(sensors), 100):
            part = sensors[first : first + 100]
            await connection.execute(
                _FILL,
                [sensor.sensor_id for sensor in part],
                [series_of(sensor.metric, sensor.unit, sensor.datum) for sensor in part],
                *(_ROWS_PER_SENSOR, ROW_S, SLOT_S),
            )
        await connection.execute("VACUUM ANALYZE console.sensor_history")
    finally:
        await connection.close()


async def _look(
    running: Screens, token: str, sensors: list[SensorEntry]
) -> tuple[list[float], str]:
    times: list[float] = []
    wrong = ""
    sample = random.Random(16).sample(sensors, min(_LOOKS, len(sensors)))
    async with httpx2.AsyncClient(
        base_url=running.url, cookies={COOKIE: token}, timeout=30, trust_env=False
    ) as client:
        for sensor in sample:
            began = time.perf_counter()
            answer = await client.get(f"/api/sensors/{sensor.sensor_id}/readings?hours=720")
            times.append((time.perf_counter() - began) * 1_000)
            view = answer.json()
            if answer.status_code != 200 or len(view["points"]) < 400 > view["readings"]:
                wrong = f"{sensor.sensor_id}: {answer.status_code}, {answer.text[:200]}"
            await asyncio.sleep(0)
    return times, wrong
