"""Checks of a record that claims to be an upward report."""

from __future__ import annotations

from datetime import datetime

from services.command.core.reporting.model import ReceivedReport
from shared.contracts.reports import Means, Report, ReportFacts
from shared.contracts.units import is_within


class IncompleteReport(Exception):
    """The record cannot count as an upward report; the text says why."""


class ForeignReport(Exception):
    """The writing unit may not report this; the text says why."""


def is_upward(report: Report) -> bool:
    """Return whether a record claims to go up; reports of apps and hotlines do not."""
    return any(part is not None for part in (report.means, report.from_unit, report.to_unit))


def received_report(
    report: Report, now: datetime, acted_at: datetime | None = None
) -> ReceivedReport:
    """Return the report as handled now; raise IncompleteReport or ForeignReport.

    `acted_at` is when Kafka accepted it; None: unknown.
    The reporting unit itself writes a written report. A call may also be written down by the unit
    that took it.
    """
    if report.means is None or report.from_unit is None or report.to_unit is None:
        raise IncompleteReport("an upward report names means, from_unit and to_unit")
    if report.from_unit == report.to_unit or not is_within(report.from_unit, report.to_unit):
        raise IncompleteReport(f"{report.to_unit} is not above {report.from_unit}")
    writers = {report.from_unit}
    if report.means is Means.PHONE:
        writers.add(report.to_unit)
    if report.origin_unit not in writers:
        raise ForeignReport(
            f"a report of {report.from_unit} cannot be written by {report.origin_unit}"
        )
    return ReceivedReport(
        report_id=report.id,
        status=report.status,
        incident_id=report.incident_id,
        kind=report.kind,
        number=report.number,
        means=report.means,
        unit=report.from_unit,
        to_unit=report.to_unit,
        headline=report.headline,
        restricted=report.restricted,
        facts=report.facts or ReportFacts(),
        received_at=acted_at or now,
        known_at=now,
    )
