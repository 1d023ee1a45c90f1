"""A round: a fresh stack under load and faults, then quiet, then its files, then the judgement."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

from deploy.example.sensors import GAS_LATENESS_S
from deploy.local import topic_bytes
from deploy.local.errors import StackError
from deploy.local.paths import temporary_root
from deploy.local.seed import logins
from shared.runtime.database import CLIENT_ERRORS
from tests.faults.suite import soak, system
from tests.faults.suite.carrier import Carrier
from tests.faults.suite.checker import judgement, memory
from tests.faults.suite.checker.evidence import load
from tests.faults.suite.checker.violation import Violation
from tests.faults.suite.collection import collect
from tests.faults.suite.history import History, LineFile
from tests.faults.suite.nemeses import schedule
from tests.faults.suite.nemeses.nemesis import Scene, Strike, touched
from tests.faults.suite.officers import Officers
from tests.faults.suite.requests import Door
from tests.faults.suite.sampler import Sampler
from tests.faults.suite.sensors import Gateway, report_incidents
from tests.faults.suite.system import FaultStack

_GATEWAYS = 4
_WARM_UP_S = 6.0
_SETTLE_S = 240.0
_QUIET_SAMPLES = 5
_SETTLING = {"alerting", "command", "duty", "catalog", "notify", "console", "audit"}
_RECOVERY_LIMIT_S = 120.0
_STRIKE_LIMIT_S = 180.0
_SOAK_VOLUME_GIB = "400"
"""The stated volume of a soak: its topics still have every record when they are copied."""


@dataclass(frozen=True)
class Options:
    """The size of a round."""

    seed: int
    minutes: float
    names: Sequence[str] = ()
    replicas: int = 2
    brokers: int = 3
    longest_s: float = inf
    """A strike that takes longer is shortened."""
    soak: bool = False
    """Strikes at second processes only, beside the bulk load."""
    every_s: float = 0.0
    """The strikes begin at least so many seconds apart."""


@dataclass
class Round:
    """One round and its figures; its files are in `folder`."""

    options: Options
    folder: Path
    strikes: Counter[str] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    _touched: list[set[str]] = field(default_factory=list)
    """The services that each strike concerns, in the order of the strikes."""
    _recovered: list[tuple[float, str, str]] = field(default_factory=list)
    """Seconds, process and time of the end of each measured recovery."""
    _measures: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> list[Violation]:
        """Play the round and judge it. Raises StackError when the stack does not start."""
        self.folder.mkdir(parents=True)
        began = time.monotonic()
        root = temporary_root("faults")
        try:
            facts = await self._play(root)
        finally:
            shutil.rmtree(self.folder / "logs", ignore_errors=True)
            shutil.copytree(root / "log", self.folder / "logs", dirs_exist_ok=True)
            system.discard(root)
        (self.folder / "run.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1))
        files = await asyncio.to_thread(load, self.folder)
        self.violations = await asyncio.to_thread(judgement.judge, files)
        self.summary = {
            **self.summary,
            **judgement.figures(self.violations),
            "own_exits": len(facts["crashes"]),
            "slowest_recoveries": sorted(self._recovered, reverse=True)[:5],
            "seconds": round(time.monotonic() - began, 1),
            "readings": len({line["key"] for line in files.accepted("reading")})
            + sum(line["count"] for line in files.accepted("bulk")),
            "memory_slope_mib_per_h": memory.slopes(files) if self.options.soak else {},
            "alarm_changes": len(files.records("alarm.events.v1")),
            "pages": len(files.records("duty.pages.v1")),
            "audit_findings": sum(row["resolved_at"] is None for row in files.rows("finding")),
        }
        return self.violations

    async def _play(self, root: Path) -> dict[str, Any]:
        seed = self.options.seed
        async with AsyncExitStack() as leaving:
            history = History(self.folder / "history.jsonl")
            carried = LineFile(self.folder / "carrier.jsonl")
            struck = LineFile(self.folder / "nemeses.jsonl")
            samples = LineFile(self.folder / "samples.jsonl")
            deleted = LineFile(self.folder / "deleted.jsonl")
            recreations = LineFile(self.folder / "recreations.jsonl")
            for file in (history, carried, struck, samples, deleted, recreations):
                leaving.callback(file.close)
            carrier = Carrier(carried, seed)
            serving = asyncio.create_task(carrier.serve())
            leaving.push_async_callback(_finished, serving)
            leaving.callback(carrier.stop)
            if self.options.soak:
                os.environ[topic_bytes.VARIABLE] = _SOAK_VOLUME_GIB
            stack = FaultStack(
                root,
                _environment(await carrier.url()),
                replicas=self.options.replicas,
                brokers=self.options.brokers,
                own_volumes=bool({*self.options.names} & {*schedule.OF_DISKS}),
                sensor_count=system.SENSORS + (soak.SENSORS if self.options.soak else 0),
            )
            await leaving.enter_async_context(stack)
            ingest = Door(stack.urls("ingest"), history, seed)
            console = Door(stack.urls("console"), history, seed + 1)
            for door in (ingest, console):
                leaving.push_async_callback(door.close)
            accounts = {login.officer_id: login for login in logins(stack.paths)}
            people = Officers(console, accounts, system.TOWNS, seed)
            carrier.on_page = people.ring
            gateways = _gateways(stack, ingest, seed)
            sampler = Sampler(stack, samples)
            leaving.push_async_callback(sampler.close)
            failure = ""
            async with asyncio.TaskGroup() as group:
                sampling = group.create_task(sampler.work())
                token = stack.source_token()
                bulk: list[soak.BulkSender] = []
                if self.options.soak:
                    bulk_sensors = system.own_sensors(system.SENSORS, soak.SENSORS)
                    bulk = soak.senders(bulk_sensors, ingest, token, seed)
                    for gateway in gateways:
                        gateway.interval_s = soak.INTERVAL_S
                work = [
                    people.work(),
                    report_incidents(ingest, token, system.villages(), seed),
                    *(gateway.work() for gateway in gateways),
                    *(sender.work() for sender in bulk),
                ]
                load_tasks = [group.create_task(item) for item in work]
                await asyncio.sleep(_WARM_UP_S)
                scene = Scene(
                    stack,
                    gateways,
                    lambda name, pid: self._measure(sampler, name, pid),
                    deleted,
                    recreations,
                )
                try:
                    await self._strike(scene, struck)
                except (StackError, OSError, *CLIENT_ERRORS) as error:
                    failure = f"{type(error).__name__}: {error}"
                for door in (ingest, console):
                    door.stopped.set()
                for task in load_tasks:
                    task.cancel()
                unsettled = failure or await _settled(stack, sampler)
                ended_at = time.time()
                with suppress(OSError):
                    await collect(stack.kafka_bootstrap, stack.dsn(), self.folder)
                for task in (sampling, *self._measures):
                    task.cancel()
            self.summary = {
                "seed": seed,
                "minutes": self.options.minutes,
                "kills": stack.kills,
                "pauses": stack.pauses,
                "strikes": dict(self.strikes),
                "failpoints": sorted(scene.points),
                "answers": {str(status): n for status, n in history.statuses.items()},
                "requests": {
                    f"{kind} {phase}": n for (kind, phase), n in sorted(history.counts.items())
                },
            }
            return {
                "seed": seed,
                "ended_at": ended_at,
                "unsettled": unsettled,
                "rule_id": system.RULE_ID,
                "rungs": system.rungs(),
                "lateness_s": GAS_LATENESS_S,
                "crashes": sampler.crashes,
            }

    async def _strike(self, scene: Scene, struck: LineFile) -> None:
        """Strike after strike until the time is over. Raises what a strike raises."""
        began, options = time.monotonic(), self.options
        end = began + 60 * options.minutes
        victims = scene.stack.processes()
        if options.soak:
            victims = soak.second_processes(victims)
        plan = schedule.strikes(options.seed, options.names, victims, options.longest_s)
        for number, strike in enumerate(plan):
            due_s = began + number * options.every_s - time.monotonic()
            await asyncio.sleep(max(strike.pause_s, due_s))
            if time.monotonic() > end:
                return
            await self._strike_once(strike, scene, struck)

    async def _strike_once(self, strike: Strike, scene: Scene, struck: LineFile) -> None:
        began_at = time.time()
        self._touched.append(set(touched(strike)))
        print(
            f"  {time.strftime('%H:%M:%S')}  {strike.nemesis:<20} {' '.join(strike.victims)}"
            f" {strike.seconds or ''}",
            flush=True,
        )
        self.strikes[strike.nemesis] += 1
        try:
            async with asyncio.timeout(_STRIKE_LIMIT_S + strike.seconds):
                await schedule.NEMESES[strike.nemesis].strike(strike, scene)
        finally:
            struck.write(
                **strike.as_json(),
                services=touched(strike),
                began_at=began_at,
                ended_at=time.time(),
            )

    def _measure(self, sampler: Sampler, name: str, pid: int) -> None:
        """Measure how long a killed process is away, unless another fault comes between."""

        async def measure() -> None:
            number = len(self._touched)
            seconds = await sampler.recovered(name, pid, _RECOVERY_LIMIT_S)
            later = set[str]().union(*self._touched[number:])
            if seconds is not None and not later & {system.STORES, name.partition("-")[0]}:
                self.recoveries.append(seconds)
                self._recovered.append((round(seconds, 1), name, time.strftime("%H:%M:%S")))

        task = asyncio.create_task(measure())
        self._measures.add(task)
        task.add_done_callback(self._measures.discard)


def _environment(carrier_url: str) -> dict[str, dict[str, str]]:
    secret = "whsec_" + b64encode(secrets.token_bytes(24)).decode()
    webhook = {"FENGHUO_WEBHOOK_URL": carrier_url, "FENGHUO_WEBHOOK_SECRET": secret}
    return {"notify": {"FENGHUO_SLA_PROFILE": "demo", **webhook}}


def _gateways(stack: FaultStack, door: Door, seed: int) -> list[Gateway]:
    sensors, token = system.own_sensors(), stack.source_token()
    return [
        Gateway(f"g{number}", sensors[number::_GATEWAYS], door, token, seed + number)
        for number in range(_GATEWAYS)
    ]


async def _settled(stack: FaultStack, sampler: Sampler) -> str:
    """Wait until all is ready and read; returns what is open after the limit, "" when nothing."""
    deadline, quiet, why = time.monotonic() + _SETTLE_S, 0, "no sample"
    try:
        await stack.wait_kafka(_SETTLE_S)
        await stack.wait_postgres(_SETTLE_S)
        await stack.wait_ready(_SETTLE_S)
    except StackError as error:
        return str(error)
    last = sampler.taken_at
    while time.monotonic() < deadline:
        await asyncio.sleep(0.2)
        if sampler.taken_at == last:
            continue
        last = sampler.taken_at
        # Ticks never end, so scoring is always a little behind; the readings are judged anyway.
        why = sampler.behind(_SETTLING) or ""
        if not why and sampler.overdue_timers:
            why = f"{sampler.overdue_timers} timers are overdue"
        if not why and sampler.waiting_rows:
            why = f"{sampler.waiting_rows} records are to be published"
        quiet = 0 if why else quiet + 1
        if quiet == _QUIET_SAMPLES:
            return ""
    return why


async def _finished(task: asyncio.Task[None]) -> None:
    with suppress(asyncio.CancelledError, TimeoutError):
        await asyncio.wait_for(task, 5)
