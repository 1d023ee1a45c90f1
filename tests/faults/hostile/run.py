"""One run of hostile input: a fresh stack, all classes, quiet, every process anew, the account."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import asyncpg

from deploy.example.officers import officer_id
from deploy.example.units import CITY
from deploy.local import topic_bytes
from deploy.local.paths import REPO, temporary_root
from deploy.local.seed import logins
from shared.contracts.fields import Post
from shared.contracts.topics import READINGS, REPORTS, WARNINGS
from tests.faults.hostile import records, requests
from tests.faults.hostile.conservation import record_traces, unaccounted_records
from tests.faults.hostile.doors import Doors
from tests.faults.hostile.figures import HostileFigures
from tests.faults.hostile.forged_letters import forged_letters
from tests.faults.hostile.http_client import encoded, exchange
from tests.faults.hostile.kafka_writer import KafkaWriter
from tests.faults.hostile.records import HostileRecord
from tests.faults.hostile.schema_tests import schema_tests
from tests.faults.suite import system
from tests.faults.suite.history import LineFile
from tests.faults.suite.sampler import STATEFUL, Sampler
from tests.faults.suite.system import FaultStack

_SETTLE_S = 900.0
_READY_S = 180.0
_ALARM_S = 60.0
_VOLUME_GIB = "400"
_REAL_IDS = {
    "alr-1": "SELECT alert_id FROM alerting.alert LIMIT 50",
    "asg-1": "SELECT assignment_id FROM command.assignment LIMIT 50",
    "cmd-1": "SELECT command_id FROM command.command LIMIT 50",
    "pag-1": "SELECT page_id FROM notify.page LIMIT 50",
    "inc-1": "SELECT incident_id FROM command.report_incident LIMIT 50",
    "sil-1": "SELECT silence_id FROM alerting.silence LIMIT 50",
    "mop-1": "SELECT proposal_id FROM command.mode_proposal LIMIT 50",
}
"""Statements for ids that exist, by the id in the good requests."""


@dataclass(frozen=True)
class Sizes:
    """Numbers of inputs of each kind."""

    records: int
    flood: int
    ingest: int
    console: int
    frames: int

    @classmethod
    def of(cls, inputs: int) -> Sizes:
        """Return the parts of `inputs`: more than half are records."""
        return cls(*(inputs * share // 100 for share in (45, 10, 25, 17, 3)))

    def of_http(self) -> int:
        """Return the number of requests and frames."""
        return self.ingest + self.console + self.frames


@dataclass
class HostileRun:
    """A run and its figures."""

    seed: int
    sizes: Sizes
    schemathesis: bool = True
    figures: HostileFigures = field(default_factory=HostileFigures)
    seconds: float = 0.0
    peak_mb: dict[str, int] = field(default_factory=dict)
    """The most memory of each process, in megabytes."""

    async def play(self) -> None:
        """Start a stack, send everything, account for it. Raises StackError."""
        began = time.monotonic()
        # Topics of dead letters are bounded by the stated volume: all letters must still be there.
        os.environ[topic_bytes.VARIABLE] = _VOLUME_GIB
        root = temporary_root("hostile")
        samples = LineFile(root / "samples.jsonl")
        try:
            async with FaultStack(root, {}, replicas=1, brokers=1) as stack:
                sampler = Sampler(stack, samples)
                sampling = asyncio.create_task(sampler.work())
                try:
                    await self._send_all(stack, sampler)
                finally:
                    sampling.cancel()
                    await sampler.close()
                    self.figures.crashes = sampler.crashes
        finally:
            samples.close()
            self.peak_mb = _peaks(root / "samples.jsonl")
            _keep_logs(root)
            system.discard(root)
        self.seconds = round(time.monotonic() - began, 1)

    async def _send_all(self, stack: FaultStack, sampler: Sampler) -> None:
        chance = Random(self.seed)
        sensors = [sensor.sensor_id for sensor in system.own_sensors()]
        doors = Doors(stack, self.figures, self.seed)
        async with KafkaWriter(stack.kafka_bootstrap) as writer:
            self.figures.refused_by_broker = writer.refused
            with self._stage("records", self.sizes.records):
                hostile = itertools.chain(
                    records.records(chance, self.sizes.records), forged_letters(chance)
                )
                await writer.write(self._counted(hostile))
            with self._stage("a flood of garbage", self.sizes.flood):
                await writer.write(self._counted(records.flood(self.sizes.flood)))
            await self._raise_alarm(stack, sensors[0])
            with self._stage("requests and frames", self.sizes.of_http()):
                real_ids = await _real_ids(stack)
                async with asyncio.TaskGroup() as group:
                    group.create_task(doors.ask_ingest(self.sizes.ingest, sensors[2:]))
                    group.create_task(doors.ask_console(self.sizes.console, real_ids))
                    group.create_task(doors.send_frames(self.sizes.frames))
            if self.schemathesis:
                await self._test_schemas(stack)
            await writer.write(self._counted(records.last_records()))
            with self._stage("waiting until everything is read"):
                await self._settle(stack, sampler)
            with self._stage("every process anew"):
                await self._restart(stack, sensors[1])
            with self._stage("the account", len(writer.written)):
                topics = [topic.name for topic in (READINGS, REPORTS, WARNINGS)]
                traces = await record_traces(stack.kafka_bootstrap, stack.dsn(), topics)
                self.figures.unaccounted += unaccounted_records(writer.written, traces)
                self.figures.unaccounted += doors.unaccounted(traces)

    def _counted(self, hostile: Iterable[HostileRecord]) -> Iterator[HostileRecord]:
        for record in hostile:
            self.figures.inputs[record.input_class] += 1
            yield record

    @contextmanager
    def _stage(self, subject: str, number: int | None = None) -> Iterator[None]:
        print(f"  {time.strftime('%H:%M:%S')}  {subject} {number or ''}", flush=True)
        began = time.monotonic()
        yield
        self.figures.stages[subject] = round(time.monotonic() - began, 1)

    async def _test_schemas(self, stack: FaultStack) -> None:
        accounts = {login.officer_id: login for login in logins(stack.paths)}
        tokens = {
            "ingest": stack.source_token(),
            "console": accounts[officer_id(CITY, Post.B)].token,
        }
        with self._stage("schemathesis"):
            results = await asyncio.gather(
                *(
                    schema_tests(service, stack.url(service), token, self.seed, stack.paths.log)
                    for service, token in tokens.items()
                )
            )
        for service, (number, output) in zip(tokens, results, strict=True):
            self.figures.inputs[f"schemathesis:{service}"] = number
            if output:
                self.figures.schema_failures.append(f"{service}: {output}")

    async def _settle(self, stack: FaultStack, sampler: Sampler) -> None:
        deadline, sentence = time.monotonic() + _SETTLE_S, "no sample"
        last = sampler.taken_at
        while time.monotonic() < deadline:
            await asyncio.sleep(0.5)
            if sampler.taken_at == last:
                continue
            last = sampler.taken_at
            sentence = sampler.behind(set(STATEFUL)) or ""
            if not sentence:
                await stack.wait_ready(60)
                return
        self.figures.miss("all", "settling", sentence)

    async def _restart(self, stack: FaultStack, sensor: str) -> None:
        """Kill every process: each must read what the topics hold now, and work as before."""
        for name in stack.processes():
            before = stack.pid(name)
            await stack.kill(name)
            if not await stack.replaced(name, before):
                self.figures.miss("all", name, "was not started again")
        await stack.wait_ready(_READY_S)
        await self._raise_alarm(stack, sensor)

    async def _raise_alarm(self, stack: FaultStack, sensor: str) -> None:
        """Send good readings in danger until their alarm is in the console's table."""
        token = f"Bearer {stack.source_token()}"
        connection = await asyncpg.connect(stack.dsn())
        try:
            deadline = time.monotonic() + _ALARM_S
            while time.monotonic() < deadline:
                now = datetime.now(UTC)
                request = requests.good_reading(f"hst-good-{now.timestamp()}", sensor, 60.0, now)
                await exchange(stack.url("ingest"), [encoded(request, token)])
                await asyncio.sleep(1)
                query = "SELECT count(*) FROM console.alarm WHERE sensor_id = $1"
                if await connection.fetchval(query, sensor):
                    return
        finally:
            await connection.close()
        self.figures.miss("good", sensor, f"raised no alarm within {_ALARM_S:g} s")

    def is_green(self) -> bool:
        """Return True if nothing crashed, failed, or is unaccounted for."""
        return self.figures.is_green()

    def summary(self) -> dict[str, Any]:
        """Return the figures of the run."""
        return {
            **self.figures.summary(),
            "seeds": [self.seed],
            "seconds": self.seconds,
            "peak_mb": self.peak_mb,
        }


async def _real_ids(stack: FaultStack) -> dict[str, list[str]]:
    connection = await asyncpg.connect(stack.dsn())
    try:
        return {
            name: [row[0] for row in await connection.fetch(query)]
            for name, query in _REAL_IDS.items()
        }
    finally:
        await connection.close()


def _peaks(path: Path) -> dict[str, int]:
    peaks: dict[str, int] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            for name, (memory, *_) in json.loads(line).get("processes", {}).items():
                peaks[name] = max(peaks.get(name, 0), memory >> 20)
    return dict(sorted(peaks.items()))


def _keep_logs(root: Path) -> None:
    folder = REPO / "var" / "faults" / "hostile-logs"
    folder.mkdir(parents=True, exist_ok=True)
    for path in (root / "log").glob("*"):
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes()[-2_000_000:])
