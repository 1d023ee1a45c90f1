"""Samples of the running system: stored offsets, ends of topics, memory, open files, crashes."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import asyncpg
import httpx2
import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.files import last_lines
from shared.runtime.bounded_waits import stop_client, wait_within
from shared.runtime.database import CLIENT_ERRORS
from tests.faults.suite.history import LineFile
from tests.faults.suite.system import FaultStack

STATEFUL = ("alerting", "command", "duty", "catalog", "notify", "console", "audit")
READINGS = "sensing.readings.v1"
_SCORING_GROUP = "fenghuo-scoring"
_LIMIT_S = 20.0
"""Long enough for new clients on a loaded machine: a sampler that gives up sees nothing at all."""
Offsets = dict[str, int]


class Sampler:
    """Looks at the system every second, through clients of its own."""

    def __init__(self, stack: FaultStack, log: LineFile) -> None:
        self._stack, self._log = stack, log
        self.stored: Offsets = {}
        """By `service|topic:partition`."""
        self.ends: Offsets = {}
        """By `topic:partition`."""
        self._ends_before: Offsets = {}
        self.taken_at = 0.0
        self.waiting_rows = 0
        """Rows of outboxes that have waited for three seconds."""
        self.overdue_timers = 0
        self.crashes: list[dict[str, Any]] = []
        self._starts = dict.fromkeys(stack.processes(), 1)
        self._consumer: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None

    async def work(self) -> None:
        """Sample until cancelled."""
        while True:
            began = time.monotonic()
            self._note_crashes()
            try:
                await wait_within(_LIMIT_S, self.take())
            except (KafkaError, OSError, *CLIENT_ERRORS) as error:
                self._log.write(failure=f"{type(error).__name__}: {error}")
                await self._drop()
            await asyncio.sleep(max(0.2, 1.0 - (time.monotonic() - began)))

    async def take(self) -> None:
        """Take one sample. Raises what Kafka's and Postgres' clients raise."""
        stored = await self._stored_offsets()
        stored |= await self._scoring_offsets()
        places = sorted({name.partition("|")[2] for name in stored})
        self._ends_before, self.ends = self.ends, await self._ends(places)
        self.stored, self.taken_at = stored, time.monotonic()
        self._log.write(stored=stored, ends=self.ends, processes=self._processes())

    def behind(self, services: set[str] | None = None) -> str | None:
        """Return a sentence about unread records before the ends of the sample before.

        Watches and heartbeats never end, so a record may be unread that came since then.
        """
        for name, offset in self.stored.items():
            service, _, place = name.partition("|")
            if services is not None and service not in services:
                continue
            if self._ends_before.get(place, 0) > offset:
                return f"{service} is {self._ends_before[place] - offset} records behind in {place}"
        return None

    async def recovered(self, process: str, before: int | None, limit_s: float) -> float | None:
        """Return the seconds until a killed process is ready and its service has caught up.

        None when the process was ended once more meanwhile, or after `limit_s`.
        """
        began = time.monotonic()
        service = process.partition("-")[0]
        if not await self._stack.replaced(process, before, limit_s):
            return None
        after = self._stack.pid(process)
        async with httpx2.AsyncClient(timeout=2.0, trust_env=False) as client:
            while not await _is_ready(client, self._stack.url(process)):
                if time.monotonic() - began > limit_s or self._stack.pid(process) != after:
                    return None
                await asyncio.sleep(0.05)
        ready_at, targets = time.monotonic(), dict(self.ends)
        while time.monotonic() - began < limit_s:
            own = [name for name in self.stored if name.partition("|")[0] == service]
            moved = all(self.stored[name] >= targets.get(name.partition("|")[2], 0) for name in own)
            if moved and (self.taken_at > ready_at or not own):
                return (self.taken_at if own else ready_at) - began
            await asyncio.sleep(0.05)
        return None

    async def close(self) -> None:
        """Close the clients."""
        await self._drop()

    def _note_crashes(self) -> None:
        """Note each process that ended though nobody ended it."""
        for name in self._stack.processes():
            ends = self._stack.supervisor.starts(name) - self._starts[name]
            own = ends - self._stack.ended_on_purpose[name]
            if own > 0:
                self._starts[name] += own
                log = self._stack.log(name)
                last = (last_lines(log) or ["it logged nothing"])[-1][:300]
                self.crashes.append({"process": name, "at": time.time(), "log": last})

    async def _stored_offsets(self) -> Offsets:
        connection = await asyncpg.connect(self._stack.dsn(), timeout=3)
        try:
            results: Offsets = {}
            waiting = overdue = 0
            for service in STATEFUL:
                rows = await connection.fetch(
                    f"SELECT topic, part, next_offset FROM {service}.consumer_offset"
                )
                for row in rows:
                    results[f"{service}|{row['topic']}:{row['part']}"] = row["next_offset"]
                waiting += await connection.fetchval(
                    f"SELECT count(*) FROM {service}.outbox "
                    "WHERE quarantined_at IS NULL AND created_at < now() - interval '3 seconds'"
                )
                overdue += await connection.fetchval(
                    f"SELECT count(*) FROM {service}.timer WHERE state = 'armed' "
                    "AND due_at < now() - interval '3 seconds'"
                )
            self.waiting_rows, self.overdue_timers = waiting, overdue
            return results
        finally:
            connection.terminate()

    async def _scoring_offsets(self) -> Offsets:
        if self._admin is None:
            admin = AIOKafkaAdminClient(
                bootstrap_servers=self._stack.kafka_bootstrap, request_timeout_ms=5_000
            )
            await admin.start()
            self._admin = admin
        result = await self._admin.list_consumer_group_offsets(_SCORING_GROUP)
        return {
            f"scoring|{tp.topic}:{tp.partition}": meta.offset
            for tp, meta in result.items()
            if tp.topic == READINGS
        }

    async def _ends(self, places: list[str]) -> Offsets:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._stack.kafka_bootstrap, request_timeout_ms=5_000
            )
            await consumer.start()
            self._consumer = consumer
        partitions = [
            TopicPartition(topic, int(part))
            for topic, _, part in (place.rpartition(":") for place in places)
        ]
        self._consumer.assign(partitions)
        ends = await self._consumer.end_offsets(partitions)
        return {f"{tp.topic}:{tp.partition}": end for tp, end in ends.items()}

    def _processes(self) -> dict[str, tuple[int, int, int]]:
        """Return memory in bytes, open files and process id of each process."""
        results = {}
        for name in self._stack.processes():
            pid = self._stack.pid(name)
            try:
                process = psutil.Process(pid) if pid else None
                if process is not None:
                    memory = process.memory_info().rss
                    results[name] = (memory, process.num_fds(), process.pid)
            except psutil.Error:
                continue
        return results

    async def _drop(self) -> None:
        consumer, self._consumer = self._consumer, None
        admin, self._admin = self._admin, None
        for client in (consumer, admin):
            if client is not None:
                await stop_client(client)


async def _is_ready(client: httpx2.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/readyz")).status_code == httpx2.codes.OK
    except httpx2.HTTPError:
        return False
