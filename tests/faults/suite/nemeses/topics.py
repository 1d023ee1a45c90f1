"""A topic that is deleted and created anew while services use it, and an operator who goes on."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.commands.gaps import cli as gaps
from deploy.local import kafka
from deploy.local.topics import ensure_topics, planned_topics
from tests.faults.suite.collection import ends_of, line_of, read_to_ends
from tests.faults.suite.nemeses.nemesis import Scene, Strike
from tests.faults.suite.sampler import STATEFUL
from tests.faults.suite.tcp_proxy import Interference, interfering

EVENT_TOPICS = (
    "sensing.readings.v1", "incident.reports.v1", "alarm.events.v1", "alert.lifecycle.v1",
    "alert.decisions.v1", "command.requests.v1", "command.assignments.v1",
    "command.acknowledgements.v1", "duty.pages.v1",
)  # fmt: skip
TABLE_TOPICS = ("duty.roster.v1", "plan.definitions.v1")
_LOOK_S = 1.0
_QUIET_S = 12.0
"""A service looks at its logs every five seconds."""
_OPERATOR_S = 120.0
Unread = dict[str, int]
"""By `service|partition`: the first offset that the service has not handled."""


@dataclass(frozen=True)
class TopicRecreated:
    """A topic is deleted with all its records, and created anew; what a table needs is written
    again.
    """

    name: str
    topics: tuple[str, ...]

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a topic."""
        pause_s = round(chance.uniform(5.0, 10.0), 2)
        return Strike(self.name, pause_s, (chance.choice(self.topics),))

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Note what the topic holds, delete it, create it, then accept every gap."""
        [name] = strike.victims
        bootstrap = scene.stack.kafka_bootstrap
        [topic] = [
            topic
            for topic in planned_topics(kafka.replication(len(scene.stack.kafka_nodes)))
            if topic.name == name
        ]
        proxies = scene.stack.kafka_proxies.values()
        async with interfering(proxies, Interference(swallows=True), cut_at_end=True):
            # From here on no record is acknowledged, so the copy has all that ever were.
            ends, records = await _copy(bootstrap, name)
            deleted_at = time.time()
            await _delete(bootstrap, name)
            unread = await _stored_offsets(scene.stack.dsn(), name)
            await ensure_topics(bootstrap, [topic])
            if name in TABLE_TOPICS:
                await _write_again(bootstrap, name, records)
        unread |= await _accept_gaps(scene, name)
        for place, record in records:
            line = line_of(place, record)
            if line is not None:
                scene.deleted.write(**line)
        scene.recreations.write(
            at=deleted_at,
            topic=name,
            ends={str(place.partition): end for place, end in ends.items()},
            unread=unread,
        )


async def _delete(bootstrap: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([name])
        while name in await admin.list_topics():
            await asyncio.sleep(0.05)
    finally:
        await admin.close()


async def _copy(
    bootstrap: str, name: str
) -> tuple[dict[TopicPartition, int], list[tuple[TopicPartition, Any]]]:
    """Return the ends of a topic, and every record before them."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        await asyncio.sleep(_LOOK_S)
        ends = await ends_of(consumer, [name])
        return ends, [item async for item in read_to_ends(consumer, ends)]
    finally:
        await consumer.stop()


async def _write_again(
    bootstrap: str, name: str, records: Sequence[tuple[TopicPartition, Any]]
) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    try:
        for place, record in records:
            await producer.send(
                name,
                record.value,
                key=record.key,
                partition=place.partition,
                headers=list(record.headers),
            )
        await producer.flush()
    finally:
        await producer.stop()


async def _stored_offsets(dsn: str, name: str) -> Unread:
    connection = await asyncpg.connect(dsn)
    try:
        return {
            f"{service}|{row['part']}": row["next_offset"]
            for service in STATEFUL
            for row in await connection.fetch(
                f"SELECT part, next_offset FROM {service}.consumer_offset WHERE topic = $1", name
            )
        }
    finally:
        await connection.close()


async def _accept_gaps(scene: Scene, name: str) -> Unread:
    """Accept each gap by the command, as an operator does, until no service shows one.

    Returns the offset before which each service stands.
    """
    unread: Unread = {}
    urls = [scene.stack.url(process) for process in scene.stack.processes()]
    loop = asyncio.get_running_loop()
    gap_at, deadline = loop.time(), loop.time() + _OPERATOR_S
    while loop.time() < min(gap_at + _QUIET_S, deadline):
        await asyncio.sleep(_LOOK_S)
        present, _ = await asyncio.to_thread(gaps.gaps_of, urls)
        own = {gaps.place_of(gap): gap for gap in present if gap["topic"] == name}
        gap_at = loop.time() if own else gap_at
        for (service, _, part), gap in own.items():
            place = f"{service}|{part}"
            if place not in unread:
                unread[place] = gap["offset"]
                await asyncio.to_thread(gaps.main, _words(scene, service, name, part))
    return unread


def _words(scene: Scene, service: str, name: str, part: int) -> list[str]:
    """Return the words of `fenghuo gaps accept`."""
    words = ["accept", service, name, str(part), "--reason", "the topic was created anew"]
    addresses = scene.stack.urls(service)
    words += ["--officer", "flt-operator", "--kafka", scene.stack.kafka_bootstrap]
    return [*words, "--json", "--services", *addresses]
