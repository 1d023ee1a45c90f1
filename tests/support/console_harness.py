"""The console that `build(settings)` makes, on a real Postgres and without a broker."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from deploy.example.departments import departments, groups
from deploy.example.units import all_units
from services.console.accounts import Account, import_accounts
from services.console.app import build
from services.console.core.names import UnitNames
from services.console.features.definitions.trials import TrialParts
from services.console.features.letters.letter_parts import LetterParts
from services.console.features.letters.letter_window import LetterExcerpt, LetterWindow
from services.console.features.sensors.charts import Point
from services.console.features.sensors.reading_log import ReadingWindow
from services.console.features.sensors.sensor_parts import SensorParts
from services.console.projector.registration import TOPICS
from services.console.settings import Settings
from services.console.stream.feed_reader import FeedReader
from services.console.stream.hub import Hub
from services.console.stream.watchdog import StreamWatchdog
from services.console.web.deps import ConsoleDeps
from shared.contracts.catalog import CatalogEntry, GroupEntry, SensorEntry, UnitEntry
from shared.contracts.fields import Post, Status
from shared.contracts.ids import content_id
from shared.contracts.refusals import Refusal
from shared.contracts.topics import REFUSALS
from shared.contracts.units import tier_of
from shared.domain.letters.history import LetterHistory
from shared.runtime.background_loops import background
from shared.runtime.clock import SystemClock
from shared.runtime.errors import Transient
from shared.runtime.http_server import lifespan_of
from shared.runtime.inbound_messages import InboundMessage
from shared.runtime.outbound_records import OutboundRecord
from shared.runtime.stateful_platform import StatefulPlatform
from shared.runtime.stream_connection import server_config
from tests.support.console_definitions import TrialStandIn
from tests.support.console_events import CITY, DISTRICT, NOW, SONGJI, VILLAGE, ZHUTUO
from tests.support.openapi import OpenApiDocument

OFFICERS = (
    ("o-city-b", "赵安", CITY, Post.B),
    ("o-city-a", "钱平", CITY, Post.A),
    ("o-district-b", "孙宁", DISTRICT, Post.B),
    ("o-town-b", "李远", ZHUTUO, Post.B),
    ("o-songji-b", "周明", SONGJI, Post.B),
    ("o-village-b", "吴德", VILLAGE, Post.B),
)

STARTED_AT = SystemClock().now()


def hours_ahead(hours: float) -> str:
    """Return a moment so many hours from now: the console judges periods by its own clock."""
    return (STARTED_AT + timedelta(hours=hours)).isoformat()


GAUGE = SensorEntry(
    sensor_id="gauge-zhutuo",
    sensor_kind="river_gauge",
    name="朱沱(三)",
    place=ZHUTUO,
    metric="water_level",
    unit="m",
    datum="吴淞",
    interval_s=300,
)


@dataclass
class KafkaStandIn:
    """Stands in for Kafka: collects the records, or fails while `down` is set."""

    sent: list[OutboundRecord] = field(default_factory=list)
    """All records but refusals."""
    refused: list[OutboundRecord] = field(default_factory=list)
    down: bool = False
    down_topics: set[str] = field(default_factory=set)

    async def send(self, records: Iterable[OutboundRecord]) -> None:
        if self.down:
            raise Transient("Kafka is down")
        for record in records:
            (self.refused if record.topic == REFUSALS.name else self.sent).append(record)

    async def send_apart(self, records: Sequence[OutboundRecord]) -> list[Exception | None]:
        errors: list[Exception | None] = [
            Transient("no leader") if self.down or record.topic in self.down_topics else None
            for record in records
        ]
        if not self.down:
            pairs = zip(records, errors, strict=True)
            await self.send(record for record, error in pairs if error is None)
        return errors


@dataclass
class ReadingStandIn:
    """Stands in for the topic of readings: points by sensor, the oldest first."""

    points: dict[str, list[Point]] = field(default_factory=dict)
    down: bool = False
    since: datetime | None = None
    """The start of the readings; with None the requested start."""

    async def look(
        self, sensor_id: str, metric: str, status: Status, since: datetime
    ) -> ReadingWindow:
        if self.down:
            raise Transient("Kafka is down")
        points = self.points.get(sensor_id, []) if (metric, status) == GAUGE_SERIES else []
        return ReadingWindow(
            [point for point in points if point[0] >= since.timestamp()], self.since or since
        )


@dataclass
class LetterStandIn:
    """Stands in for the topics of dead letters and of the acts on them."""

    letters: list[LetterExcerpt] = field(default_factory=list)
    history: LetterHistory = field(default_factory=LetterHistory)
    unread: int = 0
    down: bool = False

    async def look(self) -> LetterWindow:
        if self.down:
            raise Transient("Kafka is down")
        return LetterWindow(list(self.letters), self.history, self.unread)


GAUGE_SERIES = ("water_level", Status.ACTUAL)


@dataclass
class ConsoleHarness:
    """A running console without a broker, with stand-ins at its edges."""

    app: FastAPI
    platform: StatefulPlatform
    deps: ConsoleDeps
    kafka: KafkaStandIn
    projection_lag: dict[str, Any]
    """The lag that the console reports; a test may change it."""
    readings: ReadingStandIn
    letters: LetterStandIn
    trials: TrialStandIn

    def client(self, officer: str | None, address: str = "127.0.0.1") -> httpx2.AsyncClient:
        """Return a client at `address`, with the bearer token of an officer or without a token.

        Each response is compared with the OpenAPI document.
        """
        headers = {"authorization": f"Bearer {token_of(officer)}"} if officer else {}
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(
                self.app, raise_app_exceptions=False, client=(address, 123)
            ),
            base_url="http://console.test",
            headers=headers,
            event_hooks={"response": [self._compare]},
        )

    async def _compare(self, response: httpx2.Response) -> None:
        await response.aread()
        documented(self.app).check(response)

    def refused(self, later: timedelta = timedelta()) -> list[Refusal]:
        """Return the refusals that would be written now (or later), each once."""
        now = self.deps.clock.now() + later
        return list(self.deps.refusals.due(now, 1_000_000))

    async def project(self, messages: Sequence[Any]) -> None:
        """Project messages in batches of a thousand; other contracts are left out."""
        assert self.platform.apply is not None, "the projector is registered"
        for start in range(0, len(messages), 1_000):
            batch = [
                InboundMessage(message, topic, 0, 0, 0)
                for message in messages[start : start + 1_000]
                if (topic := _PROJECTED.get(type(message))) is not None
            ]
            async with self.deps.database.transaction() as work:
                await self.platform.apply(work, batch)


_PROJECTED = {spec.contract: spec.name for spec in TOPICS}
"""The topic of each contract that the console projects."""


_DOCUMENTS: list[OpenApiDocument] = []


def documented(app: FastAPI) -> OpenApiDocument:
    """Return the OpenAPI document of the console; made once, since it depends on no setting."""
    if not _DOCUMENTS:
        _DOCUMENTS.append(OpenApiDocument(app.openapi()))
    return _DOCUMENTS[0]


def token_of(officer: str) -> str:
    """Return the bearer token of an officer in tests."""
    return f"token-of-{officer}"


def settings_for(dsn: str, **settings: Any) -> Settings:
    """Return settings that reach Postgres and nothing else."""
    return Settings(
        kafka_bootstrap="127.0.0.1:1", http_port=1, database_url=SecretStr(dsn), **settings
    )


@cache
def _catalogue() -> tuple[CatalogEntry, ...]:
    """Return the entries, made once: nine thousand entries take 0.05 s."""
    entries: list[UnitEntry | GroupEntry | SensorEntry] = [
        *all_units(),
        *departments(),
        *groups(),
        GAUGE,
    ]
    return tuple(map(catalogued, entries))


def catalogued(entry: UnitEntry | GroupEntry | SensorEntry) -> CatalogEntry:
    """Return the record of a catalogue entry."""
    return CatalogEntry(
        id=content_id("cat", entry.model_dump_json()),
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit=DISTRICT,
        tier=tier_of(DISTRICT),
        entry=entry,
    )


def with_catalogue(names: UnitNames) -> UnitNames:
    """Add all units, departments and groups of Yongchuan, and the gauge of Zhutuo, to `names`."""
    for catalog_entry in _catalogue():
        names.apply(catalog_entry)
    return names


def console_harness(dsn: str, **settings: Any) -> ConsoleHarness:
    """Return what `build` makes over a database; its lifespan starts all but Kafka."""
    app = build(settings_for(dsn, **settings))
    platform: StatefulPlatform = app.state.platform
    built: ConsoleDeps = app.state.console
    kafka = KafkaStandIn()
    setattr(platform.publisher, "send", kafka.send)  # noqa: B010 - stands in for Kafka
    setattr(platform.publisher, "send_apart", kafka.send_apart)  # noqa: B010
    lag: dict[str, Any] = {"records": 0, "problems": {}}  # neither consumer nor Kafka are there
    with_catalogue(built.names)
    hub, rules, readings = built.part(Hub), built.part(SensorParts).rules, ReadingStandIn()
    letters, trials = LetterStandIn(), TrialStandIn()
    watchdog = StreamWatchdog(built.sessions, built.clock, lambda: lag, built.metrics.cut.inc)
    deps = replace(
        built,
        projection_lag=lambda: lag,
        parts={
            **built.parts,
            StreamWatchdog: watchdog,
            SensorParts: SensorParts(readings, rules),
            LetterParts: LetterParts(letters),
            TrialParts: TrialParts(trials),
        },
    )
    app.state.console = deps

    async def start(stack: AsyncExitStack) -> None:
        await deps.database.start()
        stack.push_async_callback(deps.database.stop)
        hub.begin(await FeedReader(deps.database).head())
        # Refusals are not written: see ConsoleHarness.refused.
        await stack.enter_async_context(
            background(
                ("feed", hub.run), ("watchdog", watchdog.run), ("recorder", deps.recorder.run)
            )
        )

    app.router.lifespan_context = lifespan_of(start)
    return ConsoleHarness(app, platform, deps, kafka, lag, readings, letters, trials)


@asynccontextmanager
async def running_console(dsn: str, **settings: Any) -> AsyncIterator[ConsoleHarness]:
    """Run a console with the officers above; it shares no overview."""
    await import_accounts(dsn, accounts())
    result = console_harness(dsn, **{"overview_share_s": 0, **settings})
    async with result.app.router.lifespan_context(result.app):
        yield result
        await asyncio.sleep(0)


def accounts() -> list[Account]:
    """Return the accounts of the officers above, with the hashes of their tokens."""
    return [
        Account(
            officer_id=officer,
            name=name,
            unit=unit,
            post=post,
            token_sha256=hashlib.sha256(token_of(officer).encode()).hexdigest(),
        )
        for officer, name, unit, post in OFFICERS
    ]


@dataclass
class ServedConsole:
    """A console behind a real HTTP server."""

    url: str
    console: ConsoleHarness


@asynccontextmanager
async def served_console(dsn: str, port: int = 0) -> AsyncIterator[ServedConsole]:
    """Serve a console with the officers above at a free port, or at `port`."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        await import_accounts(dsn, accounts())
        result = console_harness(dsn)
        server = uvicorn.Server(
            server_config(result.app, log_config=None, timeout_graceful_shutdown=1)
        )
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield ServedConsole(f"http://127.0.0.1:{listener.getsockname()[1]}", result)
        finally:
            server.should_exit = True
            await running
