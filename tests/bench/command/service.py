"""The command service as a process of its own on a real Kafka and Postgres, seen from outside."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Literal

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.local.paths import temporary_root
from deploy.local.stack import Stack
from shared.contracts.assignments import Acknowledgement, Step
from shared.contracts.commands import CommandRequest
from shared.contracts.fields import Level, Post, Tier
from shared.contracts.ids import acknowledgement_id, assignment_id
from shared.contracts.selections import Selection, Subtree
from shared.contracts.topics import ACKNOWLEDGEMENTS, ASSIGNMENTS, COMMAND_REQUESTS, TopicSpec
from shared.contracts.units import tier_of
from shared.runtime.outbound_records import encode
from tests.bench.command.units import CITY, city
from tests.bench.log import write, write_catalogue

NAME = "command"
EVENT_TIME = datetime(2026, 6, 18, 6, tzinfo=UTC)
_TIMEOUT_S = 60.0
_numbers = itertools.count(1)


class Service:
    """The running service, its topics and its database."""

    def __init__(self, stack: Stack, database: asyncpg.Connection) -> None:
        self._stack = stack
        self.database = database

    @property
    def kafka(self) -> str:
        """`host:port` of the broker."""
        return self._stack.kafka_bootstrap

    @property
    def dsn(self) -> str:
        """The superuser's address: the benchmark makes tables of its own for the floors."""
        return self._stack.dsn()

    async def stop(self) -> None:
        """Stop the service's process."""
        await self._stack.stop(NAME)

    async def start(self) -> None:
        """Start the service's process and wait until the service is ready."""
        await self._stack.start(NAME)
        await self._stack.wait_ready(120, [NAME])

    async def seed(self) -> None:
        """Write the generated city into the catalogue; the service reads the city at start."""
        await write_catalogue(self.kafka, city())

    async def issue(self, root: str) -> tuple[str, list[bytes], float]:
        """Command everyone below `root`: (command id, the assignment records, seconds).

        The clock runs from handing the request to a producer until the last assignment record is
        read from the topic. A record is published after the durable commit of its row.
        """
        command = f"cmd-bench-{next(_numbers)}"
        request = a_request(command, root)
        async with tail(self.kafka, ASSIGNMENTS) as records, producer(self.kafka) as out:
            began = time.perf_counter()
            await out.send_and_wait(COMMAND_REQUESTS.name, encode(request), key=command.encode())
            results: list[bytes] = []
            count = recipients(root)
            while len(results) < count:
                results += [record.value for record in await records.take(_TIMEOUT_S)]
            seconds = time.perf_counter() - began
        stored = await self.database.fetchval(
            "SELECT count(*) FROM command.assignment WHERE command_id = $1", command
        )
        if (stored, len(results)) != (count, count):
            raise RuntimeError(f"{stored} rows and {len(results)} records for {count} recipients")
        return command, results, seconds

    async def acknowledge(self, acts: Sequence[Acknowledgement]) -> float:
        """Measure the seconds per act from the first committed batch to the last assignment record.

        The acts are in Kafka before the service starts, for full speed; acts before the first look
        at the topic do not count.
        """
        await self.stop()
        records = ((act.command_id.encode(), encode(act)) for act in acts)
        await write(self.kafka, ACKNOWLEDGEMENTS.name, ACKNOWLEDGEMENTS.partitions, records)
        async with tail(self.kafka, ASSIGNMENTS) as assignments:
            starting = asyncio.create_task(self.start())
            count = len(await assignments.take(_TIMEOUT_S))
            began, first = time.perf_counter(), count
            while count < len(acts):
                count += len(await assignments.take(_TIMEOUT_S))
            seconds = time.perf_counter() - began
            await starting
        if count != len(acts) or first * 2 > count:
            raise RuntimeError(
                f"{count} records for {len(acts)} acts, {first} before the clock ran"
            )
        return seconds / (count - first)


class Tail:
    """The records written to a topic from now on."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def take(self, timeout_s: float) -> list[Any]:
        """Return the next records, never an empty list; raise TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while True:
                fetched = await self._consumer.getmany(timeout_ms=200)
                if fetched:
                    return [record for records in fetched.values() for record in records]


@asynccontextmanager
async def tail(bootstrap: str, spec: TopicSpec) -> AsyncIterator[Tail]:
    """Yield a reader at the present end of a topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(spec.name, number) for number in range(spec.partitions)]
        consumer.assign(partitions)
        for partition, end in (await consumer.end_offsets(partitions)).items():
            consumer.seek(partition, end)
        yield Tail(consumer)
    finally:
        await consumer.stop()


@asynccontextmanager
async def producer(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    """Yield a plain producer with acks from all replicas."""
    client = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=0)
    await client.start()
    try:
        yield client
    finally:
        await client.stop()


def recipients(root: str) -> int:
    """Count the recipients of the city's command to `root`: the subtree without the city."""
    return sum(_below(unit_entry.unit, root) for unit_entry in city()) - (root == CITY)


def _below(unit: str, root: str) -> bool:
    return root == CITY or unit.startswith(root.rstrip("0").ljust(6, "0"))


def a_request(
    command: str, root: str, verb: Literal["issue", "revoke"] = "issue"
) -> CommandRequest:
    """A free command of the city's duty officer to everyone below `root`, or its withdrawal."""
    return CommandRequest(
        id=f"{verb}-{command}",
        occurred_at=EVENT_TIME,
        sent_at=EVENT_TIME,
        origin_unit=CITY,
        tier=Tier.CITY,
        verb=verb,
        command_id=command,
        selection=Selection(include=(Subtree(of=root, tiers=tuple(Tier)),)),
        event_type="11A01",
        level=Level.RED,
        title="长江朱沱段水位超警：立即转移低洼地带人员",
        instruction="按预案转移低洼地带人员，清点到户，完成后回报人数；道路中断的先报告。",
        officer_id="officer-1",
        post=Post.B,
    )


def a_step(command: str, unit: str, step: Step, officer: str = "") -> Acknowledgement:
    """A step of the unit's own officer."""
    name = assignment_id(command, unit)
    officer_id = officer or f"officer-{unit.replace('/', '.')}"
    return Acknowledgement(
        id=acknowledgement_id(name, step, 1, officer_id),
        occurred_at=EVENT_TIME,
        sent_at=EVENT_TIME,
        origin_unit=unit,
        tier=tier_of(unit),
        assignment_id=name,
        command_id=command,
        unit=unit,
        step=step,
        officer_id=officer_id,
        officer_unit=unit,
        post=Post.B,
    )


@asynccontextmanager
async def service(readers: tuple[str, ...] = ()) -> AsyncIterator[Service]:
    """Run Kafka, Postgres, the service over the generated city, and `readers`; remove all."""
    stack = Stack(
        temporary_root("bench-command"),
        services=(NAME, *readers),
        broker="kafka",
        ready_timeout_s=120,
    )
    try:
        async with stack:
            database = await asyncpg.connect(stack.dsn())
            try:
                running = Service(stack, database)
                await running.stop()
                await running.seed()
                await running.start()
                yield running
            finally:
                await database.close()
    finally:
        stack.discard()
