"""The demo from start to end: stack, seed, play, settle, recount."""

import asyncio
import fcntl
import heapq
import json
import secrets
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from deploy.demo import (
    background,
    completion,
    expected_alarms,
    faults,
    memory_use,
    steady_readings,
    strands,
    unfinished,
)
from deploy.demo import recount as recount_module
from deploy.demo import timeline as timeline_module
from deploy.demo.accepted_log import Ledger
from deploy.demo.actors import all_actors
from deploy.demo.city_watch import CityWatch
from deploy.demo.console_client import ConsoleClient
from deploy.demo.officers import People
from deploy.demo.player import Player, Progress, ScheduledAct
from deploy.demo.recount import RecountInput
from deploy.demo.schedule import Schedule
from deploy.demo.screen import Screen
from deploy.demo.sensor_values import Moment
from deploy.demo.source import HttpSource, KafkaSource
from deploy.demo.webhook import Receiver
from deploy.local import seed as seed_module
from deploy.local.announcement import announced
from deploy.local.errors import StackError
from deploy.local.limits import DEMO
from deploy.local.paths import Paths
from deploy.local.seeded_stack import LOCAL, SeededStack
from deploy.local.stack import Phase
from deploy.local.start_limits import STILL_S, StallTimeout

SEED = 20200820
_MEMORY_EVERY_S = 4.0
_PLAYER = "replay"
"""The source that plays: its readings alone move the event clock, a visitor's do not."""
Guest = Callable[[SeededStack], Awaitable[None]]


@dataclass(frozen=True)
class Scale:
    """The size and the speed of the scenario."""

    name: str
    sensors: int
    rounds: int
    play_s: float
    copies: int
    """Copies of every kind of broken message."""
    least_readings: int


FULL = Scale("full", 20_000, 16, 80.0, 10, 300_000)
SMALL = Scale("small", 2_000, 8, 40.0, 2, 20_000)
SCALES = {scale.name: scale for scale in (FULL, SMALL)}


