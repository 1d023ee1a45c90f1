"""Reports of people as sightings of rules over several sources."""

from __future__ import annotations

from datetime import datetime

from services.alerting.core.multi_source.source_pool import Sighting, sighting_of_report
from shared.contracts.reports import Report, ReportKind


def sighting_of(event: Report, observed_at: datetime) -> Sighting | None:
    """Return a report as the sighting of its reporter.

    The last report of an incident is none, nor is one because of a warning of another agency:
    beside that warning it says nothing new.
    """
    if event.kind is ReportKind.FINAL or event.warning_id is not None:
        return None
    return sighting_of_report(
        event.id,
        event.reporter_id,
        event.reporter_role,
        event.event_type,
        event.place,
        observed_at,
        event.position,
        event.data_grade,
    )
