"""The time limits of upward reports in force, by the documents of limits (docs/limits.md)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.command.core.reporting.model import LevelLimits
from shared.contracts.fields import Level, ResponseMode, Tier
from shared.contracts.limits import LimitsDocument, ReportLimits
from shared.domain.limits.profiles import Profiles
from shared.domain.limits.reports import report_times


@dataclass(frozen=True, slots=True)
class ReportProfile:
    """The limits of version `limits_version` of a document."""

    limits_id: str
    limits_version: int
    limits: ReportLimits

    @property
    def due_soon(self) -> float:
        """The share of a limit after which 临期 is reported."""
        return self.limits.due_soon.share

    def at_level(self, level: Level, tier: Tier, mode: ResponseMode) -> LevelLimits | None:
        """Return the limits of a unit of this tier in a mode; None where no report is due."""
        times = report_times(self.limits, level, tier, mode)
        if times is None:
            return None
        return LevelLimits(
            self.limits_id,
            self.limits_version,
            timedelta(seconds=times.phone_s),
            timedelta(seconds=times.written_s),
            timedelta(seconds=times.follow_up_s),
            timedelta(seconds=times.final_s),
            level in self.limits.skip.levels,
        )


def report_profile_of(document: LimitsDocument) -> ReportProfile:
    """Return the profile of a document about reports."""
    limits = document.reports
    assert limits is not None, f"{document.limits_id} is not about reports"
    return ReportProfile(document.limits_id, document.version, limits)


ReportProfiles = Profiles[ReportProfile]
"""The profiles of all units at a moment."""
