"""The values that all transactions of the service share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.command.core.limits import CommandLimits
from services.command.core.reporting.profiles import ReportProfiles
from services.command.core.supervision.profiles import SlaProfiles
from services.command.metrics import CommandMetrics
from shared.definitions.response_plans.book import PlanBook
from shared.domain.roster.escalation_chain import FilledPosts
from shared.domain.selection.tree import UnitTree
from shared.runtime.errors import Transient


@dataclass(frozen=True, slots=True)
class CommandContext:
    """Units, plans, posts and limits from compacted topics, and the metrics.

    Without `fast_path` the contract serialises every record (fastpath/README.md).
    """

    tree: UnitTree
    plans: PlanBook
    posts: FilledPosts
    limits: CommandLimits
    metrics: CommandMetrics
    fast_path: bool = True

    def profiles_at(self, now: datetime) -> SlaProfiles:
        """Return the times of assignments in force at a moment.

        Raises Transient while no document holds for every unit: nothing is decided by a default.
        """
        profiles = self.limits.assignments.at(now)
        if profiles is None:
            raise Transient(self.limits.missing(now) or "")
        return profiles

    def report_profiles_at(self, now: datetime) -> ReportProfiles:
        """Return the limits of upward reports in force at a moment; raises Transient as above."""
        profiles = self.limits.reports.at(now)
        if profiles is None:
            raise Transient(self.limits.missing(now) or "")
        return profiles
