"""Wiring of the console: settings in, ASGI application out."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.routing import Route

from services.console.consumer import BATCH, CONSUMES, project
from services.console.core.charts import Rules
from services.console.core.directory import Directory
from services.console.core.names import Names
from services.console.core.refusals import Refusals
from services.console.core.throttle import Tries
from services.console.feed import Hub
from services.console.loops import ActRecorder, Housekeeper, RefusalWriter, Send
from services.console.metrics import ConsoleMetrics
from services.console.passwords import Passwords
from services.console.provider import Provider, client_of
from services.console.readings import KafkaSource
from services.console.settings import Settings
from services.console.store import acts, feed
from services.console.store.connections import reading
from services.console.store.forgetting import forget_case_events, forget_commands
from services.console.web.application import create
from services.console.web.parts import Console
from services.console.web.pulse import Pulse
from services.console.web.sessions import Sessions
from services.console.web.sharing import Sharing
from services.console.web.stream_document import with_stream
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ANSWERS,
    CASE_REVIEWS,
    CATALOG,
    CONTACT_TESTS,
    DECISIONS,
    DUTY_REQUESTS,
    MODE_REQUESTS,
    READINGS,
    REFUSALS,
    REPORTS,
    REQUESTS,
    ROSTER,
    RULES,
    SILENCES,
)
from shared.runtime.background_loops import BackgroundLoop
from shared.runtime.database import Database
from shared.runtime.http_server import lifespan_of
from shared.runtime.stateful_platform import StatefulPlatform

Behind = Callable[[], dict[str, Any]]

_LAG_SERIES = "fenghuo_consumer_lag_records"


class Wiring:
    """The parts of one console process; `web` runs without the broker where a test wants that."""

    def __init__(
        self, settings: Settings, *, send: Send | None = None, behind: Behind | None = None
    ) -> None:
        self.platform = StatefulPlatform("console", settings)
        self.database: Database = self.platform.database
        self.names = Names()
        self.directory = Directory()
        self.rules = Rules()
        self.metrics = ConsoleMetrics(self.platform.registry)
        self.hub = Hub(
            self._read_feed,
            self.database.commit_event,
            self.names,
            limit=settings.stream_limit,
            delayed=self._observe_delay,
            lost=self.metrics.resets.inc,
        )
        self.recorder = ActRecorder(
            partial(acts.keep, self.database),
            send or self.platform.publisher.send,
            self.metrics,
            settings.act_timeout_s,
        )
        prune = partial(
            feed.prune, self.database, settings.keep_feed_hours, settings.keep_acts_days
        )
        duration = timedelta(days=settings.keep_commands_days)
        self.platform.delete_when_old(forget_commands(duration), forget_case_events(duration))
        self.refusals = Refusals(secrets.token_hex(8), settings.refusals_unit)
        clock = self.platform.clock
        self.writer = RefusalWriter(self.refusals, self.recorder.record, clock.now)
        behind = behind or self._how_far_behind
        sessions = Sessions(self.database, settings.session_hours, settings.session_idle_minutes)
        pulse = Pulse(sessions, clock, behind, self.metrics.cut.inc)
        self.loops: list[BackgroundLoop] = [
            *(self.hub.run, pulse.run, self.recorder.run),
            *(Housekeeper(prune).run, self.writer.run),
        ]
        self.console = Console(
            settings=settings,
            database=self.database,
            names=self.names,
            directory=self.directory,
            hub=self.hub,
            pulse=pulse,
            sessions=sessions,
            passwords=Passwords(),
            tries=Tries(),
            refusals=self.refusals,
            provider=self._provider(settings),
            metrics=self.metrics,
            clock=clock,
            record=self.recorder.record,
            repeat=self.recorder.repeat,
            behind=behind,
            rules=self.rules,
            readings=KafkaSource(settings.kafka_bootstrap),
            overviews=Sharing(settings.overview_share_s),
        )

    def _how_far_behind(self) -> dict[str, Any]:
        """Records of our topics not projected yet, and what is not working."""
        result = (
            self.platform.registry.get_sample_value(_LAG_SERIES, {"topic": spec.name})
            for spec in CONSUMES
        )
        return {
            "records": int(sum(lag or 0 for lag in result)),
            "problems": self.platform.health.problems(),
        }

    async def prepare_feed(self) -> None:
        """Hand out only what is committed after the start; the past is read by id."""
        async with reading(self.database) as connection:
            self.hub.begin(await feed.head(connection))

    def _provider(self, settings: Settings) -> Provider | None:
        client = client_of(settings)
        clock = self.platform.clock
        return None if client is None else Provider(client, lambda: clock.now().timestamp())

    def _observe_delay(self, committed_at: datetime) -> None:
        waited = self.platform.clock.now() - committed_at
        self.metrics.feed_delay.observe(waited.total_seconds())

    async def _read_feed(self, seq: int, limit: int) -> list[Any]:
        async with reading(self.database) as connection:
            return await feed.after(connection, seq, limit)


def build(settings: Settings) -> FastAPI:
    """The console's ASGI application."""
    wiring = Wiring(settings)
    platform = wiring.platform
    platform.table(CATALOG, wiring.names.take)
    platform.table(ROSTER, wiring.directory.take)
    platform.table(RULES, wiring.rules.take, wiring.rules.drop)
    platform.consume_inbox(CONSUMES, project, max_records=BATCH)
    platform.inspects(READINGS)
    platform.produces(
        DECISIONS,
        SILENCES,
        REQUESTS,
        ACKNOWLEDGEMENTS,
        ANSWERS,
        MODE_REQUESTS,
        DUTY_REQUESTS,
        CONTACT_TESTS,
        REPORTS,
        CASE_REVIEWS,
        REFUSALS,
    )

    async def start(stack: AsyncExitStack) -> None:
        await platform.database.start()
        await wiring.prepare_feed()
        for number, loop in enumerate(wiring.loops, 1):
            platform.run_in_background(f"loop {number}", loop)
        await platform.start(stack)
        await platform.broker.start()
        stack.push_async_callback(platform.broker.stop)

    app = create(wiring.console, lifespan_of(start))
    app.state.platform = platform
    platform.describe(with_stream)
    # In front of everything: exact paths, answered while the rest may be busy.
    app.router.routes[:0] = [Route(path, endpoint) for path, endpoint in platform.routes()]
    return app
