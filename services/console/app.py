"""Wiring of the console: events come in, screens are served, acts of officers go out."""

from __future__ import annotations

import secrets
from contextlib import AsyncExitStack
from functools import partial

from fastapi import FastAPI

from services.console.core.data_calls import CallCounts
from services.console.core.definitions import Definitions
from services.console.core.directory import Directory
from services.console.core.names import UnitNames
from services.console.core.sequence import sequence
from services.console.features.cases.printing.print_turn import PrintTurn
from services.console.features.definitions.trials import ProcessTrials, TrialParts
from services.console.features.identity.identity_parts import IdentityParts
from services.console.features.identity.provider import provider_of
from services.console.features.letters.letter_parts import LetterParts
from services.console.features.letters.letter_source import KafkaLetterSource
from services.console.features.limits.limits_parts import LimitParts
from services.console.features.overview.map_points import MapPoints
from services.console.features.overview.shared_answers import SharedAnswers
from services.console.features.photos.pictures import Pictures
from services.console.features.push.push_parts import PushParts
from services.console.features.sensors.charts import SensorRules
from services.console.features.sensors.history_writer import HistoryWriter
from services.console.features.sensors.reading_log import KafkaReadingSource
from services.console.features.sensors.sensor_parts import SensorParts
from services.console.features.sources.activity import SourceActivity
from services.console.features.sources.activity_writer import ActivityWriter
from services.console.features.sources.source_book import SourceBook
from services.console.features.sources.source_parts import SourceParts
from services.console.metrics import ConsoleMetrics
from services.console.projector.registration import include_projector, projection_lag
from services.console.recording.action_recorder import ActionRecorder
from services.console.recording.call_writer import CallWriter
from services.console.recording.refusal_writer import RefusalWriter
from services.console.retention import retention_tasks
from services.console.routers import ROUTERS
from services.console.settings import Settings
from services.console.stream.asyncapi import with_stream
from services.console.stream.feed_reader import FeedReader
from services.console.stream.hub import Hub
from services.console.stream.watchdog import StreamWatchdog
from services.console.web.application import create
from services.console.web.deps import ConsoleDeps
from services.console.web.sessions import Sessions
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ALERT_DECISIONS,
    CASE_REVIEWS,
    CATALOG,
    CATALOG_REQUESTS,
    COMMAND_REQUESTS,
    CONTACT_TESTS,
    DUTY_REQUESTS,
    LETTER_ACTS,
    LIMITS,
    LIMITS_ACTS,
    MODE_REQUESTS,
    PAGE_ANSWERS,
    PLANS,
    PUSH_DEVICES,
    READINGS,
    REFUSALS,
    REPORTS,
    ROSTER,
    RULES,
    SILENCES,
    SOURCE_REFUSALS,
    TOPICS,
)
from shared.domain.recent_refusals import RecentRefusals
from shared.domain.refusal_log import RefusalLog
from shared.domain.roster.day_calendar import DayCalendar
from shared.runtime.background_loops import background
from shared.runtime.day_calendars import load_calendar
from shared.runtime.http_server import lifespan_of
from shared.runtime.push_key import PushKey
from shared.runtime.refusal_reader import SourceRefusalReader
from shared.runtime.stateful_platform import StatefulPlatform


