"""Kafka nodes are killed in turn and stay away: how long no reading of a partition is confirmed.

Each partition has a sender of its own with a lasting connection and one reading at a time. The gap
of a partition is the longest time between two confirmed readings after the kill; the same time
before the kill shows what the machine does by itself.
"""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.seeded_stack import SeededStack
from shared.contracts.topics import READINGS
from shared.runtime.outbound_records import partition_of

NODES = 3
_PAUSE_S = 0.02
_ANSWER_LIMIT_S = 60.0
Json = dict[str, Any]


async def broker_kill_row(
    folder: Path, sensors: Sequence[Json], before_s: float, after_s: float
) -> Json:
    """Return the gaps in seconds: own partitions of the node, all others, and before the kill.

    Raises StackError when the stack does not start.
    """
    stack = SeededStack(folder, services=("ingest", "console"), broker="kafka", brokers=NODES)
    try:
        await stack.up()
        return await _measure(stack, sensors, before_s, after_s)
    finally:
        await stack.down()
        stack.discard()


async def _measure(
    stack: SeededStack, sensors: Sequence[Json], before_s: float, after_s: float
) -> Json:
    url, token = stack.endpoints.ingest_url, stack.source_token()
    confirmed: dict[int, list[float]] = {part: [] for part in range(READINGS.partitions)}
    statuses: Counter[str] = Counter()
    stopped = asyncio.Event()
    async with httpx2.AsyncClient(
        base_url=url,
        headers={"authorization": f"Bearer {token}"},
        timeout=_ANSWER_LIMIT_S,
        trust_env=False,
    ) as client:

        async def sender(part: int, sensor: Json) -> None:
            while not stopped.is_set():
                reading = {
                    **sensor,
                    "id": f"k-{part}-{statuses.total()}",
                    "value": 1.0,
                    "occurred_at": datetime.now(UTC).isoformat(),
                }
                try:
                    answer = await client.post("/v1/readings", content=json.dumps(reading))
                except httpx2.HTTPError as error:
                    statuses[type(error).__name__] += 1
                else:
                    statuses[str(answer.status_code)] += 1
                    if answer.status_code == httpx2.codes.ACCEPTED:
                        confirmed[part].append(time.monotonic())
                await asyncio.sleep(_PAUSE_S)

        kills: list[Json] = []
        async with asyncio.TaskGroup() as senders:
            for part, sensor in _sensor_of_each_partition(sensors).items():
                senders.create_task(sender(part, sensor))
            await asyncio.sleep(2.0)  # the first requests open connections
            for node_id, node in enumerate(stack.kafka_nodes, start=1):
                began = time.monotonic()
                await asyncio.sleep(before_s)
                leaders = await _leaders(stack.kafka_bootstrap)
                killed = time.monotonic()
                await stack.kill(node, signal.SIGKILL)
                await stack.stop(node)  # it is dead already: the supervisor leaves it so
                await asyncio.sleep(after_s)
                own = {part for part, leader in leaders.items() if leader == node_id}
                kills.append(_gaps(node, own, confirmed, (began, killed, time.monotonic())))
                await stack.start(node)
                await stack.wait_kafka()
                await _leads(stack.kafka_bootstrap)
            stopped.set()
    return {
        "own_gap_s": max(kill["own_gap_s"] for kill in kills),
        "others_gap_s": max(kill["others_gap_s"] for kill in kills),
        "before_gap_s": max(kill["before_gap_s"] for kill in kills),
        "kills": kills,
        "answers": dict(statuses),
    }


def _gaps(
    node: str, own: set[int], confirmed: dict[int, list[float]], times: tuple[float, float, float]
) -> Json:
    began, killed, ended = times
    gaps = {part: round(_gap(moments, killed, ended), 3) for part, moments in confirmed.items()}
    before = max(_gap(moments, began, killed) for moments in confirmed.values())
    return {
        "node": node,
        "own_partitions": sorted(own),
        "own_gap_s": max((gaps[part] for part in own), default=0.0),
        "others_gap_s": max(gaps[part] for part in gaps.keys() - own),
        "before_gap_s": round(before, 3),
        "gaps_s": gaps,
    }


def _sensor_of_each_partition(sensors: Sequence[Json]) -> dict[int, Json]:
    results: dict[int, Json] = {}
    for sensor in sensors:
        part = partition_of(str(sensor["sensor_id"]).encode(), READINGS.partitions)
        results.setdefault(part, sensor)
    return results


async def _leaders(bootstrap: str) -> dict[int, int]:
    """Return the node id that leads each partition of the readings."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        [topic] = await admin.describe_topics([READINGS.name])
        return {entry["partition"]: entry["leader"] for entry in topic["partitions"]}
    finally:
        await admin.close()


async def _leads(bootstrap: str) -> None:
    """Return when every node leads partitions again, or after a minute."""
    with suppress(TimeoutError):
        async with asyncio.timeout(60):
            while len({*(await _leaders(bootstrap)).values()}) < NODES:
                await asyncio.sleep(1)


def _gap(times: Sequence[float], start: float, end: float) -> float:
    """Return the longest time without a confirmation between two moments."""
    edges = [start, *(moment for moment in times if start < moment < end), end]
    return max(later - earlier for earlier, later in pairwise(edges))
