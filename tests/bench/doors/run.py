"""The part `doors`: readings per second over HTTP, one table, var/bench/doors.json."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from rich.console import Console

from deploy.example.sensors import all_sensors
from deploy.local.jars import KAFKA_VERSION
from deploy.local.paths import temporary_root
from deploy.local.seeded_stack import SeededStack
from deploy.local.services import SERVICES
from tests.bench import machine, report
from tests.bench.doors.broker_kill import broker_kill_row
from tests.bench.doors.clients import Door, send
from tests.bench.doors.kept_connections import keep_alive_row
from tests.bench.environments import FOLDER
from tests.bench.keys import Key, Path, judged

FILE = FOLDER / "doors.json"
SIZES: Mapping[str, tuple[int, int]] = {
    "single": (1, 1),
    "batch_100": (1, 100),
    "batch_500x16": (16, 500),
}
"""Senders and readings a request of each row of readings."""
KEEP_ALIVE = "keep_alive"
BROKER_KILL = "broker_kill"
ROWS = (KEEP_ALIVE, *SIZES, BROKER_KILL)
SENSORS = 2_000
KEYS = (
    Key("http_keep_alive_p50_ms", "any service, a kept connection, p50 ms", KEEP_ALIVE, at_most=2),
    Key("http_single_p50_ms", "a reading, one connection, p50 ms", "single"),
    Key("http_single_p99_ms", "the same, p99 ms", "single"),
    Key("http_batch_100_p50_ms", "100 readings, one connection, p50 ms", "batch_100"),
    Key("http_batch_per_s", "readings/s, 16 connections with 500 each", "batch_500x16"),
    Key("http_batch_refused", "answers other than 202 of that", "batch_500x16"),
    Key("kill_own_gap_s", "a Kafka node dies: its partitions, s", BROKER_KILL, at_most=6),
    Key("kill_own_floor_s", "the same for a bare producer, s", BROKER_KILL),
    Key("kill_others_gap_s", "a node dies: partitions of others, s", BROKER_KILL),
    Key("kill_others_floor_s", "the same for a bare producer, s", BROKER_KILL),
    Key("kill_before_gap_s", "the longest gap before, s", BROKER_KILL),
)
PATHS: dict[str, Path] = {
    "http_keep_alive_p50_ms": (KEEP_ALIVE, "worst_p50_ms"),
    "http_single_p50_ms": ("single", "p50_ms"),
    "http_single_p99_ms": ("single", "p99_ms"),
    "http_batch_100_p50_ms": ("batch_100", "p50_ms"),
    "http_batch_per_s": ("batch_500x16", "per_s"),
    "http_batch_refused": ("batch_500x16", "refused"),
    "kill_own_gap_s": (BROKER_KILL, "own_gap_s"),
    "kill_own_floor_s": (BROKER_KILL, "floor_own_gap_s"),
    "kill_others_gap_s": (BROKER_KILL, "others_gap_s"),
    "kill_others_floor_s": (BROKER_KILL, "floor_others_gap_s"),
    "kill_before_gap_s": (BROKER_KILL, "before_gap_s"),
}


async def measure(rows: tuple[str, ...], *, quick: bool) -> dict[str, Any]:
    """Start a stack of the seed per kind of row; send; stop. Raises StackError."""
    began = time.monotonic()
    facts = {**machine.facts(), "quick": quick, "broker": f"apache-kafka {KAFKA_VERSION}"}
    measured: dict[str, Mapping[str, Any]] = {}
    if KEEP_ALIVE in rows:
        async with _stack(SERVICES) as stack:
            urls = {service: stack.url(service) for service in SERVICES}
            measured[KEEP_ALIVE] = await keep_alive_row(urls, 100 if quick else 2_000)
    if BROKER_KILL in rows:
        seconds = (2.0, 12.0) if quick else (5.0, 20.0)
        measured[BROKER_KILL] = await broker_kill_row(temporary_root("doors"), _sensors(), *seconds)
    if sizes := [name for name in rows if name in SIZES]:
        async with _stack(("ingest", "console")) as stack:
            door = Door(stack.endpoints.ingest_url, stack.source_token(), _sensors())
            await send(door, 1, 100, 1.0 if quick else 5.0)  # the first requests warm it up
            for name in sizes:
                senders, readings = SIZES[name]
                measured[name] = await _row(door, senders, readings, 2.0 if quick else 15.0)
    facts["seconds"] = round(time.monotonic() - began)
    return {**facts, "keys": judged(KEYS, PATHS, measured, {}, quick=quick), "rows": measured}


@asynccontextmanager
async def _stack(services: Sequence[str]) -> AsyncIterator[SeededStack]:
    """Run a stack of the example with these services. Raises StackError."""
    stack = SeededStack(temporary_root("doors"), services=services)
    try:
        await stack.up()
        yield stack
    finally:
        await stack.down()
        stack.discard()


async def _row(door: Door, senders: int, readings: int, seconds: float) -> dict[str, Any]:
    answers = await send(door, senders, readings, seconds)
    ordered = sorted(answers.seconds)
    accepted = answers.statuses[202]
    return {
        "senders": senders,
        "readings": readings,
        "p50_ms": round(1000 * ordered[len(ordered) // 2], 2),
        "p99_ms": round(1000 * ordered[len(ordered) * 99 // 100], 2),
        "per_s": round(accepted * readings / answers.span_s),
        "accepted": accepted,
        "refused": sum(answers.statuses.values()) - accepted,
    }


def _sensors() -> list[dict[str, object]]:
    return [
        {
            "sensor_id": sensor.sensor_id,
            "metric": sensor.metric,
            "unit": sensor.unit,
            **({"datum": sensor.datum} if sensor.datum else {}),
        }
        for sensor in list(all_sensors())[:SENSORS]
    ]


def main(rows: tuple[str, ...], *, quick: bool) -> int:
    """Measure, print and save; returns 0 also for missed aims: the benchmark does not judge."""
    console = Console(width=None if Console().is_terminal else 160)
    result = asyncio.run(measure(rows, quick=quick))
    report.save(FILE, result)
    console.print(report.keys_table("doors", result))
    console.print(f"written to {FILE.relative_to(FOLDER.parent.parent)}")
    return 0
