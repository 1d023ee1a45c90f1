"""The values that all transactions of the service share."""

from __future__ import annotations

from dataclasses import dataclass

from services.command.core.reporting.profiles import ReportProfile
from services.command.core.supervision.escalation import FilledPosts
from services.command.core.supervision.profiles import SlaProfile
from services.command.metrics import CommandMetrics
from shared.definitions.response_plans.book import PlanBook
from shared.domain.selection.tree import UnitTree


@dataclass(frozen=True, slots=True)
class CommandContext:
    """Units, plans and posts from compacted topics, the deadlines, and the metrics.

    Without `fast_path` the contract serialises every record (fastpath/README.md).
    """

    tree: UnitTree
    plans: PlanBook
    posts: FilledPosts
    profile: SlaProfile
    report_profile: ReportProfile
    metrics: CommandMetrics
    fast_path: bool = True
