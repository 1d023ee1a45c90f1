"""The handlers and tables of the projector, and its lag behind the log."""

from __future__ import annotations

from functools import partial
from typing import Any

from services.console.projector.handlers import (
    acknowledgements,
    agency_warnings,
    alarms,
    alerts,
    answers,
    assignments,
    case_reviews,
    commands,
    duty_coverage,
    duty_entries,
    mode_proposals,
    modes,
    pages,
    reachability,
    report_duties,
    reports,
    sensor_health,
    silences,
    supervision,
)
from services.console.projector.unit_of_work import UnitOfWork
from shared.runtime.stateful_platform import StatefulPlatform

_HANDLERS = (
    *(alarms, sensor_health, alerts, silences, commands, assignments, supervision, pages, answers),
    *(acknowledgements, mode_proposals, modes, duty_entries, duty_coverage, reachability, reports),
    *(report_duties, case_reviews, agency_warnings),
)
TABLES = (
    *(alarms.TABLE, alerts.TABLE, silences.TABLE, commands.TABLE, assignments.TABLE),
    *(supervision.TABLE, pages.TABLE, answers.TABLE, acknowledgements.TABLE, duty_entries.TABLE),
    *(duty_coverage.TABLE, reachability.TABLE, case_reviews.TABLE, mode_proposals.TABLE),
    *(modes.TABLE, sensor_health.TABLE, reports.TABLE, report_duties.TABLE),
    agency_warnings.TABLE,
)
"""The tables in the order in which each transaction writes them."""
ROUTERS = tuple(handler.router for handler in _HANDLERS)
TOPICS = tuple(subscriber.topic for router in ROUTERS for subscriber in router.subscribers)
MAX_RECORDS = 1_000
"""Most records of one transaction."""

_LAG_SERIES = "fenghuo_consumer_lag_records"


def include_projector(platform: StatefulPlatform) -> None:
    """Let the platform handle the topics of the projector."""
    platform.include(
        partial(UnitOfWork, tables=TABLES), *ROUTERS, max_records=MAX_RECORDS, canary=False
    )


def projection_lag(platform: StatefulPlatform) -> dict[str, Any]:
    """Return the number of unprojected records, and the failing parts."""
    lags = (
        platform.registry.get_sample_value(_LAG_SERIES, {"topic": spec.name}) for spec in TOPICS
    )
    return {
        "records": int(sum(lag or 0 for lag in lags)),
        "problems": platform.health.problems(),
    }
