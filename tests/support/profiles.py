"""The profiles of the shipped documents of limits about assignments."""

from __future__ import annotations

from services.command.core.limits import CommandLimits
from services.command.core.reporting.profiles import ReportProfiles
from services.command.core.supervision.profiles import profile_of
from shared.contracts.limits import LimitsDocument
from tests.support.limits import shipped

DEMO = profile_of(shipped("assignments-demo"))
STANDARD = profile_of(shipped("assignments-standard"))


def report_profiles(document: LimitsDocument) -> ReportProfiles:
    """Return the limits of reports that a document sets for every unit."""
    profiles = CommandLimits([document]).reports.at(document.in_force_from)
    assert profiles is not None
    return profiles


REPORTS = report_profiles(shipped("reports-standard"))