@dataclass
class Demo:
    """A run. `root`/demo gets summary.json, timeline.jsonl, ledger.jsonl and the stack itself.

    The stack begins empty each time, beside that of `make up`: a recount of everything can only be
    compared with a play when nothing else has been played there.
    """

    root: Path
    scale: Scale
    victims: tuple[str, ...]
    """Parts that break during the scenario."""
    screen: Screen
    progress: Progress = field(default_factory=Progress)
    phases: list[Phase] = field(default_factory=list)
    passed: bool | None = None
    """True when every check held; None before the recount."""
    memory_mib: float = 0.0
    cpu_s: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder = self.root / "demo"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ledger = Ledger(self.folder / "ledger.jsonl")
        self.actors, self.watch = all_actors(), CityWatch()
        self._people: People | None = None
        self._last_values: dict[str, Moment] = {}
        self._secret = "whsec_" + b64encode(secrets.token_bytes(24)).decode()
        self.receiver = Receiver(self._secret, self._ring)

    async def run(self, welcome: Guest, stay: Guest | None) -> bool:
        """Play the scenario; returns whether every check holds.

        `welcome` is called when the console is ready, `stay` keeps the stack open after the play.
        """
        async with AsyncExitStack() as leaving:
            leaving.enter_context(self.screen.never_silent())
            leaving.enter_context(self._alone())
            receiving = asyncio.create_task(self.receiver.serve())
            leaving.push_async_callback(_finished, receiving)
            leaving.callback(self.receiver.stop)
            await self.receiver.listening()
            stack = SeededStack(self.folder / "stack", env=self._env(), report=self._phase)
            stack.discard()
            self.screen.say(f"Starting Kafka, Postgres and the services ({self.folder})")
            self.screen.show_step("starting")
            leaving.callback(self.screen.show_step, "")
            stack.sources = (LOCAL, _PLAYER)
            stack.more_limits = (DEMO,)
            await leaving.enter_async_context(stack)
            self._show_seed(stack)
            leaving.callback(self.screen.show_step, "stopping the services, Kafka and Postgres")
            leaving.enter_context(announced(Paths(self.root), stack.paths))
            logins = {login.officer_id: login for login in seed_module.logins(stack.paths)}
            client = ConsoleClient(stack.endpoints.console_url, logins, self.ledger)
            leaving.push_async_callback(client.close)
            leaving.callback(self.ledger.close)
            self.screen.show_step("making sign-in links")
            await welcome(stack)
            self.passed = await self._play_and_recount(stack, client)
            self.screen.show_step("")
            if stay is not None:
                async with asyncio.TaskGroup() as group:
                    going_on = group.create_task(self._go_on(stack))
                    await stay(stack)
                    going_on.cancel()
        return self.passed

    async def _play_and_recount(self, stack: SeededStack, client: ConsoleClient) -> bool:
        began = time.monotonic()
        self.screen.show_step("preparing the readings")
        moments = await asyncio.to_thread(self._moments)
        self._last_values = steady_readings.last_values(moments, self.actors.falls_silent)
        people = self._people = People(client, self.watch, self.actors, SEED)
        async with asyncio.TaskGroup() as group:
            beside = [
                group.create_task(people.work()),
                group.create_task(self._watch_memory(stack)),
            ]
            moved = lambda: (self.watch.changes, client.accepted)  # noqa: E731
            broken = faults.Faults(stack, self.screen.say)
            schedule = await self._act(stack, people, moments, broken, moved)
            report = self.screen.moving
            unsettled = await completion.wait_until_quiet(
                stack.kafka_bootstrap,
                stack.dsn(),
                self.watch.settled,
                moved,
                STILL_S,
                lambda why: report(f"settling: {why or 'all read, all written'}"),
            )
            self.screen.clear()
            verdict = f"Not settled ({unsettled})" if unsettled else "Settled"
            self.screen.say(f"{verdict} after {time.monotonic() - began:.0f} s; counting again")
            self.screen.show_step("counting again")
            if unsettled is not None:
                unsettled = await unfinished.describe_unfinished(unsettled, self.watch, client)
            inputs = RecountInput(
                stack=stack,
                client=client,
                actors=self.actors,
                expected=expected_alarms.expected(moments),
                broken=dict(sorted(schedule.broken.items())),
                door=schedule.door,
                received=self.receiver.received,
                stays_open=frozenset(self.watch.stays_open),
                least_readings=self.scale.least_readings,
                memory_mib=self.memory_mib,
                unsettled=unsettled,
            )
            summary, log = await recount_module.recount(inputs, self.ledger)
            for task in beside:
                task.cancel()
        summary |= {
            "scale": self.scale.name,
            "faults": broken.summary(),
            "scenario_s": round(time.monotonic() - began, 1),
            "start_s": {phase.name: round(phase.seconds, 2) for phase in self.phases},
            "cpu_s": self.cpu_s,
            "unsettled": unsettled,
            "gates_timed_out": self.progress.late_gates,
            "acts": {
                "accepted": client.accepted,
                "repeated": client.retries,
                "refused": client.refused[:20],
            },
        }
        return self._publish(summary, timeline_module.lines(log))

    async def _act(
        self,
        stack: SeededStack,
        people: People,
        moments: list[Any],
        broken: faults.Faults,
        moved: Callable[[], object],
    ) -> Schedule:
        """Play the scenario with the requested faults."""
        http = self._source(stack)
        kafka = KafkaSource(stack.kafka_bootstrap, self.ledger)
        player = Player(
            http,
            kafka,
            play_s=self.scale.play_s + faults.SLOWER_S * max(0, len(self.victims) - 1),
            stall_timeout=lambda: StallTimeout(STILL_S, moved),
            progress=self.progress,
        )
        self.screen.say(f"Playing five days of August 2020: {len(moments):,} readings")
        side = [asyncio.create_task(self._show_progress())]
        schedule = Schedule(http, kafka, people, self.watch, self.progress, self.scale.copies)
        due = schedule.all(self.actors)
        due += [(faults.MOMENTS[part], partial(broken.strike, part)) for part in self.victims]
        try:
            await player.play(moments, strands.GATES, self.watch.passed, sorted(due, key=_when))
            await broken.over()
        finally:
            for task in side:
                task.cancel()
            await http.close()
            await kafka.close()
        self.screen.clear()
        return schedule

    async def _go_on(self, stack: SeededStack) -> None:
        """Send readings after the scenario, until cancelled."""
        http = self._source(stack)
        try:
            await steady_readings.go_on(http, steady_readings.readings(self._last_values, SEED))
        finally:
            await http.close()

    def _source(self, stack: SeededStack) -> HttpSource:
        token = stack.source_token(_PLAYER)
        return HttpSource(stack.endpoints.ingest_url, token, self.ledger)

    def _moments(self) -> list[Any]:
        moments = sorted(strands.readings(self.actors, SEED))
        quiet = background.readings(
            SEED, self.scale.sensors, self.scale.rounds, self.actors.sensors
        )
        return list(heapq.merge(moments, quiet))

    def _env(self) -> dict[str, dict[str, str]]:
        webhook = {
            "FENGHUO_WEBHOOK_URL": self.receiver.url,
            "FENGHUO_WEBHOOK_SECRET": self._secret,
        }
        return {
            "ingest": {
                "FENGHUO_EVENT_CLOCK": "readings",
                "FENGHUO_EVENT_CLOCK_SOURCE": _PLAYER,
            },
            "notify": {"FENGHUO_SLA_PROFILE": "demo", **webhook},
        }

    def _ring(self, page: dict[str, Any]) -> None:
        if self._people is not None:
            self._people.ring(page)

    def _phase(self, phase: Phase) -> None:
        self.phases.append(phase)
        self.screen.phase(phase)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One demo per folder: the next one removes what the last one left."""
        with (self.folder / "demo.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise StackError(f"a demo already runs in {self.folder}; end it first.") from None
            for name in ("summary.json", "timeline.jsonl", "ledger.jsonl"):
                (self.folder / name).unlink(missing_ok=True)
            yield

    def _show_seed(self, stack: SeededStack) -> None:
        seeded = stack.seeded
        self.screen.say(
            f"Seeded {seeded.units:,} units, {seeded.sensors:,} sensors, {seeded.rules} rules, "
            f"{seeded.plans} plans, {seeded.slots} duty posts, {seeded.accounts} accounts"
        )

    async def _show_progress(self) -> None:
        while True:
            self.screen.progress(self.progress)
            await asyncio.sleep(0.25)

    async def _watch_memory(self, stack: SeededStack) -> None:
        while True:
            ends = stack.endpoints
            pids = {service.name: service.pid for service in ends.services}
            pids |= {"kafka": ends.kafka_pids[0], "postgres": ends.postgres_pid}
            living = [pid for pid in pids.values() if pid]
            now = await asyncio.to_thread(memory_use.mebibytes, living)
            self.memory_mib = max(self.memory_mib, now)
            self.cpu_s = memory_use.cpu_seconds(pids)
            await asyncio.sleep(_MEMORY_EVERY_S)

    def _publish(self, summary: dict[str, Any], lines: list[dict[str, Any]]) -> bool:
        timeline_module.save(self.folder / "timeline.jsonl", lines)
        text = json.dumps(summary, ensure_ascii=False, indent=1)
        (self.folder / "summary.json").write_text(text + "\n", encoding="utf-8")
        self.screen.timeline(timeline_module.show(lines), 90)
        self.screen.verdict(summary, str(self.folder / "summary.json"))
        return all(summary["checks"].values())


def _when(act: ScheduledAct) -> datetime:
    return act[0]


async def _finished(task: asyncio.Task[None]) -> None:
    with suppress(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
