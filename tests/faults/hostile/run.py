"""One run of hostile input: a fresh stack, all classes, quiet, then the account."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from deploy.example.officers import officer_id
from deploy.example.units import CITY
from deploy.local import topic_bytes
from deploy.local.paths import REPO, temporary_root
from deploy.local.seed import logins
from shared.contracts.fields import Post
from shared.contracts.topics import READINGS, REPORTS, WARNINGS
from tests.faults.hostile import framing, records, requests
from tests.faults.hostile.conservation import (
    RecordTraces,
    UnaccountedInput,
    record_traces,
    unaccounted_records,
)
from tests.faults.hostile.console_requests import console_requests
from tests.faults.hostile.http_client import HttpAnswer, encoded, exchange
from tests.faults.hostile.kafka_writer import KafkaWriter
from tests.faults.hostile.requests import HostileRequest
from tests.faults.suite import system
from tests.faults.suite.history import LineFile
from tests.faults.suite.sampler import STATEFUL, Sampler
from tests.faults.suite.system import FaultStack

_AT_ONCE = 24
_FRAMES_AT_ONCE = 120
"""A frame without an end is closed after ten seconds."""
_SETTLE_S = 900.0
_SCHEMA_TESTS_S = 240
"""The seconds that the tests of one OpenAPI document may take."""
_VOLUME_GIB = "400"
_MOST_LISTED = 40
_CASES = re.compile(r"(\d+) generated")


@dataclass(frozen=True)
class Sizes:
    """Numbers of inputs of each kind."""

    records: int
    ingest: int
    console: int
    frames: int

    @classmethod
    def of(cls, inputs: int) -> Sizes:
        """Return the parts of `inputs`: more than half are records."""
        return cls(inputs * 55 // 100, inputs * 25 // 100, inputs * 17 // 100, inputs * 3 // 100)


@dataclass
class HostileRun:
    """A run and its figures."""

    seed: int
    sizes: Sizes
    schemathesis: bool = True
    inputs: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    server_errors: list[str] = field(default_factory=list)
    unaccounted: list[UnaccountedInput] = field(default_factory=list)
    refused_by_broker: Counter[str] = field(default_factory=Counter)
    crashes: list[dict[str, Any]] = field(default_factory=list)
    schema_failures: list[str] = field(default_factory=list)
    accepted_ids: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0

    def is_green(self) -> bool:
        """Return True if nothing crashed, failed, or is unaccounted for."""
        return not (self.crashes or self.server_errors or self.unaccounted or self.schema_failures)

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
                    self.crashes = sampler.crashes
        finally:
            samples.close()
            self._keep_logs(root)
            system.discard(root)
        self.seconds = round(time.monotonic() - began, 1)

    async def _send_all(self, stack: FaultStack, sampler: Sampler) -> None:
        chance = Random(self.seed)
        async with KafkaWriter(stack.kafka_bootstrap) as writer:
            hostile_records = list(records.records(chance, self.sizes.records))
            self.inputs.update(record.input_class for record in hostile_records)
            _report("records", len(hostile_records))
            await writer.write(hostile_records)
            self.refused_by_broker = writer.refused
            await self._ask_ingest(stack, chance)
            await self._ask_console(stack, chance)
            await self._send_frames(stack, chance)
            if self.schemathesis:
                await self._run_schemathesis(stack)
            last = list(records.last_records())
            self.inputs.update(record.input_class for record in last)
            await writer.write(last)
            await self._settle(stack, sampler)
            topics = [topic.name for topic in (READINGS, REPORTS, WARNINGS)]
            traces = await record_traces(stack.kafka_bootstrap, stack.dsn(), topics)
            self.unaccounted += unaccounted_records(writer.written, traces)
            self.unaccounted += self._unaccounted_requests(traces)

    async def _ask_ingest(self, stack: FaultStack, chance: Random) -> None:
        _report("requests to ingest", self.sizes.ingest)
        sensors = [sensor.sensor_id for sensor in system.own_sensors()]
        village = system.villages()[0]
        bases = (
            request
            for number in itertools.count()
            for request in requests.ingest_requests(number, sensors, village)
        )
        hostile = itertools.chain(
            requests.xml_requests(chance), _hostile_requests("ingest", chance, bases)
        )
        token = f"Bearer {stack.source_token()}"
        await self._ask(
            stack.url("ingest"), token, itertools.islice(hostile, self.sizes.ingest), self._accepted
        )

    async def _ask_console(self, stack: FaultStack, chance: Random) -> None:
        _report("requests to the console", self.sizes.console)
        accounts = {login.officer_id: login for login in logins(stack.paths)}
        officer = accounts[officer_id(CITY, Post.B)]
        bases = itertools.cycle(console_requests())
        hostile = _hostile_requests("console", chance, bases)
        await self._ask(
            stack.url("console"),
            f"Bearer {officer.token}",
            itertools.islice(hostile, self.sizes.console),
        )

    async def _ask(
        self,
        url: str,
        authorization: str,
        hostile: Iterable[HostileRequest],
        accepted: Callable[[HostileRequest, HttpAnswer], None] | None = None,
    ) -> None:
        remaining = iter(hostile)

        async def ask() -> None:
            for request in remaining:
                answer = await exchange(url, encoded(request, authorization))
                self._count(request.input_class, f"{request.method} {request.path[:100]}", answer)
                if answer.status <= 0:
                    self.unaccounted.append(
                        UnaccountedInput(request.input_class, request.path[:200], "no answer")
                    )
                if accepted is not None and answer.status == 202:
                    accepted(request, answer)

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(ask())

    def _count(self, input_class: str, subject: str, answer: HttpAnswer) -> None:
        self.inputs[input_class] += 1
        self.answers[answer.status] += 1
        # 503 says that the system cannot take anything now; the sender tries again.
        if answer.status >= 500 and answer.status != 503:
            text = answer.body[:200].decode(errors="replace")
            self.server_errors.append(f"{input_class} {subject}: {answer.status} {text}")

    def _accepted(self, request: HostileRequest, answer: HttpAnswer) -> None:
        """Remember the ids that an accepted request has in the log."""
        document = answer.document() or {}
        path = request.path.partition("?")[0].rstrip("/")
        ids = [str(document.get("id", ""))]
        if prefix := document.get("id_prefix"):
            ids = [f"{prefix}{reading['id']}" for reading in json.loads(request.body)["readings"]]
        self.accepted_ids.setdefault(path, []).extend(ids)

    def _unaccounted_requests(self, traces: RecordTraces) -> Iterator[UnaccountedInput]:
        """Yield accepted records that are not in the log."""
        topics = {
            "/v1/readings": READINGS.name,
            "/v1/readings/batch": READINGS.name,
            "/v1/reports": REPORTS.name,
            "/v1/warnings": WARNINGS.name,
        }
        for path, identifiers in self.accepted_ids.items():
            ids = set(traces.ids.get(topics[path], []))
            for identifier in identifiers:
                if identifier not in ids:
                    yield UnaccountedInput(path, identifier, "answered 202, and not in the log")

    async def _send_frames(self, stack: FaultStack, chance: Random) -> None:
        _report("frames", self.sizes.frames)
        urls = [stack.url(name) for name in ("ingest", "console", "alerting")]
        remaining = iter(list(framing.frames(chance, self.sizes.frames)))
        turn = itertools.cycle(urls)

        async def send() -> None:
            for input_class, data in remaining:
                answer = await exchange(next(turn), data)
                self._count(input_class, "frame", answer)
                if answer.status < 0:
                    detail = "the connection stayed open without an answer"
                    self.unaccounted.append(UnaccountedInput(input_class, repr(data[:60]), detail))

        async with asyncio.TaskGroup() as group:
            for _ in range(_FRAMES_AT_ONCE):
                group.create_task(send())

    async def _run_schemathesis(self, stack: FaultStack) -> None:
        accounts = {login.officer_id: login for login in logins(stack.paths)}
        tokens = {
            "ingest": stack.source_token(),
            "console": accounts[officer_id(CITY, Post.B)].token,
        }
        for service, token in tokens.items():
            _report(f"schemathesis over {service}")
            process = await asyncio.create_subprocess_exec(
                *_schemathesis(service, stack.url(service), token, self.seed),
                cwd=stack.paths.log,  # schemathesis leaves a cache
                env={**os.environ, "PYTHONPATH": str(REPO)},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            output = (await process.communicate())[0].decode(errors="replace")
            count = _CASES.search(output)
            self.inputs[f"schemathesis:{service}"] = int(count.group(1)) if count else 0
            if process.returncode != 0 or not count:
                self.schema_failures.append(f"{service}: {output[-6_000:]}")

    async def _settle(self, stack: FaultStack, sampler: Sampler) -> None:
        _report("waiting until everything is read")
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
        self.unaccounted.append(UnaccountedInput("all", "settling", sentence))

    def _keep_logs(self, root: Path) -> None:
        folder = REPO / "var" / "faults" / "hostile-logs"
        folder.mkdir(parents=True, exist_ok=True)
        for path in (root / "log").glob("*"):
            if path.is_file():
                (folder / path.name).write_bytes(path.read_bytes()[-2_000_000:])

    def summary(self) -> dict[str, Any]:
        """Return the figures of the run."""
        return {
            "hostile_inputs": sum(self.inputs.values()),
            "hostile_classes": len(self.inputs),
            "hostile_unaccounted": len(self.unaccounted),
            "crashes": len(self.crashes),
            "http_5xx": len(self.server_errors),
            "seeds": [self.seed],
            "seconds": self.seconds,
            "answers": {str(status): number for status, number in sorted(self.answers.items())},
            "refused_by_broker": dict(self.refused_by_broker),
            "inputs": dict(sorted(self.inputs.items())),
            "unaccounted": [str(item) for item in self.unaccounted[:_MOST_LISTED]],
            "unaccounted_by_class": dict(
                Counter(f"{item.input_class} {item.detail}" for item in self.unaccounted)
            ),
            "server_errors": self.server_errors[:_MOST_LISTED],
            "schema_failures": self.schema_failures,
            "crashed": self.crashes[:_MOST_LISTED],
            "load": {"cpus": os.cpu_count(), "average": [round(x, 2) for x in os.getloadavg()]},
        }


def _hostile_requests(
    door: str, chance: Random, bases: Iterator[HostileRequest]
) -> Iterator[HostileRequest]:
    """Yield hostile forms of the good requests, every class in turn."""
    names = [name.partition(":")[2] for name in requests.classes(door)]
    while True:
        chance.shuffle(names)
        for name in names:
            yield requests.hostile(door, name, chance, next(bases))


def _schemathesis(service: str, url: str, token: str, seed: int) -> list[str]:
    return [
        sys.executable, "-m", "schemathesis.cli", "run",
        str(REPO / "tests" / "contract" / "openapi" / f"{service}.json"),
        "--url", url,
        "--header", f"Authorization: Bearer {token}",
        "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,"
        "response_schema_conformance",
        "--exclude-path-regex", "^/api/(events|logout)",
        "--max-examples", "40",
        "--max-time", str(_SCHEMA_TESTS_S),
        "--workers", "2",
        "--no-shrink",
        "--continue-on-failure",
        "--phases", "examples,coverage,fuzzing",
        "--seed", str(seed),
        "--generation-database", "none",
        "--no-color",
    ]  # fmt: skip


def _report(subject: str, number: int | None = None) -> None:
    print(f"  {time.strftime('%H:%M:%S')}  {subject} {number or ''}", flush=True)