def build(settings: Settings) -> FastAPI:
    """Return the ASGI application; nothing is connected before its lifespan starts."""
    platform = StatefulPlatform("console", settings)
    database, clock = platform.database, platform.clock
    metrics = ConsoleMetrics(platform.registry)

    names, directory, definitions = UnitNames(), Directory(), Definitions()
    rules, book = SensorRules(definitions.rules), SourceBook()
    push_key = settings.web_push_key
    push = PushParts(None if push_key is None else PushKey(push_key.get_secret_value()))
    limits = LimitParts()
    platform.table(CATALOG, sequence(names.apply, book.apply), sequence(names.remove, book.remove))
    platform.table(
        ROSTER,
        sequence(directory.apply, limits.posts.update),
        sequence(directory.remove, limits.posts.remove),
    )
    platform.table(LIMITS, limits.book.put, limits.book.drop)
    platform.table(RULES, definitions.put_rule, definitions.drop_rule)
    platform.table(PLANS, definitions.put_plan, definitions.drop_plan)
    platform.table(PUSH_DEVICES, push.apply, push.remove)
    include_projector(platform)
    lag = partial(projection_lag, platform)
    platform.inspects(READINGS, LETTER_ACTS)
    platform.inspects(SOURCE_REFUSALS, letters=False)
    platform.inspects_letters(*TOPICS.values())
    platform.produces(
        ALERT_DECISIONS, SILENCES, COMMAND_REQUESTS, ACKNOWLEDGEMENTS, PAGE_ANSWERS, MODE_REQUESTS
    )
    platform.produces(DUTY_REQUESTS, CONTACT_TESTS, REPORTS, CASE_REVIEWS, REFUSALS, LETTER_ACTS)
    platform.produces(PUSH_DEVICES, CATALOG_REQUESTS, LIMITS, LIMITS_ACTS, RULES, PLANS, READINGS)
    platform.describe(with_stream)

    sessions = Sessions(database, settings.session_hours, settings.session_idle_minutes)
    recorder = ActionRecorder(database, platform.publisher, metrics, settings.act_timeout_s)
    refusals = RefusalLog(secrets.token_hex(8), lambda: names.top.unit)
    refusal_writer = RefusalWriter(refusals, recorder.record, clock.now)
    counts = CallCounts()
    call_writer = CallWriter(database, counts)
    feed = FeedReader(database)
    hub = Hub(
        feed.after,
        database.commit_event,
        names,
        limit=settings.stream_limit,
        on_delay=partial(metrics.observe_feed_delay, clock),
        on_reset=metrics.resets.inc,
    )
    watchdog = StreamWatchdog(sessions, clock, lag, metrics.cut.inc)
    activity = SourceActivity(lambda source: book.find(source) is not None)
    history = HistoryWriter(
        settings.kafka_bootstrap,
        database,
        names.sensor_entry,
        rules.sign,
        settings.history_every_s,
        note=activity.note,
    )
    refused_today = RecentRefusals()
    source_refusals = SourceRefusalReader(settings.kafka_bootstrap, refused_today, clock.now)
    platform.delete_when_old(*retention_tasks(settings))

    console = ConsoleDeps(
        settings=settings,
        database=database,
        names=names,
        directory=directory,
        sessions=sessions,
        refusals=refusals,
        metrics=metrics,
        clock=clock,
        recorder=recorder,
        projection_lag=lag,
        parts={
            Hub: hub,
            StreamWatchdog: watchdog,
            IdentityParts: IdentityParts(provider_of(settings, clock)),
            SensorParts: SensorParts(KafkaReadingSource(settings.kafka_bootstrap), rules),
            LetterParts: LetterParts(KafkaLetterSource(settings.kafka_bootstrap)),
            SourceParts: SourceParts(book, refused_today),
            LimitParts: limits,
            Definitions: definitions,
            TrialParts: TrialParts(ProcessTrials(settings.kafka_bootstrap)),
            PushParts: push,
            MapPoints: MapPoints(),
            SharedAnswers: SharedAnswers(settings.overview_share_s),
            Pictures: Pictures(),
            PrintTurn: PrintTurn(),
            CallCounts: counts,
            DayCalendar: load_calendar(settings),
        },
    )

    async def start(stack: AsyncExitStack) -> None:
        await platform.start(stack)
        stack.push_async_callback(call_writer.write)
        # Only what is committed after the start is handed out; the past is read by id.
        hub.begin(await feed.head())
        await stack.enter_async_context(
            background(
                ("live feed", hub.run),
                ("stream watchdog", watchdog.run),
                ("action recorder", recorder.run),
                ("refusal writer", refusal_writer.run),
                ("sensor history", history.run),
                ("data calls", call_writer.run),
                ("activity of sources", ActivityWriter(database, activity).run),
                ("refusals of sources", source_refusals.run),
            )
        )
        await platform.broker.start()
        stack.push_async_callback(platform.broker.stop)

    app = create(console, lifespan_of(start), ROUTERS, platform.routes())
    app.state.platform = platform
    return app
