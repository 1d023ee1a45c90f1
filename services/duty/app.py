"""Wiring of duty: requests and modes come in, entries, roster slots and coverage go out."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from faststream.asgi import AsgiFastStream

from services.duty import timers
from services.duty.handlers import modes, requests
from services.duty.metrics import DutyMetrics
from services.duty.retention import delete_ended_entries
from services.duty.settings import Settings
from services.duty.unit_of_work import UnitOfWork
from shared.contracts.topics import DUTY_COVERAGE, DUTY_ENTRIES, ROSTER
from shared.runtime.day_calendars import load_calendar
from shared.runtime.stateful_platform import StatefulPlatform


def build(settings: Settings) -> AsgiFastStream:
    """Return the ASGI application; nothing is connected before its lifespan starts."""
    platform = StatefulPlatform("duty", settings)
    unit_of_work = partial(
        UnitOfWork, metrics=DutyMetrics(platform.registry), calendar=load_calendar(settings)
    )
    platform.include(unit_of_work, requests.router, modes.router, timers.router)
    platform.delete_when_old(delete_ended_entries(timedelta(days=settings.keep_days)))
    platform.produces(DUTY_ENTRIES, ROSTER, DUTY_COVERAGE)
    return platform.asgi()
