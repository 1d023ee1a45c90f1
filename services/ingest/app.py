"""Wiring of ingest: the catalogue is a table, HTTP requests come in, records and ticks go out."""

from __future__ import annotations

import secrets
from functools import partial

from fastapi import FastAPI

from services.ingest.admission import Admission
from services.ingest.core.clocks.event_clock import EventClock
from services.ingest.core.volume_guard import VolumeGuard
from services.ingest.intake import Intake
from services.ingest.metrics import IngestMetrics
from services.ingest.refusal_writer import SourceRefusalWriter
from services.ingest.settings import Settings
from services.ingest.ticks import write_ticks
from services.ingest.volumes import watch_volumes
from services.ingest.web.application import make_application
from shared.contracts.topics import CATALOG, READINGS, REPORTS, SOURCE_REFUSALS, WARNINGS
from shared.domain.recent_refusals import RecentRefusals
from shared.domain.refusal_log import RefusalLog
from shared.domain.top_unit import TopUnit
from shared.runtime.log_volumes import LogVolumes
from shared.runtime.platform import Platform
from shared.runtime.refusal_reader import SourceRefusalReader


def build(settings: Settings) -> FastAPI:
    """Return the ASGI application; nothing is connected before its lifespan starts."""
    platform = Platform("ingest", settings, publish_timeout_s=settings.publish_timeout_s)
    metrics = IngestMetrics(platform.registry)
    follow_readings = settings.event_clock == "readings"
    clock = EventClock(follow_readings=follow_readings, player=settings.event_clock_source)
    guard = VolumeGuard(settings.volume_mark)
    top = TopUnit()
    refusals = RefusalLog(secrets.token_hex(8), lambda: top.unit)
    intake = Intake(platform, clock, guard, Admission(refusals), top, metrics)
    platform.health.add_trouble("clock", intake.clock_trouble)
    platform.table(CATALOG, intake.on_catalog, intake.on_deleted)
    platform.produces(READINGS, REPORTS, WARNINGS, SOURCE_REFUSALS)
    platform.run_in_background("refusals", SourceRefusalWriter(platform, refusals, intake.now).run)
    recent = RecentRefusals()
    reader = SourceRefusalReader(settings.kafka_bootstrap, recent, intake.now)
    platform.inspects(SOURCE_REFUSALS, letters=False)
    platform.run_in_background("refusals of the day", reader.run)
    platform.run_in_background("ticks", partial(write_ticks, intake, settings.tick_s))
    volumes = LogVolumes(settings.kafka_bootstrap)
    platform.on_stop("volumes of Kafka", volumes.stop)
    platform.run_in_background("volumes", partial(watch_volumes, volumes, guard, metrics))
    return make_application(platform, intake, recent, metrics, settings.body_timeout_s)
