"""The scoring service as a process of its own, measured from outside: metrics, topics, CPU."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx2
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.endpoints import process_name
from deploy.local.paths import temporary_root
from deploy.local.stack import Stack
from deploy.local.topics import dead_letter_topic, new_topic
from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import ALARMS, CATALOG, READINGS, RULES, SCORING_STATE, SENSOR_HEALTH
from tests.bench.figures import Run, between
from tests.bench.log import recreate, write
from tests.bench.ruleset import Record, rule_records
from tests.bench.sampling import Mark, Peak, cpu_s, now

NAME = "scoring"
_REPEATS = {"replayed", "duplicate"}
"""Outcomes of readings that were counted before."""
_GROUP_GONE_S = 30.0
PEER_PREFIX = "bench-"
"""How the consumer groups of peers begin: nobody waits for them."""
_BUSY = "fenghuo_scoring_busy_seconds_total"


class Service:
    """Up to `replicas` scoring processes on a real Kafka."""

    def __init__(self, stack: Stack, replicas: int) -> None:
        self._stack = stack
        self._names = [process_name(NAME, slot) for slot in range(replicas)]
        self._client = httpx2.AsyncClient(timeout=10, trust_env=False)

    @property
    def kafka(self) -> str:
        """`host:port` of the broker."""
        return self._stack.kafka_bootstrap

    def pid(self, slot: int = 0) -> int:
        """Return the process id; raises RuntimeError while the process is down."""
        pid = self._stack.pid(self._names[slot])
        if pid is None:
            raise RuntimeError(f"{self._names[slot]} does not run: {self.complaint(slot)}")
        return pid

    def complaint(self, slot: int = 0) -> str:
        """Return the cause of a process's end."""
        return self._stack.supervisor.complaint(self._names[slot])

    def log_text(self, slot: int = 0) -> str:
        """Return the log of a process."""
        return self._stack.log(self._names[slot]).read_text(encoding="utf-8", errors="replace")

    async def close(self) -> None:
        """End the metrics client."""
        await self._client.aclose()

    async def seed(self, catalog: Iterable[Record], rules: Iterable[RuleDefinition]) -> None:
        """Write catalogue and rules; the service reads them when it starts."""
        await write(self.kafka, CATALOG.name, CATALOG.partitions, catalog)
        await write(self.kafka, RULES.name, RULES.partitions, rule_records(rules))

    async def stop(self) -> None:
        """Stop all processes."""
        for name in self._names:
            await self._stack.stop(name)

    async def start(self, processes: int = 1, ready_s: float = 120.0) -> None:
        """Start so many processes and wait until they are ready."""
        await asyncio.gather(*(self._stack.start(name) for name in self._names[:processes]))
        if ready_s:
            await self._stack.wait_ready(ready_s, self._names[:processes])

    async def kill(self) -> None:
        """Send kill -9; the supervisor starts the process again at once."""
        await self._stack.kill(self._names[0])

    async def ready(self, timeout_s: float) -> None:
        """Wait until the first process is ready."""
        await self._stack.wait_ready(timeout_s, self._names[:1])

    async def forget(self) -> None:
        """Remove all state and results: the backlog is new again. Processes must be down."""
        await self.wait_for_departure()
        await self._forget_results()

    async def share(self, processes: int, timeout_s: float = 120.0) -> None:
        """Let `processes` processes divide the partitions, then stop them and remove their results.

        The processes are static members: a process that starts within its session has its
        partitions at once. Otherwise the first process would score most of the backlog before the
        second process has joined.
        """
        await self.start(processes, ready_s=0)
        deadline = time.monotonic() + timeout_s
        pids = [self.pid(slot) for slot in range(processes)]
        while not all(await self.scored(processes)):
            self._check(deadline, pids)
            await asyncio.sleep(0.05)
        await self.stop()
        await self._forget_results()

    async def _forget_results(self) -> None:
        topics = [new_topic(spec) for spec in (SCORING_STATE, ALARMS, SENSOR_HEALTH)]
        await recreate(self.kafka, [*topics, dead_letter_topic(READINGS)])

    async def wait_for_departure(self) -> None:
        """Wait for the end of a static member's session, 10 s after the end of its process."""
        deadline = time.monotonic() + _GROUP_GONE_S
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            while await _all_members(admin):
                if time.monotonic() > deadline:
                    raise TimeoutError("the consumer group of scoring does not empty")
                await asyncio.sleep(0.5)
        finally:
            await admin.close()

    async def count_evictions(self, evicted: list[str]) -> None:
        """Add each member id that leaves the group, until cancelled."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        present = set[str]()
        try:
            while True:
                members = await _all_members(admin)
                evicted.extend(present - members)
                present = members
                await asyncio.sleep(0.5)
        finally:
            await admin.close()

    async def series(self, name: str, slot: int = 0) -> dict[str, float]:
        """Return a metric's values by label text ("" without labels); empty without a process."""
        try:
            text = (await self._client.get(f"{self._stack.url(self._names[slot])}/metrics")).text
        except httpx2.HTTPError:
            return {}
        results = {}
        for line in text.splitlines():
            if line.startswith((f"{name}{{", f"{name} ")):
                label, value = line.removeprefix(name).rsplit(" ", 1)
                results[label] = float(value)
        return results

    async def scored(self, processes: int = 1) -> list[int]:
        """Return the number of handled readings per process."""
        counted = []
        for slot in range(processes):
            series = await self.series("fenghuo_scoring_readings_total", slot)
            counted.append(
                int(sum(v for label, v in series.items() if not _REPEATS & {*label.split('"')}))
            )
        return counted

    async def measure(self, count: int, processes: int = 1, timeout_s: float = 900.0) -> Run:
        """Start on a complete backlog of `count` readings and measure the time to its end.

        The metrics are asked for seldom in the middle and often near the end: asking costs time.
        """
        await self.start(processes, ready_s=0)
        deadline = time.monotonic() + timeout_s
        pids = [self.pid(slot) for slot in range(processes)]
        with Peak(pids) as peak:
            while not all(await self.scored(processes)):
                self._check(deadline, pids)
                await asyncio.sleep(0.01)
            first = await self._mark(pids)
            last = first
            while last.count < count:
                self._check(deadline, pids)
                await asyncio.sleep(_pause(first, last, count))
                last = await self._mark(pids)
        result = between(first, last, peak.mib)
        return replace(result, stages_us=await self._stages(processes))

    async def _stages(self, processes: int) -> dict[str, float]:
        """Return microseconds per reading by stage, over all handled readings."""
        busy: dict[str, float] = {}
        for slot in range(processes):
            for label, seconds in (await self.series(_BUSY, slot)).items():
                stage = label.split('"')[1]
                busy[stage] = busy.get(stage, 0.0) + seconds
        readings = max(1, sum(await self.scored(processes)))
        return {stage: seconds / readings * 1e6 for stage, seconds in busy.items()}

    async def settle(self, quiet_s: float = 2.5) -> None:
        """Wait for the last flush and commit."""
        await asyncio.sleep(quiet_s)

    async def _mark(self, pids: Sequence[int]) -> Mark:
        readings = sum(await self.scored(len(pids)))
        return Mark(readings, now(), cpu_s(pids))

    def _check(self, deadline: float, pids: Sequence[int]) -> None:
        if time.monotonic() > deadline:
            raise RuntimeError("the backlog is not done in time")
        if pids != [self.pid(slot) for slot in range(len(pids))]:
            raise RuntimeError(f"the service died during the measurement: {self.complaint()}")


