"""May this record count as an upward report, and as whose?"""

from __future__ import annotations

from datetime import datetime

from services.command.core.reporting.model import Told
from shared.contracts.reports import Means, Report, ReportFacts
from shared.contracts.units import is_within


class NotAReport(Exception):
    """It cannot count; the text says why."""


class NotTheirs(Exception):
    """Whoever wrote it may not report this; the text says why."""


def is_upward(report: Report) -> bool:
    """Whether a record says of itself that it goes up; reports of apps and hotlines do not."""
    return any(part is not None for part in (report.means, report.from_unit, report.to_unit))


def received(report: Report, now: datetime) -> Told:
    """The report as received now; raises NotAReport, NotTheirs.

    A written report is the reporting unit's own; a call may also be written down by who took it.
    """
    if report.means is None or report.from_unit is None or report.to_unit is None:
        raise NotAReport("an upward report names means, from_unit and to_unit")
    if report.from_unit == report.to_unit or not is_within(report.from_unit, report.to_unit):
        raise NotAReport(f"{report.to_unit} is not above {report.from_unit}")
    writers = {report.from_unit}
    if report.means is Means.PHONE:
        writers.add(report.to_unit)
    if report.origin_unit not in writers:
        raise NotTheirs(f"a report of {report.from_unit} cannot be written by {report.origin_unit}")
    return Told(
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
        received_at=now,
    )
