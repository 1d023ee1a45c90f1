"""Kafka nodes are killed in turn and stay away: how long no reading of a partition is confirmed.

Each partition has a sender of its own with a lasting connection and one reading at a time. The gap
of a partition is the longest time between two confirmed readings after the kill; the same time
before the kill shows what the machine does by itself. Beside each sender a bare producer writes to
the same partition: its gap is the floor. With acks=all no leader confirms anything before the
controller has taken the dead node out of the replicas in sync, so partitions of others have a gap
of that length, too, wherever the dead node has a copy.
"""

from __future__ import annotations

import asyncio
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
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.local.seeded_stack import SeededStack
from shared.contracts.topics import READINGS
from shared.runtime.outbound_records import partition_of

NODES = 3
_PAUSE_S = 0.02
_ANSWER_LIMIT_S = 60.0
Json = dict[str, Any]
Moments = dict[int, list[float]]
"""By partition: when a reading was confirmed, monotonic seconds."""


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
    confirmed: Moments = {part: [] for part in range(READINGS.partitions)}
    written: Moments = {part: [] for part in confirmed}
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
                    answer = await client.post("/v1/readings", json=reading)
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
                senders.create_task(_produce(stack.kafka_bootstrap, part, written[part], stopped))
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
                times = (began, killed, time.monotonic())
                kills.append(
                    {
                        "node": node,
                        "own_partitions": sorted(own),
                        **_gaps("", own, confirmed, times),
                        **_gaps("floor_", own, written, times),
                    }
                )
                await stack.start(node)
                await stack.wait_kafka()
                await _leads(stack.kafka_bootstrap)
            stopped.set()
    names = [name for name in kills[0] if name.endswith("_gap_s")]
    return {
        **{name: max(kill[name] for kill in kills) for name in names},
        "kills": kills,
        "answers": dict(statuses),
    }


async def _produce(bootstrap: str, part: int, times: list[float], stopped: asyncio.Event) -> None:
    """Write to one partition with a producer of its own, a record at a time."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", request_timeout_ms=5_000)
    await producer.start()
    try:
        while not stopped.is_set():
            with suppress(KafkaError):
                await producer.send_and_wait(READINGS.name, b"{}", partition=part)
                times.append(time.monotonic())
            await asyncio.sleep(_PAUSE_S)
    finally:
        await producer.stop()


def _gaps(
    prefix: str, own: set[int], confirmed: Moments, times: tuple[float, float, float]
) -> Json:
    began, killed, ended = times
    gaps = {part: round(_gap(moments, killed, ended), 3) for part, moments in confirmed.items()}
    before = max(_gap(moments, began, killed) for moments in confirmed.values())
    return {
        f"{prefix}own_gap_s": max((gaps[part] for part in own), default=0.0),
        f"{prefix}others_gap_s": max(gaps[part] for part in gaps.keys() - own),
        f"{prefix}before_gap_s": round(before, 3),
        f"{prefix}gaps_s": gaps,
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
