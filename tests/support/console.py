"""The console's web part on a real Postgres, without a broker: what people do is recorded here."""

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
from services.console.core.names import Names
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
from shared.runtime.clock import SystemClock
from shared.runtime.errors import Transient
from shared.runtime.inbox import Incoming
from shared.runtime.publisher import Outgoing
from shared.runtime.shell import background, lifespan_of
from shared.runtime.stateful import StatefulPlatform
from shared.runtime.wire import server_config
from tests.support.console_scene import CITY, DISTRICT, NOW, SONGJI, VILLAGE, ZHUTUO
from tests.support.openapi import OpenApiDocument

PEOPLE = (
    ("o-city-b", "赵安", CITY, Post.B),
    ("o-city-a", "钱平", CITY, Post.A),
    ("o-district-b", "孙宁", DISTRICT, Post.B),
    ("o-town-b", "李远", ZHUTUO, Post.B),
    ("o-songji-b", "周明", SONGJI, Post.B),
    ("o-village-b", "吴德", VILLAGE, Post.B),
)

BEGAN = SystemClock().now()


def ahead(hours: float) -> str:
    """A moment that the console takes for so far ahead: it judges periods by its own clock."""
    return (BEGAN + timedelta(hours=hours)).isoformat()


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
class Recorder:
    """Stands where Kafka is: keeps what was sent, or fails as long as `down` is set."""

    sent: list[Outgoing] = field(default_factory=list)
    """All but refusals."""
    refused: list[Outgoing] = field(default_factory=list)
    down: bool = False

    async def send(self, records: Iterable[Outgoing]) -> None:
        if self.down:
            raise Transient("Kafka is down")
        for record in records:
            (self.refused if record.topic == REFUSALS.name else self.sent).append(record)


@dataclass
class Sensed:
    """Stands where the topic of readings is: points by sensor, oldest first."""

    points: dict[str, list[Point]] = field(default_factory=dict)
    down: bool = False
    since: datetime | None = None
    """From when on it looks; None = from when it was asked to."""

    async def look(
        self, sensor_id: str, metric: str, status: Status, since: datetime
    ) -> ReadingWindow:
        if self.down:
            raise Transient("Kafka is down")
        known = self.points.get(sensor_id, []) if (metric, status) == GAUGED else []
        return ReadingWindow(
            [one for one in known if one[0] >= since.timestamp()], self.since or since
        )


GAUGED = ("water_level", Status.ACTUAL)


@dataclass
class Bench:
    """A running console without a broker."""

    app: FastAPI
    platform: StatefulPlatform
    console: ConsoleDeps
    recorder: Recorder
    behind: dict[str, Any]
    """What the console says about its lag; a test may change it."""
    sensed: Sensed

    def client(self, officer: str | None, address: str = "127.0.0.1") -> httpx2.AsyncClient:
        """Return a client with the bearer token of an officer, or without any.

        `address` is the address from which its requests come.
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
        """What would now (or later) be written of refused acts, once."""
        now = self.console.clock.now() + later
        acts = self.console.refusals.due(now, 1_000_000)
        return [act.message for act in acts if isinstance(act.message, Refusal)]

    async def project(self, messages: Sequence[Any]) -> None:
        """Messages as the projector would apply them, in batches of a thousand."""
        assert self.platform.apply is not None, "the projector is registered"
        for start in range(0, len(messages), 1_000):
            batch = [
                Incoming(message, topic, 0, 0, 0)
                for message in messages[start : start + 1_000]
                if (topic := _PROJECTED.get(type(message))) is not None
            ]
            async with self.console.database.transaction() as work:
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
    """An officer's bearer token in tests."""
    return f"token-of-{officer}"


def settings_for(dsn: str, **more: Any) -> Settings:
    """Settings that reach Postgres and nothing else."""
    return Settings(kafka_bootstrap="127.0.0.1:1", http_port=1, database_url=SecretStr(dsn), **more)


@cache
def _catalogue() -> tuple[CatalogEntry, ...]:
    """Made once: nine thousand entries for every console anew are 0.05 s each time."""
    entries: list[UnitEntry | GroupEntry | SensorEntry] = [
        *all_units(),
        *departments(),
        *groups(),
        GAUGE,
    ]
    return tuple(
        CatalogEntry(
            id=content_id("cat", entry.model_dump_json()),
            occurred_at=NOW,
            sent_at=NOW,
            origin_unit=DISTRICT,
            tier=tier_of(DISTRICT),
            entry=entry,
        )
        for entry in entries
    )


def catalogued(names: Names) -> Names:
    """`names` with every unit, department and group of Yongchuan, and the gauge of Zhutuo."""
    for catalog_entry in _catalogue():
        names.take(catalog_entry)
    return names


def prepared(dsn: str, **more: Any) -> Bench:
    """The application that `build` makes, over a database; its lifespan starts all but Kafka."""
    app = build(settings_for(dsn, **more))
    platform: StatefulPlatform = app.state.platform
    built: ConsoleDeps = app.state.console
    recorder = Recorder()
    setattr(platform.publisher, "send", recorder.send)  # noqa: B010 - stands in for Kafka
    behind: dict[str, Any] = {"records": 0, "problems": {}}  # neither consumer nor Kafka are there
    catalogued(built.names)
    hub, rules, sensed = built.part(Hub), built.part(SensorParts).rules, Sensed()
    watchdog = StreamWatchdog(built.sessions, built.clock, lambda: behind, built.metrics.cut.inc)
    console = replace(
        built,
        projection_lag=lambda: behind,
        parts={**built.parts, StreamWatchdog: watchdog, SensorParts: SensorParts(sensed, rules)},
    )
    app.state.console = console

    async def start(stack: AsyncExitStack) -> None:
        await console.database.start()
        stack.push_async_callback(console.database.stop)
        hub.begin(await FeedReader(console.database).head())
        # Refusals are not written: see Bench.refused.
        await stack.enter_async_context(background(hub.run, watchdog.run, console.recorder.run))

    app.router.lifespan_context = lifespan_of(start)
    return Bench(app, platform, console, recorder, behind, sensed)


@asynccontextmanager
async def bench(dsn: str, **more: Any) -> AsyncIterator[Bench]:
    """A running console with the people above; what it shows is as of now."""
    await import_accounts(dsn, accounts())
    result = prepared(dsn, **{"overview_share_s": 0, **more})
    async with result.app.router.lifespan_context(result.app):
        yield result
        await asyncio.sleep(0)


def accounts() -> list[Account]:
    """The people above with their tokens' hashes."""
    return [
        Account(
            officer_id=officer,
            name=name,
            unit=unit,
            post=post,
            token_sha256=hashlib.sha256(token_of(officer).encode()).hexdigest(),
        )
        for officer, name, unit, post in PEOPLE
    ]


@dataclass
class Served:
    """A console behind a real server."""

    url: str
    bench: Bench


@asynccontextmanager
async def serving(dsn: str, port: int = 0) -> AsyncIterator[Served]:
    """A console with the people above on a port of its own (or `port`)."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        await import_accounts(dsn, accounts())
        result = prepared(dsn)
        server = uvicorn.Server(
            server_config(result.app, log_config=None, timeout_graceful_shutdown=1)
        )
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}", result)
        finally:
            server.should_exit = True
            await running