def _pause(first: Mark, last: Mark, count: int) -> float:
    """Return half of the probably remaining time, 10 ms to half a second."""
    took, readings = last.at_s - first.at_s, last.count - first.count
    remaining_s = (count - last.count) * took / readings if readings else 0.02
    return min(max(remaining_s / 2, 0.01), 0.5)


async def _groups(admin: AIOKafkaAdminClient) -> list[str]:
    names = [str(group) for group, _ in await admin.list_consumer_groups()]
    return [name for name in names if not name.startswith(PEER_PREFIX)]


async def _all_members(admin: AIOKafkaAdminClient) -> set[str]:
    """Return the member ids of all groups of ours."""
    results = set[str]()
    for group in await _groups(admin):
        (response,) = await admin.describe_consumer_groups([group])
        results |= {member[0] for described in response.groups for member in described[5]}
    return results


@asynccontextmanager
async def service(
    replicas: int = 1,
    env: dict[str, str] | None = None,
    purpose: str = "bench",
    beside: dict[str, dict[str, str]] | None = None,
) -> AsyncIterator[Service]:
    """Yield Kafka, stopped scoring processes, and other running services with their settings.

    Everything is removed afterwards.

    Raises StackError when Apache Kafka cannot be had: a stand-in distorts figures by factors.
    """
    stack = Stack(
        temporary_root(purpose),
        services=(NAME, *(beside or {})),
        env={NAME: env or {}, **(beside or {})},
        replicas={NAME: replicas},
        broker="kafka",
        ready_timeout_s=120,
    )
    try:
        async with stack:
            running = Service(stack, replicas)
            try:
                await running.stop()
                yield running
            finally:
                await running.close()
    finally:
        stack.discard()
