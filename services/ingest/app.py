"""Wiring of ingest: the catalogue is a table, HTTP requests come in, records and ticks go out."""

from __future__ import annotations

from functools import partial

from fastapi import FastAPI

from services.ingest.core.clocks.event_clock import EventClock
from services.ingest.intake import Intake
from services.ingest.metrics import IngestMetrics
from services.ingest.settings import Settings, load_sources
from services.ingest.ticks import write_ticks
from services.ingest.web.application import make_application
from shared.contracts.topics import CATALOG, READINGS, REPORTS, WARNINGS
from shared.runtime.platform import Platform


def build(settings: Settings) -> FastAPI:
    """Return the ASGI application; nothing is connected before its lifespan starts.

    Raises SetupError for a wrong sources file.
    """
    sources = load_sources(settings.sources_file)
    platform = Platform("ingest", settings, publish_timeout_s=settings.publish_timeout_s)
    metrics = IngestMetrics(platform.registry)
    follow_readings = settings.event_clock == "readings"
    clock = EventClock(follow_readings=follow_readings, player=settings.event_clock_source)
    intake = Intake(platform, clock, metrics)
    platform.table(CATALOG, intake.on_catalog)
    platform.produces(READINGS, REPORTS, WARNINGS)
    platform.run_in_background("ticks", partial(write_ticks, intake, settings.tick_s))
    return make_application(platform, intake, metrics, sources, settings.body_timeout_s)
